"""`leadline leads`: every lead, one line each, for a spreadsheet, a CRM or a script."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import click

from schemas.instants import format_ms
from schemas.profiles import Field
from scoring.explain import dimensions, grade
from scoring.flags import flags_up
from scoring.lead import NEVER, Status
from scoring.profile import decode_profile
from streams.cli.clients import reading, settings
from streams.cli.output import json_option
from streams.clock import SystemClock
from streams.scan import Found, everybody
from streams.standing import next_move
from streams.store import Reader

COLUMNS = (
    "lead_id", "score", "band", "grade", "segment", "bant_known", "bant_points", "flags", "status", "falls_at",
    "last_engaged_at",
)  # fmt: skip
"""What is told of every lead, in this order; the fields of the profile that are asked for come after them."""

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
                  "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip
"""A text that begins so is run as a formula by spreadsheets; leads choose their own names."""

Value = str | float | int | list[str] | None
Row = dict[str, Value]


@click.command("leads")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV: the default.")
@click.option("--fields", default="", help="Fields of the profile to add, such as email,company.")
@json_option
def command(as_csv: bool, fields: str, as_json: bool) -> None:
    """Print every lead with its score now: who follows up with all of them starts here.

    One line a lead, in no order, as CSV or with --json as one object a line. Nothing is kept in memory, however
    many they are. In CSV a text that a spreadsheet would run as a formula is given a ' in front.
    """
    if as_csv and as_json:
        raise click.UsageError("choose --csv or --json")
    names = tuple(dict.fromkeys(name.strip() for name in fields.split(",") if name.strip()))
    asyncio.run(_export(names, _json_writer() if as_json else _csv_writer((*COLUMNS, *_columns_of(names)))))


async def _export(names: Sequence[str], write_row: Callable[[Row], None]) -> None:
    async with reading(settings()) as reader:
        async for row in _rows(reader, names, SystemClock().now_ms()):
            write_row(row)


async def _rows(reader: Reader, names: Sequence[str], now_ms: int) -> AsyncIterator[Row]:
    partitions = range(await reader.partitions())
    async for page in everybody(reader, partitions, now_ms):
        profiles = await _profiles(reader, page) if names else [{}] * len(page)
        for found, profile in zip(page, profiles, strict=True):
            yield {**row_of(found), **{column: profile.get(name) for name, column in _named(names)}}


async def _profiles(reader: Reader, page: Sequence[Found]) -> list[Mapping[str, Field]]:
    if not page:
        return []
    stored = await reader.profiles(page[0].partition, [found.lead_id for found in page])
    return [{name: value for name, (_, value) in decode_profile(each).fields.items()} for each in stored]


def row_of(found: Found) -> Row:
    """What is told of a lead."""
    plan, lead = found.plan, found.lead
    known = {name: each for name, each in dimensions(plan, lead).items() if each["known"]}
    move = next_move(plan, lead)
    return {
        "lead_id": found.lead_id,
        "score": found.score,
        "band": plan.names[lead.band],
        "grade": grade(plan, lead, lead.as_of),
        "segment": plan.segments[lead.segment].name,
        "bant_known": list(known),
        "bant_points": sum(each["points"] for each in known.values()),
        "flags": flags_up(plan, lead, lead.as_of),
        "status": None if lead.status is Status.OPEN else lead.status.name.lower(),
        "falls_at": format_ms(move.at_ms) if move and not move.is_up else None,
        "last_engaged_at": None if lead.latest == NEVER else format_ms(lead.latest),
    }


def cell(value: Value) -> str | float | int:
    """A value as a cell of CSV: a list with spaces between, no text that a spreadsheet would run."""
    if isinstance(value, list):
        value = " ".join(value)
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_BEGINS) else value
    return "" if value is None else value


def _named(names: Sequence[str]) -> list[tuple[str, str]]:
    """(field, column): a field that is called as a column of ours gets another name."""
    return [(name, f"profile_{name}" if name in COLUMNS else name) for name in names]


def _columns_of(names: Sequence[str]) -> list[str]:
    return [column for _, column in _named(names)]


def _csv_writer(columns: Sequence[str]) -> Callable[[Row], None]:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([cell(column) for column in columns])

    def write_row(row: Row) -> None:
        writer.writerow([cell(row[column]) for column in columns])

    return write_row


def _json_writer() -> Callable[[Row], None]:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

    def write_row(row: Row) -> None:
        sys.stdout.write(f"{encode(row)}\n")

    return write_row
