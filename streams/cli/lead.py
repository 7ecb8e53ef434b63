"""`leadline lead ID`: one lead as it is now, and why."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import click

from schemas.instants import format_ms
from streams.cli.clients import reading, settings
from streams.cli.errors import BAD_INPUT, Failure
from streams.cli.output import json_option, table, write, write_json
from streams.cli.pictures import change_lines, score_bar, sum_lines
from streams.clock import Clock, SystemClock
from streams.kafka.placement import partition_of
from streams.lead_page import LeadPage, read_page


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
        write_json(_members(page))
    else:
        write(_lines(page, clock))


async def _read(lead_id: str, now_ms: int) -> LeadPage | None:
    async with reading(settings()) as reader:
        partition = partition_of(lead_id.encode(), await reader.partitions())
        return await read_page(reader, partition, lead_id, now_ms)


def _lines(page: LeadPage, clock: Clock) -> Iterator[str]:
    yield f"{page.lead_id}   {page.score:.1f} {score_bar(page.score, page.scale)}  {page.band}"
    yield f"at {format_ms(page.at_ms)}, lane {page.partition}, by model {page.model_version}{_line_of(page)}"
    yield ""
    yield from sum_lines(page.contributions, page.adjustments, page.score)
    yield ""
    yield from table(
        ("signals within", "24h", "7d", "30d"),
        ((kind, *(f"{counts[span]}" for span in ("24h", "7d", "30d"))) for kind, counts in page.windows.items()),
        right=("24h", "7d", "30d"),
    )
    yield ""
    yield _outlook(page)
    yield f"last engaged {_instant(page.last_engaged_ms) or 'never'}; signals of machines: {page.machine_signals}"
    if page.history:
        yield ""
        yield "changes, the newest first"
        yield from change_lines(page.history, clock)


def _line_of(page: LeadPage) -> str:
    return "" if page.threshold is None else f"; the line is {page.threshold:g}"


def _outlook(page: LeadPage) -> str:
    if page.falls_ms is None:
        return "by time alone its band does not change"
    return f"leaves {page.band} at {format_ms(page.falls_ms)} if nothing else happens"


def _instant(instant_ms: int | None) -> str | None:
    return None if instant_ms is None else format_ms(instant_ms)


def _members(page: LeadPage) -> dict[str, object]:
    return {
        "lead_id": page.lead_id,
        "at": format_ms(page.at_ms),
        "score": page.score,
        "band": page.band,
        "threshold": page.threshold,
        "contributions": page.contributions,
        "adjustments": page.adjustments,
        "windows": page.windows,
        "falls_at": _instant(page.falls_ms),
        "last_engaged_at": _instant(page.last_engaged_ms),
        "machine_signals": page.machine_signals,
        "model_version": page.model_version,
        "partition": page.partition,
        "changes": page.history,
    }
