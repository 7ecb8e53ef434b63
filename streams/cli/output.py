"""What commands write: tables, instants and JSON. Pure, apart from the two functions that write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import click

from schemas.instants import MINUTE_MS, format_ms

CELL_MAX = 48
"""Columns of one cell: an id may have 200 characters, and a table of them could not be read."""

GAP = "  "

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON in place of text.")
"""`--json`, the same for every command that prints."""


def write(lines: Iterable[str]) -> None:
    """Write these lines to standard output."""
    for line in lines:
        click.echo(line)


def write_json(value: object) -> None:
    """Write one JSON document on one line to standard output."""
    click.echo(json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":")))


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = (), cell_max: int = CELL_MAX
) -> list[str]:
    """Rows under their headings, in columns; those named in `right` end on the right. Nothing for no rows."""
    cells = [list(row) for row in rows]
    return aligned([headings, *cells], [heading in right for heading in headings], cell_max) if cells else []


def aligned(rows: Sequence[Sequence[str]], ends_right: Sequence[bool], cell_max: int = CELL_MAX) -> list[str]:
    """Rows in columns, each ending on the right or beginning on the left; longer cells are cut."""
    cells = [[_clip(cell, cell_max) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [_row(row, widths, ends_right) for row in cells]


def minute(instant_ms: int) -> str:
    """`2026-11-23 09:30`, in UTC."""
    return format_ms(instant_ms // MINUTE_MS * MINUTE_MS).replace("T", " ").removesuffix(":00Z")


def _row(cells: Sequence[str], widths: Sequence[int], ends_right: Sequence[bool]) -> str:
    columns = zip(cells, widths, ends_right, strict=True)
    return GAP.join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in columns).rstrip()


def _clip(cell: str, columns: int) -> str:
    return cell if len(cell) <= columns else cell[: columns - 1] + "…"


def _plain(value: object) -> Any:
    # Loaded already if `value` is one of these; commands without one start faster.
    from msgspec import Struct, to_builtins
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, Struct):
        return to_builtins(value)
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON")
