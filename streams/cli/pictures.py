"""How a lead looks in a line of text: its bar, its reasons; the same as on the demo's screen."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from schemas.changes import Adjustment, Change, Contribution
from streams.clock import Clock
from streams.sandbox.screen import Paint, bar, change_line
from streams.sandbox.terminal import Terminal


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
    """What the score is made of, a line each, and the score below."""
    parts = [(each.points, each.rule, each.what) for each in contributions]
    parts += [(each.points, "", f"limit of the {each.what}") for each in adjustments]
    width = max((len(rule) for _, rule, _ in parts), default=0)
    lines = [f"  {points:+8.2f}  {rule:<{width}}  {what}".rstrip() for points, rule, what in parts]
    return [*lines, f"  {score:8.2f}  in all"]
