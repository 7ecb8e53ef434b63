"""`leadline score`: a file through the same arithmetic as the stream."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

from scoring.offline import FileScorer, Report
from streams.cli.model_file import ModelPath, read_model_file
from streams.cli.output import json_option, write, write_json
from streams.cli.parameters import INSTANT
from streams.cli.score_text import report_lines
from streams.clock import Clock, SystemClock
from streams.sandbox.terminal import Terminal

LINE_MAX_BYTES = 16 * 1024 * 1024
"""Sixteen times the largest value; of a longer line only the beginning is read, which is no JSON."""

PROGRESS_LINES = 2_000
"""Some 50 ms of scoring: progress that is told more often costs time and is not seen."""


@click.command("score")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--model", type=ModelPath, help="Scoring model; without it the packaged default.")
@click.option("--as-of", type=INSTANT, help="Bring every lead to this instant; without it the file's latest.")
@json_option
def command(file: str, model: Path | None, as_of: int | None, as_json: bool) -> None:
    """Score FILE, one JSON object a line; `-` is standard input.

    A line is {"topic": ..., "timestamp": ..., "value": {...}}. Lines that are refused are told, and the rest is
    scored all the same.
    """
    plan = read_model_file(model).plan
    scorer = FileScorer(plan)
    with click.open_file(file, "rb") as lines:
        for number, line in numbered_lines(lines, SystemClock()):
            scorer.feed(number, line)
    report = scorer.finish(as_of)
    if as_json:
        write_json(_as_promised(report))
    else:
        write(report_lines(report, scorer.plan))


def numbered_lines(file: IO[bytes], clock: Clock) -> Iterator[tuple[int, bytes]]:
    """Each line that is not blank with its number, from 1; progress on standard error, if that is a terminal."""
    progress = _Progress(file, clock)
    for number, line in enumerate(_lines(file), start=1):
        if not line.isspace():
            yield number, line
        if number % PROGRESS_LINES == 0:
            progress.tell(number)
    progress.end()


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file, the end of one that is far too long left out."""
    while line := file.readline(LINE_MAX_BYTES):
        yield line
        while len(line) == LINE_MAX_BYTES and not line.endswith(b"\n"):
            line = file.readline(LINE_MAX_BYTES)


class _Progress:
    """Lines a second and, of a file, how much of it; on standard error, if that is a terminal."""

    def __init__(self, file: IO[bytes], clock: Clock) -> None:
        self._terminal = Terminal(sys.stderr)
        self._file = file
        self._clock = clock
        self._began_s = clock.monotonic_s()
        self._size_bytes = file.seek(0, 2) if file.seekable() else 0
        if file.seekable():
            file.seek(0)

    def tell(self, lines: int) -> None:
        elapsed_s = max(self._clock.monotonic_s() - self._began_s, 1e-9)
        share = f", {self._file.tell() / self._size_bytes:.0%}" if self._size_bytes else ""
        self._terminal.status(f"scoring  {lines:,} lines{share}, {lines / elapsed_s:,.0f} a second")

    def end(self) -> None:
        self._terminal.status("")


def _as_promised(report: Report) -> dict[str, object]:
    """The report with the members that are promised of a lead's contributions: rule and points."""
    leads = [
        {
            **lead,
            "contributions": [{"rule": each.rule, "points": each.points} for each in lead["contributions"]],
        }
        for lead in report["leads"]
    ]
    return {**report, "leads": leads}
