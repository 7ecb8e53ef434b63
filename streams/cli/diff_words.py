"""Parts of a model and their members in words, for a list of differences. Pure."""

from __future__ import annotations

from scoring.explain import words
from scoring.fit_model import BandLines, FitRule, Grades, Segment
from scoring.model import Band, Group, Inactivity, Limit, Rule, Scale, Step, Surge, Window
from scoring.parts import Condition
from streams.cli.model_words import (
    band_words,
    fit_words,
    grade_rows,
    inactivity_words,
    segment_words,
    surge_words,
    window_words,
)
from streams.cli.rule_words import condition_words, limit_words, number_words, plain_words, rule_words, steps_words

NOTHING = "none"

DURATIONS = frozenset({"half_life", "fades_over", "expires_after", "within", "after", "every", "cooldown"})
"""Members that are milliseconds."""


def part_words(part: object) -> str:
    """A whole part, its points first."""
    match part:
        case Rule():
            return f"{part.points:+d}  {rule_words(part)}"
        case Window():
            return window_words(part)
        case Inactivity():
            return f"{part.points:+d}  {inactivity_words(part)}"
        case FitRule():
            return fit_words(part) if part.points is None else f"{part.points:+d}  {fit_words(part)}"
        case Band():
            return band_words(part)
        case Segment():
            return segment_words(part)
        case Grades():
            return "; ".join(f"{about}: {lines}" for about, lines in grade_rows(part))
        case Surge():
            return f"{part.points} {surge_words(part)}"
        case Group() | Scale():
            return ", ".join(f"{name} {_number(value)}" for name, value in part)
        case _:
            return str(part)


def member_words(member: str, value: object) -> str:
    """The value of one member."""
    match value:
        case None | ():
            return NOTHING
        case bool() | str():
            return plain_words(value) if isinstance(value, bool) else value
        case int() | float():
            return words(int(value)) if member in DURATIONS else _signed(member, value)
        case Limit():
            return limit_words(value)
        case tuple():
            return _several(value)
        case dict():
            return ", ".join(_entry(str(name), part) for name, part in value.items()) or NOTHING
        case _:
            return str(value)


def _signed(member: str, value: float) -> str:
    return f"{value:+,d}" if member == "points" and isinstance(value, int) else number_words(value)


def _several(values: tuple[object, ...]) -> str:
    steps = [value for value in values if isinstance(value, Step)]
    return steps_words(steps) if steps else " or ".join(map(str, values))


def _entry(name: str, part: object) -> str:
    match part:
        case Condition():
            return condition_words(name, part)
        case BandLines():
            return f"{name} {part.enter:g}/{part.leave:g}"
        case int() | float():
            return f"{name} {number_words(part)}"
        case _:
            return f"{name} {part}"


def _number(value: object) -> str:
    return number_words(value) if isinstance(value, int | float) else NOTHING
