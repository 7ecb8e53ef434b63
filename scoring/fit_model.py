"""The part of the scoring model that is about who a lead is: fit rules, segments, grades.

Apart from `model` because these look at the profile and never at a signal: they neither count nor decay.
"""

from __future__ import annotations

import itertools
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, StrictInt, field_validator, model_validator

from scoring.fields import Finite, Name, Points, wrong
from scoring.parts import FitCondition, Part

FIT_RULES_MAX = 64
"""A lead's state keeps, in 64 bits, which of them match."""

SEGMENTS_MAX = 32
PROFILE_RESERVED = frozenset({"id", "lead_id", "occurred_at"})
"""Members of a profile that are no fields."""

Dimension = Literal["budget", "authority", "need", "timeline"]
DIMENSIONS: tuple[str, ...] = get_args(Dimension)
"""BANT: what sales asks before it calls a lead qualified."""

Letter = Literal["A", "B", "C"]
Figure = Literal[1, 2, 3]
LETTERS: tuple[str, ...] = get_args(Letter)
FIGURES: tuple[int, ...] = get_args(Figure)


def _figure(key: object) -> object:
    """The key of a line of engagement: 1 or, as JSON has it, "1"."""
    return int(key) if isinstance(key, str) and key in {"1", "2", "3"} else key


Line = StrictInt | Finite
Where = Annotated[dict[Name, FitCondition], Field(min_length=1)]


def _fields_only(where: dict[str, FitCondition]) -> dict[str, FitCondition]:
    for name in PROFILE_RESERVED & where.keys():
        raise wrong(f"`{name}` is no field of a profile", "name another member of the profile's value", (name,))
    return where


class FitRule(Part):
    """Points, or a red flag, for what a profile says."""

    id: Name
    where: Where
    points: Points | None = None
    flag: Name | None = None
    dimension: Dimension | None = None
    group: Name = "fit"

    _where = field_validator("where")(_fields_only)

    @model_validator(mode="after")
    def _points_or_flag(self) -> FitRule:
        if self.points is None and self.flag is None:
            raise wrong(f"fit rule {self.id} does nothing", "add points, such as points: 10, or flag: REASON")
        if self.points is not None and self.flag is not None:
            raise wrong(f"fit rule {self.id} has points and a flag", "keep one, or write two rules", ("flag",))
        if self.points == 0:
            raise wrong("0 points do nothing", "write a whole number from -100 to 100 other than 0", ("points",))
        return self


class BandLines(Part):
    """The lines of a band for one segment."""

    enter: Line
    leave: Line

    @model_validator(mode="after")
    def _leave_below_enter(self) -> BandLines:
        if self.leave >= self.enter:
            raise wrong(
                f"leave {self.leave:g} is not below enter {self.enter:g}",
                f"write a leave below {self.enter:g}",
                ("leave",),
            )
        return self


class Segment(Part):
    """A persona: leads of certain profiles, with their own lines for some bands. The first that matches counts."""

    name: Name
    where: Where
    bands: dict[Name, BandLines] = Field(default_factory=dict)

    _where = field_validator("where")(_fields_only)


class Grades(Part):
    """Lines of the letter (who the lead is) and of the number (what it does). Below all lines: D, and 4."""

    fit: Annotated[dict[Letter, Line], Field(min_length=1)]
    engagement: Annotated[dict[Annotated[Figure, BeforeValidator(_figure)], Line], Field(min_length=1)]

    @field_validator("fit", "engagement")
    @classmethod
    def _descending(cls, lines: dict[str | int, float]) -> dict[str | int, float]:
        ordered = sorted(lines)
        for better, worse in itertools.pairwise(ordered):
            if lines[better] <= lines[worse]:
                raise wrong(
                    f"the line of {better} ({lines[better]:g}) is not above that of {worse} ({lines[worse]:g})",
                    "write higher lines for better grades",
                    (str(worse),),
                )
        return {name: lines[name] for name in ordered}
