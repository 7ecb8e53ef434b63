"""`leadline doctor`: is everything as it should be, and what to do where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import click

from schemas.instants import format_ms
from streams.cli.clients import settings
from streams.cli.diagnosis import LaneReading, Level, Verdict
from streams.cli.doctor_metrics import metrics
from streams.cli.examination import Examination, examine
from streams.cli.output import json_option, table, write, write_json
from streams.cli.pictures import paint
from streams.clock import SystemClock
from streams.sandbox.screen import GREEN, RED, YELLOW, Paint

LANES_SHOWN = 64
"""Rows of the table of lanes; a larger installation reads `--json`."""

COLOURS = {Level.OK: GREEN, Level.WARNING: YELLOW, Level.ERROR: RED}


@click.group("doctor", invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Look at Kafka, its topics and producers, Redis, the workers and every lane, and say what to do.

    Exits with 5 if something is unsafe, with 3 if something cannot be reached, with 1 for any other error, and
    with 0 where there are only warnings.
    """
    if ctx.invoked_subcommand is not None:
        return
    found = asyncio.run(examine(settings(), SystemClock()))
    if as_json:
        write_json(_members(found))
    else:
        write(_lines(found, paint()))
    ctx.exit(found.exit_code)


command.add_command(metrics)


def _lines(found: Examination, colours: Paint) -> Iterator[str]:
    for verdict in found.verdicts:
        level = colours(f"{verdict.level.value:<7}", COLOURS[verdict.level])
        what, *more = verdict.what.splitlines()
        yield f"{level}  {verdict.about}: {what}" if verdict.about not in what else f"{level}  {what}"
        yield from (f"         {line}" for line in more)
        if verdict.remedy:
            yield f"         -> {verdict.remedy}"
    taken = [lane for lane in found.lanes if lane.meta]
    if taken:
        yield ""
        yield from table(
            ("lane", "model", "to read", "has come to", "to publish", "leads"),
            map(_row, taken[:LANES_SHOWN]),
            right=("lane", "to read", "to publish", "leads"),
        )


def _row(lane: LaneReading) -> tuple[str, ...]:
    to_read = "?" if lane.behind is None else f"{lane.behind:,}"
    counts = lane.counts
    return f"{lane.partition}", lane.model, to_read, _time(lane) or "", f"{counts.outbox:,}", f"{counts.leads:,}"


def _time(lane: LaneReading) -> str | None:
    return None if lane.stream_time_ms is None else format_ms(lane.stream_time_ms // 1000 * 1000)


def _members(found: Examination) -> dict[str, object]:
    return {
        "exit_code": found.exit_code,
        "findings": [_verdict_members(verdict) for verdict in found.verdicts],
        "lanes": [
            {
                "partition": lane.partition,
                "model": lane.model or None,
                "next_model": lane.next_model or None,
                "to_read": lane.behind,
                "stream_time": _time(lane),
                "to_publish": lane.counts.outbox,
                "leads": lane.counts.leads,
                "timers": lane.counts.timers,
            }
            for lane in found.lanes
        ],
    }


def _verdict_members(verdict: Verdict) -> dict[str, object]:
    return {
        "level": verdict.level.value,
        "about": verdict.about,
        "what": verdict.what,
        "remedy": verdict.remedy or None,
    }
