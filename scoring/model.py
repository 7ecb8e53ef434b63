"""The scoring model: the document in which sales and marketing agree what a score is.

These classes are the definition of that document: its members, their types, bounds and defaults, and what
must hold between them. `document` reads one from YAML and says on which line it is wrong.
Points are whole numbers; durations are written `45s`, `30m`, `24h`, `7d` and held in milliseconds.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    field_validator,
    model_validator,
)

from schemas.instants import DAY_MS, HOUR_MS
from schemas.signals import RESERVED
from scoring.fields import DurationMs, Kinds, Name, Plain, Points, read_version, wrong

RULES_MAX = 64
"""A lead's state has one slot for each."""

KINDS_MAX = 16
"""Kinds that are counted under their own name, in windows and on the lead's page."""

RULES_OF_A_KIND_MAX = 16
"""The state keeps, in 16 bits, which of them a signal counted for."""

BANDS_MAX = 8
STEPS_MAX = 16
STEPPED_MAX_MS = 90 * DAY_MS
WINDOW_MAX_MS = 30 * DAY_MS

COLD = "cold"
"""The name of the place below the first band."""


class Part(BaseModel):
    """A part of the document: no member that is not known, nothing changes once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(Part):
    """What an attribute must satisfy; all members that are given must hold."""

    equals: Plain | None = None
    in_: tuple[Plain, ...] | None = Field(default=None, alias="in", min_length=1)
    contains: Name | None = None
    starts_with: Name | None = None
    matches: Name | None = None
    min: StrictInt | StrictFloat | None = None
    max: StrictInt | StrictFloat | None = None
    missing: StrictBool | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain_value_means_equal(cls, value: object) -> object:
        if isinstance(value, bool | int | float | str):
            return {"equals": value}
        if not isinstance(value, dict) or not value or None in value.values():
            raise wrong(
                f"{value!r} is no condition",
                "write a plain value, or some of in, contains, starts_with, matches, min, max, missing",
            )
        if "equals" in value:
            raise wrong("`equals` is not a condition", "write the plain value itself")
        return value

    @field_validator("matches")
    @classmethod
    def _regex(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except (re.error, OverflowError, RecursionError) as error:
            raise wrong(
                f"{value!r} is no regular expression ({error})", "write one as Python's re has them"
            ) from error
        return value


class Limit(Part):
    """A rule counts at most `times` signals in one bucket: a day, a week, ever, or an attribute's value."""

    times: Annotated[StrictInt, Field(ge=1, le=1000)]
    per: Name

    @field_validator("per")
    @classmethod
    def _no_reserved_name(cls, value: str) -> str:
        if value in RESERVED:
            raise wrong(f"`{value}` is no attribute", "write day, week, ever or an attribute such as campaign")
        return value


class Rule(Part):
    """Points for each signal that counts, and how they fade."""

    id: Name
    kind: Kinds
    where: dict[Name, Condition] = Field(default_factory=dict)
    points: Points
    half_life: DurationMs | None = None
    fades_over: DurationMs | None = None
    expires_after: DurationMs | None = None
    limit: Limit | None = None
    group: Name = "engagement"

    @field_validator("points")
    @classmethod
    def _not_zero(cls, value: int) -> int:
        if value == 0:
            raise wrong("0 points do nothing", "write a whole number from -100 to 100 other than 0")
        return value

    @field_validator("where")
    @classmethod
    def _attributes_only(cls, value: dict[str, Condition]) -> dict[str, Condition]:
        for name in RESERVED & value.keys():
            raise wrong(f"`{name}` is no attribute", "name another member of the signal's value")
        return value

    @model_validator(mode="after")
    def _one_decay(self) -> Rule:
        if sum(d is not None for d in (self.half_life, self.fades_over, self.expires_after)) > 1:
            raise wrong("more than one decay", "keep one of half_life, fades_over, expires_after, or none")
        if (self.fades_over or self.expires_after or 0) > STEPPED_MAX_MS:
            raise wrong("fades_over and expires_after go up to 90d", "write 90d or less, or use half_life")
        return self

    @property
    def identity(self) -> str:
        """What must stay the same for the rule to go on counting under a new model; order does not matter."""
        sorted_twin = self.model_copy(
            update={"kind": tuple(sorted(self.kind)), "where": dict(sorted(self.where.items()))}
        )
        return sorted_twin.model_dump_json(exclude={"points", "group"})


class Step(Part):
    """From `at_least` signals in the window on, these points."""

    at_least: Annotated[StrictInt, Field(ge=1, le=1_000_000)]
    points: Points


class Window(Part):
    """Points for how many signals came within the last hours."""

    id: Name
    count: Kinds
    within: DurationMs
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=STEPS_MAX)]
    group: Name = "engagement"

    @field_validator("within")
    @classmethod
    def _whole_hours(cls, value: int) -> int:
        if value % HOUR_MS or value > WINDOW_MAX_MS:
            raise wrong("a window is whole hours, up to 30d", "write such as 24h or 7d")
        return value

    @field_validator("steps")
    @classmethod
    def _ascending(cls, value: tuple[Step, ...]) -> tuple[Step, ...]:
        for before, after in itertools.pairwise(value):
            if after.at_least <= before.at_least:
                raise wrong("the steps' at_least do not ascend", "write the steps from low to high")
        return value


class Inactivity(Part):
    """Points taken when nothing came for a while, and again each `every`."""

    after: DurationMs
    points: Annotated[StrictInt, Field(ge=-100, le=-1)]
    every: DurationMs | None = None
    at_most: Annotated[StrictInt, Field(ge=1, le=1000)] = 1
    group: Name = "engagement"
    count: Kinds | None = None

    @model_validator(mode="after")
    def _every_for_more_than_one(self) -> Inactivity:
        if self.at_most > 1 and self.every is None:
            raise wrong("at_most is more than 1, but there is no `every`", "add `every`, such as every: 14d")
        return self


class Group(Part):
    """The clamp of the sum of a group's rules."""

    min: Annotated[float, Field(le=0, strict=True, allow_inf_nan=False)] | None = None
    max: Annotated[float, Field(ge=0, strict=True, allow_inf_nan=False)] | None = None


class Band(Part):
    """A named range of the score: entered at `enter`, left below `leave`."""

    name: Name
    enter: Annotated[float, Field(strict=True, allow_inf_nan=False)]
    leave: Annotated[float, Field(strict=True, allow_inf_nan=False)]
    alert: StrictBool = False
    cooldown: DurationMs | None = None

    @model_validator(mode="after")
    def _leave_below_enter(self) -> Band:
        if self.leave >= self.enter:
            raise wrong(
                f"band {self.name}: leave {self.leave:g} is not below enter {self.enter:g}",
                f"write a leave below {self.enter:g}, such as {self.enter * 0.8:g}",
            )
        return self


class Scale(Part):
    """Between which numbers a score lies."""

    min: Annotated[float, Field(strict=True, allow_inf_nan=False)] = 0.0
    max: Annotated[float, Field(strict=True, allow_inf_nan=False)] = 100.0

    @model_validator(mode="after")
    def _min_below_max(self) -> Scale:
        if self.min >= self.max:
            raise wrong("the scale's min is not below its max", "write such as {min: 0, max: 100}")
        return self


class ScoringModel(Part):
    """The whole document."""

    version: Annotated[str, BeforeValidator(read_version)]
    timezone: Name = "UTC"
    scale: Scale = Scale()
    rules: Annotated[tuple[Rule, ...], Field(max_length=RULES_MAX)] = ()
    windows: Annotated[tuple[Window, ...], Field(max_length=RULES_MAX)] = ()
    inactivity: Inactivity | None = None
    groups: dict[Name, Group] = Field(default_factory=dict)
    bands: Annotated[tuple[Band, ...], Field(max_length=BANDS_MAX)] = ()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise wrong(f"{value!r} is no time zone", "write one such as Europe/Berlin or UTC") from None
        return value

    @field_validator("bands")
    @classmethod
    def _bands_ascend(cls, value: tuple[Band, ...]) -> tuple[Band, ...]:
        for below, above in itertools.pairwise(value):
            for edge, low, high in (
                ("enter", below.enter, above.enter),
                ("leave", below.leave, above.leave),
            ):
                if high <= low:
                    raise wrong(
                        f"band {above.name}: {edge} {high:g} is not above that of {below.name} ({low:g})",
                        "write the bands from low to high",
                    )
        return value

    @model_validator(mode="after")
    def _names_are_unique(self) -> ScoringModel:
        _unique("rule or window", [*(r.id for r in self.rules), *(w.id for w in self.windows)], {"inactivity"})
        _unique("band", (band.name for band in self.bands), {COLD})
        return self

    @model_validator(mode="after")
    def _not_too_many_kinds(self) -> ScoringModel:
        if len(self.kinds) > KINDS_MAX:
            raise wrong(f"{len(self.kinds)} kinds are named", f"name at most {KINDS_MAX}")
        for kind, count in Counter(kind for rule in self.rules for kind in rule.kind).items():
            if count > RULES_OF_A_KIND_MAX:
                raise wrong(f"{count} rules are about {kind}", f"write at most {RULES_OF_A_KIND_MAX}")
        return self

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind that the model names, each once, in the order of the document."""
        named = [kind for rule in self.rules for kind in rule.kind]
        named += [kind for window in self.windows for kind in window.count]
        if self.inactivity and self.inactivity.count:
            named += self.inactivity.count
        return tuple(dict.fromkeys(named))

    @property
    def engagement_kinds(self) -> frozenset[str]:
        """The kinds that end a lead's quiet: those named, else those of the rules with positive points."""
        if self.inactivity and self.inactivity.count:
            return frozenset(self.inactivity.count)
        return frozenset(kind for rule in self.rules if rule.points > 0 for kind in rule.kind)

    @property
    def threshold(self) -> float | None:
        """The line that sales and marketing agreed on: the `enter` of the highest band that alerts."""
        lines = [band.enter for band in self.bands if band.alert]
        return lines[-1] if lines else None


def _unique(what: str, names: Iterable[str], reserved: set[str]) -> None:
    seen = set(reserved)
    for name in names:
        if name in seen:
            raise wrong(f"{what} {name!r} is there twice, or a reserved name", "give each a name of its own")
        seen.add(name)
