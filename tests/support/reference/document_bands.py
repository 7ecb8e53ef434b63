"""The part of a model's document that is about lines: bands, a segment's own, grades, surge (sections 6, 9, 10)."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from tests.support.reference.conditions import is_number
from tests.support.reference.document_checks import require
from tests.support.reference.instants import DAY_MS, duration_ms
from tests.support.reference.model import COLD, Band, Grades, Surge

_SURGE_MEMBERS = frozenset({"points", "within", "kinds", "times_usual", "cooldown"})
MOST_SURGE_POINTS = 10_000
MOST_SURGE_MS = 10 * DAY_MS
"""With the 28 days before it, and a change of summer time, as long as the 40 days of totals that are kept."""


def read_bands(given: list[dict[str, Any]] | tuple[()]) -> tuple[Band, ...]:
    """Section 9: ascending in enter and in leave, leave below enter in each. Raises BadModel."""
    bands = tuple(
        Band(
            name=one["name"],
            enter=one["enter"],
            leave=one["leave"],
            alert=bool(one.get("alert", False)),
            cooldown_ms=_cooldown(one),
        )
        for one in given
    )
    names = [COLD, *(band.name for band in bands)]
    require(len(set(names)) == len(names), "a name twice")
    _check_lines(bands)
    return bands


def read_segment_bands(own: dict[str, Any], bands: tuple[Band, ...]) -> tuple[Band, ...]:
    """The model's bands with a segment's own lines, which must keep them ascending. Raises BadModel."""
    require(set(own) <= {band.name for band in bands}, "a band of the model")
    require(all(set(lines) <= {"enter", "leave"} for lines in own.values()), "enter and leave")
    with_own = tuple(replace(band, **own.get(band.name, {})) for band in bands)
    _check_lines(with_own)
    return with_own


def _check_lines(bands: tuple[Band, ...]) -> None:
    require(all(band.leave < band.enter for band in bands), "leave below enter")
    for lower, upper in itertools.pairwise(bands):
        require(lower.enter < upper.enter and lower.leave < upper.leave, "ascending")


def read_grades(given: dict[str, Any]) -> Grades:
    """Section 6: lines for A, B, C and for 1, 2, 3, descending; some may be left out. Raises BadModel."""
    require(set(given) <= {"fit", "engagement"}, "grades")
    return Grades(_grade_lines(given.get("fit"), "ABC"), _grade_lines(given.get("engagement"), "123"))


def _grade_lines(given: dict[Any, Any] | None, names: str) -> tuple[tuple[str, float], ...]:
    lines = {str(name): points for name, points in (given or {}).items()}
    require(set(lines) <= set(names) and all(is_number(points) for points in lines.values()), "a grade")
    best_first = tuple((name, lines[name]) for name in names if name in lines)
    for better, worse in itertools.pairwise(best_first):
        require(better[1] > worse[1], "descending")
    return best_first


def read_surge(given: dict[str, Any]) -> Surge:
    """Section 10. Raises BadModel."""
    surge = Surge(
        points=given["points"],
        within_ms=duration_ms(given["within"]),
        kinds=given.get("kinds", 1),
        times_usual=given.get("times_usual", 0),
        cooldown_ms=_cooldown(given),
    )
    require(set(given) <= _SURGE_MEMBERS, "a member of surge")
    require(isinstance(surge.points, int) and 1 <= surge.points <= MOST_SURGE_POINTS, "points of surge")
    require(surge.within_ms <= MOST_SURGE_MS, "within, up to 10 d")
    require(surge.kinds >= 1 and surge.times_usual >= 0, "kinds and times_usual")
    return surge


def _cooldown(one: dict[str, Any]) -> int:
    return duration_ms(one["cooldown"]) if one.get("cooldown") else 0
