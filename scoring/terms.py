"""What a plan is made of: the terms that the fold and the sums walk through.

Apart from the plan because there the model is taken apart, and here is what comes of it. Where it is compiled, the
numbers have the types of C.
"""

from __future__ import annotations

from dataclasses import dataclass

from scoring.conditions import Test


@dataclass(frozen=True)
class LimitPlan:
    """The table of a limited rule, and in what its buckets are told apart: `day`, `week`, `ever`, or an attribute.

    `by_value`: by an attribute, and not by time.
    """

    tag: int
    times: int
    per: str
    by_value: bool


@dataclass(frozen=True)
class SteppedPlan:
    """A rule whose signals are counted by hour or day: it fades linearly, or counts until it expires."""

    tag: int
    unit_ms: int
    span_ms: int
    fades: bool


@dataclass(frozen=True)
class RulePlan:
    """A rule as the fold offers it signals. `rate` is 1 / half-life in ms, 0 for no decay."""

    slot: int
    bit: int
    points: int
    rate: float
    where: tuple[tuple[str, Test], ...]
    limit: LimitPlan | None
    stepped: SteppedPlan | None


@dataclass(frozen=True)
class KindPlan:
    """What a signal of a kind touches: its series, its rules, whether it ends the quiet of the lead.

    `takes`: some of its rules have negative points; `may_lower`: one more signal may lower the score by a window;
    `gain`: what it may give by windows; `by_value`: the bits of its rules with a limit by an attribute's value.
    """

    slot: int
    rules: tuple[RulePlan, ...]
    by_value: int
    engages: bool
    takes: bool
    may_lower: bool
    gain: int


@dataclass(frozen=True)
class WindowStep:
    """From `at_least` signals on, these points."""

    at_least: int
    points: int


@dataclass(frozen=True)
class WindowPlan:
    """A window: the parts it counts, how many hours, its steps from the lowest, its group.

    `most` is the most that it ever gives; it `ascends` if more signals never mean fewer points.
    """

    tags: tuple[int, ...]
    hours: int
    steps: tuple[WindowStep, ...]
    group: int
    most: int
    ascends: bool


@dataclass(frozen=True)
class QuietPlan:
    """Inactivity: after how long, every how long again (0: once), how often at most; its points, its group."""

    after_ms: int
    every_ms: int
    points: int
    at_most: int
    group: int


@dataclass(frozen=True)
class SteppedTerm:
    """What a fading or expiring rule gives to the sum."""

    stepped: SteppedPlan
    points: int
    group: int


@dataclass(frozen=True)
class SlotPoints:
    """What one count of a rule gives."""

    slot: int
    points: int


@dataclass(frozen=True)
class DecayTerm:
    """The rules of one half-life (rate 0: none) in one group."""

    rate: float
    group: int
    rules: tuple[SlotPoints, ...]


@dataclass(frozen=True)
class Lines:
    """The lines of a band."""

    enter: float
    leave: float


@dataclass(frozen=True)
class SegmentPlan:
    """A persona: whom it takes in, the lines of its bands from the lowest, the line agreed with sales."""

    name: str | None
    where: tuple[tuple[str, Test], ...]
    lines: tuple[Lines, ...]
    threshold: float | None


@dataclass(frozen=True)
class Clamp:
    """Between which sums a group is held, and its name."""

    name: str
    group: int
    low: float
    high: float
