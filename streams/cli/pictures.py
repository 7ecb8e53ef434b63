"""How a lead looks in a line of text: its bar, its reasons, how long ago; the same as on the demo's screen."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from schemas.changes import Adjustment, Change, Contribution
from schemas.instants import DAY_MS, HOUR_MS, MINUTE_MS
from scoring.explain import DimensionReport
from streams.cli.output import minute
from streams.clock import Clock
from streams.sandbox.screen import Paint, bar, change_line
from streams.sandbox.terminal import Terminal
from streams.standing import FlagUp


def paint() -> Paint:
    """Colours, if standard output is a terminal that is to have them."""
    return Paint(Terminal(sys.stdout).coloured)


def score_bar(score: float, scale: tuple[float, float]) -> str:
    """The score on its scale."""
    low, high = scale
    return bar((score - low) / (high - low) * 100)


def change_lines(changes: Sequence[Change], clock: Clock) -> list[str]:
    """A line for each change."""
    now, colours = datetime.fromtimestamp(clock.now_ms() / 1000, UTC), paint()
    return [change_line(change, now=now, paint=colours) for change in changes]


def main_reason(contributions: Sequence[Contribution]) -> str:
    """`+24.1 signup (webinar signed up)`: what moves the score most; contributions come largest first."""
    if not contributions:
        return ""
    most = contributions[0]
    return f"{most.points:+.1f} {most.rule} ({most.what})"


def sum_lines(contributions: Sequence[Contribution], adjustments: Sequence[Adjustment], score: float) -> list[str]:
    """What the score is made of: what adds, what subtracts, what is cut off, a line each; the score below."""
    parts = [(each.points, each.what, each.rule) for each in sorted(contributions, key=lambda each: -each.points)]
    parts += [(each.points, cut_in_words(each), "") for each in adjustments]
    width = max((len(what) for _, what, _ in parts), default=0)
    lines = [f"  {points:+8.2f}  {what:<{width}}  {rule}".rstrip() for points, what, rule in parts]
    return [*lines, f"  {score:8.2f}  in all"]


def cut_in_words(adjustment: Adjustment) -> str:
    """`cut off by the limit of the group email`."""
    done = "cut off by" if adjustment.points < 0 else "made up by"
    what, _, name = adjustment.what.partition(" ")
    match what:
        case "flag":
            return f"{done} the red flag {name}"
        case "scale":
            return f"{done} the end of the scale"
        case _:
            return f"{done} the limit of the {adjustment.what}"


def bant(dimensions: Mapping[str, DimensionReport]) -> str:
    """`budget +10, authority unknown`: unknown is not zero."""
    return ", ".join(
        f"{name} {each['points']:+d}" if each["known"] else f"{name} unknown" for name, each in dimensions.items()
    )


def flag_lines(flags: Iterable[FlagUp], now_ms: int) -> list[str]:
    """`doubt, raised by sales:kim, until 2026-12-01 00:00 (in 8 days): the score is at most 20`."""
    return [
        f"  {flag.reason}{_by(flag.by)}{_until(flag.until_ms, now_ms)}: the score is at most {flag.cap:g}"
        for flag in flags
    ]


def ago(instant_ms: int, now_ms: int) -> str:
    """`3 days ago`."""
    passed_ms = now_ms - instant_ms
    return "just now" if passed_ms < MINUTE_MS else f"{span(passed_ms)} ago"


def ahead(instant_ms: int, now_ms: int) -> str:
    """`2026-12-01 00:00 (in 8 days)`."""
    return f"{minute(instant_ms)} (in {span(instant_ms - now_ms)})"


def span(milliseconds: int) -> str:
    """`3 days`: a duration in its largest unit, cut."""
    for unit_ms, unit in ((DAY_MS, "day"), (HOUR_MS, "hour"), (MINUTE_MS, "minute")):
        count = milliseconds // unit_ms
        if count > 0:
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return "less than a minute"


def _by(by: str | None) -> str:
    if by is None:
        return ""
    return ", raised by the model's fit rules" if by == "fit" else f", raised by {by}"


def _until(until_ms: int | None, now_ms: int) -> str:
    return "" if until_ms is None else f", until {ahead(until_ms, now_ms)}"
