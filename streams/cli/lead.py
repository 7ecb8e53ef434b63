"""`leadline lead ID`: one lead as it is now, and why."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import click

from schemas.instants import format_ms
from streams.cli.clients import reading, settings
from streams.cli.errors import BAD_INPUT, Failure
from streams.cli.output import aligned, json_option, write, write_json
from streams.cli.pictures import ago, ahead, bant, change_lines, flag_lines, score_bar, sum_lines
from streams.clock import Clock, SystemClock
from streams.kafka.placement import partition_of
from streams.lead_page import LeadPage, NewestSignal, read_page
from streams.standing import FlagUp, Standing

SIGNALS_SHOWN = 8
"""Of the newest 32: what somebody who is about to call has to know. `--json` has all."""

CHANGES_SHOWN = 8

PROFILE_SHOWN = 60
"""Columns of a profile's value."""


@click.command("lead")
@click.argument("lead_id", metavar="ID")
@json_option
def command(lead_id: str, as_json: bool) -> None:
    """Show the score of the lead ID now, what it is made of, and how it came there.

    The points listed sum to the score. An unknown lead ends with exit code 4.
    """
    clock = SystemClock()
    page = asyncio.run(_read(lead_id, clock.now_ms()))
    if page is None:
        raise Failure(f"no lead {lead_id!r} has been scored; ids count upper and lower case", BAD_INPUT)
    if as_json:
        write_json(page_members(page))
    else:
        write(_lines(page, clock))


async def _read(lead_id: str, now_ms: int) -> LeadPage | None:
    async with reading(settings()) as reader:
        partition = partition_of(lead_id.encode(), await reader.partitions())
        return await read_page(reader, partition, lead_id, now_ms)


def _lines(page: LeadPage, clock: Clock) -> Iterator[str]:
    lead = page.standing
    yield headline(lead)
    yield _outlook(page)
    yield ""
    yield from sum_lines(lead.contributions, lead.adjustments, lead.score)
    if lead.flags:
        yield from ("", "red flags", *flag_lines(lead.flags, lead.at_ms))
    if lead.dimensions:
        yield from ("", f"BANT: {bant(lead.dimensions)}")
    if page.profile:
        yield from ("", "profile", *_profile_lines(page))
    yield from ("", *_signal_lines(page))
    if page.history:
        yield from ("", "changes, the newest first", *change_lines(page.history[:CHANGES_SHOWN], clock))
    yield from ("", f"at {format_ms(lead.at_ms)}, lane {lead.partition}, by model {lead.model_version}")


def headline(lead: Standing) -> str:
    """`L-7   71.3 ███████▏    hot   1.3 above the line of 70   grade B2   segment enterprise`."""
    parts = [
        f"{lead.lead_id}   {lead.score:.1f} {score_bar(lead.score, lead.scale)}  {lead.band}",
        "" if lead.threshold is None else _place(lead.score, lead.threshold),
        "" if lead.grade is None else f"grade {lead.grade}",
        "" if lead.segment is None else f"segment {lead.segment}",
        lead.status or "",
    ]
    return "   ".join(part for part in parts if part)


def _place(score: float, line: float) -> str:
    return f"{abs(score - line):.1f} {'below' if score < line else 'above'} the line of {line:g}"


def _outlook(page: LeadPage) -> str:
    lead, move = page.standing, page.next_move
    if move is None:
        return "by time alone its band does not change"
    when = ahead(move.at_ms, lead.at_ms)
    if move.is_up:
        return f"comes back to {move.band} at {when}, when a red flag ends, if nothing else happens"
    return f"falls below {lead.leave:g} and from {lead.band} to {move.band} at {when} if nothing else happens"


def _profile_lines(page: LeadPage) -> list[str]:
    rows = [(f"  {field.name}", f"{field.value}") for field in page.profile]
    return aligned(rows, (False, False), PROFILE_SHOWN)


def _signal_lines(page: LeadPage) -> Iterator[str]:
    lead = page.standing
    if page.signals:
        yield "newest signals"
        rows = [_signal_row(each, lead.at_ms) for each in page.signals[:SIGNALS_SHOWN]]
        yield from aligned(rows, (False, False, True, False))
        months = sum(counts["30d"] for counts in page.windows.values())
        yield f"  in 30 days {months}{_by_kind(page)}"
    engaged = "never" if lead.last_engaged_ms is None else ago(lead.last_engaged_ms, lead.at_ms)
    yield f"last engaged {engaged}; signals of machines, ignored: {lead.machine_signals}"


def _by_kind(page: LeadPage) -> str:
    counts = sorted(page.windows.items(), key=lambda each: -each[1]["30d"])
    return "".join(f", {each['30d']} {in_words(kind)}" for kind, each in counts)


def _signal_row(signal: NewestSignal, now_ms: int) -> tuple[str, ...]:
    points = "retracted" if signal.is_retracted else f"{signal.points:+d}" if signal.rules else "0"
    return f"  {ago(signal.occurred_ms, now_ms)}", in_words(signal.kind), points, ", ".join(signal.rules)


def in_words(kind: str) -> str:
    """`webinar signed up`."""
    return "another kind" if kind == "other" else kind.replace(".", " ").replace("_", " ")


def _instant(instant_ms: int | None) -> str | None:
    return None if instant_ms is None else format_ms(instant_ms)


def page_members(page: LeadPage) -> dict[str, object]:
    """All of the page, as JSON has it."""
    move = page.next_move
    return {
        **standing_members(page.standing),
        "windows": page.windows,
        "falls_at": _instant(move.at_ms) if move and not move.is_up else None,
        "next_move": move and {"at": format_ms(move.at_ms), "to": move.band},
        "signals": [_signal_members(each) for each in page.signals],
        "profile": {
            field.name: {"value": field.value, "occurred_at": format_ms(field.occurred_ms)}
            for field in page.profile
        },
        "changes": page.history,
    }


def standing_members(lead: Standing) -> dict[str, object]:
    """Where a lead stands, as JSON has it."""
    return {
        "lead_id": lead.lead_id,
        "at": format_ms(lead.at_ms),
        "score": lead.score,
        "band": lead.band,
        "threshold": lead.threshold,
        "grade": lead.grade,
        "segment": lead.segment,
        "status": lead.status,
        "contributions": lead.contributions,
        "adjustments": lead.adjustments,
        "flags": [_flag_members(flag) for flag in lead.flags],
        "dimensions": lead.dimensions,
        "last_engaged_at": _instant(lead.last_engaged_ms),
        "machine_signals": lead.machine_signals,
        "model_version": lead.model_version,
        "partition": lead.partition,
    }


def _flag_members(flag: FlagUp) -> dict[str, object]:
    return {"reason": flag.reason, "by": flag.by, "until": _instant(flag.until_ms), "cap": flag.cap}


def _signal_members(signal: NewestSignal) -> dict[str, object]:
    return {
        "occurred_at": format_ms(signal.occurred_ms),
        "kind": signal.kind,
        "points": signal.points,
        "rules": signal.rules,
        "retracted": signal.is_retracted,
    }
