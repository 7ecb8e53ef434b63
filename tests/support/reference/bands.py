"""Section 9: the band that a score leads to, by the lines of a model or of a segment.

A place is a band's number from below, -1 for cold.
"""

from __future__ import annotations

from tests.support.reference.model import Band

Lines = tuple[Band, ...]


def settle(lines: Lines, place: int, score: float) -> int:
    """After an input: up while the next band's line is reached; if that moved nothing, down."""
    risen = place
    while risen + 1 < len(lines) and lines[risen + 1].enter <= score:
        risen += 1
    return risen if risen != place else drop(lines, place, score)


def drop(lines: Lines, place: int, score: float) -> int:
    """Down while the score is below the line to leave; the only way that time moves a lead."""
    while place >= 0 and score < lines[place].leave:
        place -= 1
    return place


def ringing(lines: Lines, start: int, end: int, alerted: dict[str, int], at_ms: int) -> list[Band]:
    """Of the bands passed on the way up, those with `alert` whose last alert is at least `cooldown` earlier."""
    passed = lines[start + 1 : end + 1]
    return [
        band
        for band in passed
        if band.alert and (band.name not in alerted or at_ms - alerted[band.name] >= band.cooldown_ms)
    ]


def threshold(lines: Lines) -> float | None:
    """The line to enter of the highest band with `alert`."""
    return next((band.enter for band in reversed(lines) if band.alert), None)
