"""`leadline top`: the leads with the highest scores, over all lanes, exactly, at this moment."""

from __future__ import annotations

import asyncio

import click

from schemas.instants import format_ms
from streams.cli.clients import reading, settings
from streams.cli.output import json_option, minute, table, write, write_json
from streams.cli.pictures import main_reason, score_bar
from streams.clock import SystemClock
from streams.ranking import Ranked, rank

LEADS_MAX = 10_000
"""More is no ranking but an export, and would hold up Redis."""


@click.command("top")
@click.option("-n", "limit", type=click.IntRange(1, LEADS_MAX), default=10, show_default=True, help="How many.")
@json_option
def command(limit: int, as_json: bool) -> None:
    """Rank the leads by their scores now.

    Exact, over all lanes: decay since a lead's last signal included.
    """
    now_ms = SystemClock().now_ms()
    ranked = asyncio.run(_rank(limit, now_ms))
    if as_json:
        write_json({"at": format_ms(now_ms), "leads": [_members(place, lead) for place, lead in _places(ranked)]})
    elif ranked:
        headings = ("rank", "lead", "score", "", "band", "main reason", "last engaged, UTC")
        write(table(headings, (_row(place, lead) for place, lead in _places(ranked)), right=("rank", "score")))
    else:
        write(("no lead has been scored yet",))


async def _rank(limit: int, now_ms: int) -> list[Ranked]:
    async with reading(settings()) as reader:
        return await rank(reader, range(await reader.partitions()), limit, now_ms)


def _places(ranked: list[Ranked]) -> enumerate[Ranked]:
    return enumerate(ranked, start=1)


def _row(place: int, lead: Ranked) -> tuple[str, ...]:
    engaged = "" if lead.last_engaged_ms is None else minute(lead.last_engaged_ms)
    bar = score_bar(lead.score, lead.scale)
    return f"{place}", lead.lead_id, f"{lead.score:.1f}", bar, lead.band, main_reason(lead.contributions), engaged


def _members(place: int, lead: Ranked) -> dict[str, object]:
    return {
        "rank": place,
        "lead_id": lead.lead_id,
        "score": lead.score,
        "band": lead.band,
        "contributions": lead.contributions,
        "adjustments": lead.adjustments,
        "last_engaged_at": None if lead.last_engaged_ms is None else format_ms(lead.last_engaged_ms),
        "partition": lead.partition,
    }
