"""The scoring model: the document in which sales and marketing agree what a score is.

These classes are the definition of that document: its members, their types, bounds and defaults, and what
must hold between them. `document` reads one from YAML and says on which line it is wrong.
Points are whole numbers; durations are written `45s`, `30m`, `24h`, `7d` and held in milliseconds.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, field_validator, model_validator

from schemas.instants import DAY_MS, HOUR_MS
from schemas.signals import RESERVED
from scoring.bounds import BANDS_MAX
from scoring.fields import DurationMs, Kinds, Name, Path, Points, read_version, shown, wrong
from scoring.fit_model import FIT_RULES_MAX, SEGMENTS_MAX, FitRule, Grades, Segment
from scoring.parts import Condition, Part

RULES_MAX = 64
"""A lead's state has one slot for each."""

KINDS_MAX = 16
"""Kinds that are counted under their own name, in windows and on the lead's page."""

RULES_OF_A_KIND_MAX = 16
"""The state keeps, in 16 bits, which of them a signal counted for."""

DECAYS = ("half_life", "fades_over", "expires_after")
"""Of a rule: one of them, or none."""

STEPS_MAX = 16
STEPPED_MAX_MS = 90 * DAY_MS
WINDOW_MAX_MS = 30 * DAY_MS
SURGE_MAX_MS = 10 * DAY_MS
"""With the 28 days before it that is within the 40 days of totals that a state keeps."""

COLD = "cold"
"""The name of the place below the first band."""


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
            raise wrong(f"`{name}` is no attribute", "name another member of the signal's value", (name,))
        return value

    @model_validator(mode="after")
    def _one_decay(self) -> Rule:
        given = [name for name in DECAYS if getattr(self, name) is not None]
        if len(given) > 1:
            raise wrong(f"more than one decay: {', '.join(given)}", "keep one of them, or none", (given[1],))
        if (self.fades_over or self.expires_after or 0) > STEPPED_MAX_MS:
            raise wrong(
                "fades_over and expires_after go up to 90d", "write 90d or less, or use half_life", (given[0],)
            )
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
        for place, (before, after) in enumerate(itertools.pairwise(value), start=1):
            if after.at_least <= before.at_least:
                problem = f"at_least {after.at_least} is not above the {before.at_least} before it"
                raise wrong(problem, "write the steps from low to high", (place, "at_least"))
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
            raise wrong(
                f"at_most is {self.at_most}, but there is no `every`",
                "add `every`, such as every: 14d",
                ("at_most",),
            )
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
                f"write a leave below {self.enter:g}, such as {self.enter - max(abs(self.enter) / 5, 1):g}",
                ("leave",),
            )
        return self


class Surge(Part):
    """A lead that warms fast: points counted within a short time, against what is usual for it."""

    points: Annotated[StrictInt, Field(ge=1, le=10_000)]
    within: DurationMs
    kinds: Annotated[StrictInt, Field(ge=1, le=KINDS_MAX)] = 1
    times_usual: Annotated[float, Field(ge=0, strict=True, allow_inf_nan=False)] = 0.0
    cooldown: DurationMs | None = None

    @field_validator("within")
    @classmethod
    def _within_memory(cls, value: int) -> int:
        if value > SURGE_MAX_MS:
            raise wrong("a surge is looked for within up to 10d", "write such as 24h or 48h")
        return value


class Scale(Part):
    """Between which numbers a score lies."""

    min: Annotated[float, Field(strict=True, allow_inf_nan=False)] = 0.0
    max: Annotated[float, Field(strict=True, allow_inf_nan=False)] = 100.0

    @model_validator(mode="after")
    def _min_below_max(self) -> Scale:
        if self.min >= self.max:
            raise wrong(
                f"the scale's min {self.min:g} is not below its max {self.max:g}",
                "write such as {min: 0, max: 100}",
            )
        return self


class ScoringModel(Part):
    """The whole document."""

    version: Annotated[str, BeforeValidator(read_version)]
    timezone: Name = "UTC"
    scale: Scale = Scale()
    rules: Annotated[tuple[Rule, ...], Field(max_length=RULES_MAX)] = ()
    windows: Annotated[tuple[Window, ...], Field(max_length=RULES_MAX)] = ()
    inactivity: Inactivity | None = None
    fit: Annotated[tuple[FitRule, ...], Field(max_length=FIT_RULES_MAX)] = ()
    groups: dict[Name, Group] = Field(default_factory=dict)
    bands: Annotated[tuple[Band, ...], Field(max_length=BANDS_MAX)] = ()
    segments: Annotated[tuple[Segment, ...], Field(max_length=SEGMENTS_MAX)] = ()
    grades: Grades | None = None
    flag_cap: Annotated[float, Field(strict=True, allow_inf_nan=False)] = 0.0
    surge: Surge | None = None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise wrong(f"{shown(value)} is no time zone", "write one such as Europe/Berlin or UTC") from None
        return value

    @field_validator("bands")
    @classmethod
    def _bands_ascend(cls, value: tuple[Band, ...]) -> tuple[Band, ...]:
        lines = [(band.name, band.enter, band.leave) for band in value]
        for place, edge, problem in not_ascending(lines):
            raise wrong(problem, "write the bands from low to high", (place, edge))
        return value

    @model_validator(mode="after")
    def _lines_of_segments_ascend(self) -> ScoringModel:
        names = [band.name for band in self.bands]
        for place, segment in enumerate(self.segments):
            at = ("segments", place, "bands")
            for name in segment.bands:
                if name not in names:
                    fix = f"name one of {', '.join(names)}" if names else "write `bands` first"
                    raise wrong(f"segment {segment.name}: there is no band {name!r:.80}", fix, (*at, name))
            lines = [(band.name, *self.lines_of(band, segment)) for band in self.bands]
            for _, _, problem in not_ascending(lines):
                fix = "give it lines that stay in the order of the bands"
                raise wrong(f"segment {segment.name}: {problem}", fix, at)
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> ScoringModel:
        rules = [(rule.id, ("rules", place, "id")) for place, rule in enumerate(self.rules)]
        windows = [(window.id, ("windows", place, "id")) for place, window in enumerate(self.windows)]
        fit = [(rule.id, ("fit", place, "id")) for place, rule in enumerate(self.fit)]
        bands = [(band.name, ("bands", place, "name")) for place, band in enumerate(self.bands)]
        segments = [(segment.name, ("segments", place, "name")) for place, segment in enumerate(self.segments)]
        _unique("rule or window", [*rules, *windows, *fit], "inactivity")
        _unique("band", bands, COLD)
        _unique("segment", segments)
        return self

    @model_validator(mode="after")
    def _not_too_many_kinds(self) -> ScoringModel:
        if len(self.kinds) > KINDS_MAX:
            too_many = self.kinds[KINDS_MAX]
            where = next(path for path, kinds in self._named_kinds if too_many in kinds)
            fix = f"name at most {KINDS_MAX}; all others are counted as `other` by themselves"
            raise wrong(f"{len(self.kinds)} kinds are named, {too_many} as the {KINDS_MAX + 1}th", fix, where)
        for kind, count in Counter(kind for rule in self.rules for kind in rule.kind).items():
            if count > RULES_OF_A_KIND_MAX:
                places = [place for place, rule in enumerate(self.rules) if kind in rule.kind]
                where = ("rules", places[RULES_OF_A_KIND_MAX], "kind")
                raise wrong(f"{count} rules are about {kind}", f"write at most {RULES_OF_A_KIND_MAX}", where)
        return self

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind that the model names, each once, in the order of the document."""
        return tuple(dict.fromkeys(kind for _, kinds in self._named_kinds for kind in kinds))

    @property
    def _named_kinds(self) -> list[tuple[Path, tuple[str, ...]]]:
        """Where kinds are named, and which."""
        named: list[tuple[Path, tuple[str, ...]]] = [
            *((("rules", place, "kind"), rule.kind) for place, rule in enumerate(self.rules)),
            *((("windows", place, "count"), window.count) for place, window in enumerate(self.windows)),
        ]
        if self.inactivity and self.inactivity.count:
            named.append((("inactivity", "count"), self.inactivity.count))
        return named

    @property
    def engagement_kinds(self) -> frozenset[str]:
        """The kinds that end a lead's quiet: those named, else those of the rules with positive points."""
        if self.inactivity and self.inactivity.count:
            return frozenset(self.inactivity.count)
        return frozenset(kind for rule in self.rules if rule.points > 0 for kind in rule.kind)

    def lines_of(self, band: Band, segment: Segment | None) -> tuple[float, float]:
        """(enter, leave) of a band for leads of this segment."""
        own = segment.bands.get(band.name) if segment else None
        return (own.enter, own.leave) if own else (band.enter, band.leave)

    @property
    def threshold(self) -> float | None:
        """The line that sales and marketing agreed on: the `enter` of the highest band that alerts."""
        return self.threshold_of(None)

    def threshold_of(self, segment: Segment | None) -> float | None:
        """The same line as a segment has it."""
        lines = [self.lines_of(band, segment)[0] for band in self.bands if band.alert]
        return lines[-1] if lines else None


def not_ascending(lines: list[tuple[str, float, float]]) -> Iterator[tuple[int, str, str]]:
    """Where a band (name, enter, leave) is not above the one before: its place, the line, both in words."""
    for place, ((below, *low), (above, *high)) in enumerate(itertools.pairwise(lines), start=1):
        for edge, one, other in zip(("enter", "leave"), low, high, strict=True):
            if other <= one:
                yield place, edge, f"band {above}: {edge} {other:g} is not above that of {below} ({one:g})"


def _unique(what: str, named: Iterable[tuple[str, Path]], reserved: str | None = None) -> None:
    """Refuses a name that is there twice, where it is there again, and the reserved one."""
    seen = set()
    for name, path in named:
        if name == reserved:
            raise wrong(f"{what} {name!r}: the name is taken by leadline itself", "choose another name", path)
        if name in seen:
            raise wrong(f"{what} {name!r:.80} is there twice", "give each a name of its own", path)
        seen.add(name)
