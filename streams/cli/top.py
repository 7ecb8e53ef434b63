"""`leadline top`: the leads with the highest scores, over all lanes, exactly, at this moment; all, or some."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from schemas.instants import format_ms
from streams.cli.clients import reading, settings
from streams.cli.lead import in_words, standing_members
from streams.cli.output import json_option, minute, table, write, write_json
from streams.cli.parameters import DURATION_MS, MOMENT_PAST
from streams.cli.pictures import main_reason, score_bar
from streams.clock import SystemClock
from streams.ranking import rank
from streams.scan import Found, standing_of
from streams.search import Missing, Wanted, missing, search
from streams.standing import Standing

LEADS_MAX = 10_000
"""More is no ranking but an export, and would hold up Redis."""

NEARLY_POINTS = 10.0
"""`--nearly` without a number: one webinar or one form away."""

MISSING_COLUMNS = 100


@click.command("top")
@click.option("-n", "limit", type=click.IntRange(1, LEADS_MAX), default=10, show_default=True, help="How many.")
@click.option("--band", help="Only leads in this band, such as hot; cold is below the first.")
@click.option("--segment", help="Only leads of this segment; none: of no segment.")
@click.option("--grade", help="Only leads of this grade, such as B2, or B, or 2.")
@click.option("--quiet-for", "quiet_ms", type=DURATION_MS, help="Only leads that engaged last so long ago or more.")
@click.option(
    "--since", "since_ms", type=MOMENT_PAST, help="Only leads that entered their band since then, such as 24h."
)
@click.option(
    "--nearly",
    type=click.FloatRange(0, min_open=True),
    is_flag=False,
    flag_value=NEARLY_POINTS,
    help="Leads at most so many points below the line agreed with sales (10 if not said), and what they miss.",
)
@json_option
def command(limit: int, as_json: bool, **criteria: object) -> None:
    """Rank the leads by their scores now.

    Exact, over all lanes: decay since a lead's last signal included. What is asked for beside the rank is looked
    for in every lead: with a million of them that takes some minutes.
    """
    now_ms, wanted = SystemClock().now_ms(), Wanted(**criteria)  # type: ignore[arg-type]  # by click's own types
    if wanted == Wanted():
        _show([(lead, {}) for lead in asyncio.run(_rank(limit, now_ms))], now_ms, as_json)
    elif wanted.nearly is None:
        _show([(standing_of(found), {}) for found in asyncio.run(_search(wanted, limit, now_ms))], now_ms, as_json)
    else:
        _show_near(asyncio.run(_search(wanted, limit, now_ms)), now_ms, as_json)


async def _rank(limit: int, now_ms: int) -> list[Standing]:
    async with reading(settings()) as reader:
        return await rank(reader, range(await reader.partitions()), limit, now_ms)


async def _search(wanted: Wanted, limit: int, now_ms: int) -> list[Found]:
    async with reading(settings()) as reader:
        return await search(reader, range(await reader.partitions()), wanted, limit, now_ms)


def _show(leads: Sequence[tuple[Standing, dict[str, object]]], now_ms: int, as_json: bool) -> None:
    if as_json:
        ranked = [
            {"rank": place, **standing_members(lead), **more} for place, (lead, more) in enumerate(leads, start=1)
        ]
        write_json({"at": format_ms(now_ms), "leads": ranked})
    elif leads:
        headings = ("rank", "lead", "score", "", "band", "grade", "main reason", "last engaged, UTC")
        rows = (_row(place, lead) for place, (lead, _) in enumerate(leads, start=1))
        write(table(headings, rows, right=("rank", "score")))
    else:
        write(("no lead is like that now",))


def _row(place: int, lead: Standing) -> tuple[str, ...]:
    engaged = "" if lead.last_engaged_ms is None else minute(lead.last_engaged_ms)
    why = f"flag {lead.flags[0].reason}" if lead.flags else main_reason(lead.contributions)
    bar = score_bar(lead.score, lead.scale)
    return f"{place}", lead.lead_id, f"{lead.score:.1f}", bar, lead.band, lead.grade or "", why, engaged


def _show_near(leads: Sequence[Found], now_ms: int, as_json: bool) -> None:
    near = [(standing_of(found), found.gap or 0.0, missing(found)) for found in leads]
    if as_json or not near:
        _show([(lead, {"gap": gap, "missing": lacks._asdict()}) for lead, gap, lacks in near], now_ms, as_json)
        return
    headings = ("lead", "score", "below", "line", "band", "grade", "what is missing")
    rows = (
        (
            lead.lead_id,
            f"{lead.score:.1f}",
            f"{gap:.1f}",
            f"{lead.threshold:g}",
            lead.band,
            lead.grade or "",
            missing_in_words(lead, lacks),
        )
        for lead, gap, lacks in near
    )
    write(table(headings, rows, right=("score", "below", "line"), cell_max=MISSING_COLUMNS))


def missing_in_words(lead: Standing, lacks: Missing) -> str:
    """`flag doubt is up; budget, need unknown; quiet for 12 days; no webinar attended, no form submitted`."""
    parts = [f"flag {flag.reason} is up" for flag in lead.flags]
    parts += [f"{', '.join(lacks.unknown)} unknown"] if lacks.unknown else []
    parts += [f"quiet for {lacks.quiet_days} days"] if lacks.quiet_days else []
    parts += [", ".join(f"no {in_words(kind)}" for kind in lacks.kinds)] if lacks.kinds else []
    return "; ".join(parts)
