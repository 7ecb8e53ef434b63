"""A plan: the scoring model compiled to what the fold and the sums walk through.

Apart from the model because the model is written for people and the plan for the inner loop: names become
slots, half-lives become rates, conditions become functions, rules are listed by the kind that they are about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from schemas.instants import DAY_MS, HOUR_MS
from schemas.signals import Json
from scoring.calendar import day_of, week_of_day
from scoring.conditions import Test, compile_condition
from scoring.lead import (
    HEAD_BYTES,
    KIND_SERIES,
    LIMIT_TABLE,
    NEWEST_KEPT,
    PART_ENTRY_BYTES,
    RULE_SERIES,
)
from scoring.limits import BUCKETS_MAX, attribute_bucket
from scoring.memory import IDS_MAX, KIND_BUCKETS_MAX
from scoring.model import BANDS_MAX, Limit, Rule, ScoringModel, Window
from scoring.series import DROP_AT_ONCE

OTHER = "other"
"""The name under which signals of kinds that the model does not name are counted."""

STATE_MAX_BYTES = 16_384
HOURLY_MAX_MS = 7 * DAY_MS
"""A rule that fades or expires within 7 days is counted by the hour, a slower one by the UTC day."""


class TooLarge(Exception):
    """The operator's fault: under this model a lead's state could grow beyond STATE_MAX_BYTES."""


class LimitPlan(NamedTuple):
    """The table of a limited rule, and the bucket of a signal (its time, its attributes)."""

    tag: int
    times: int
    bucket: Callable[[int, dict[str, Json]], int]


class SteppedPlan(NamedTuple):
    """A rule whose signals are counted by hour or day: it fades linearly, or counts until it expires."""

    tag: int
    unit_ms: int
    span_ms: int
    fades: bool


class RulePlan(NamedTuple):
    """A rule as the fold offers it signals. `rate` is 1 / half-life in ms, 0 for no decay."""

    slot: int
    bit: int
    points: int
    rate: float
    where: tuple[tuple[str, Test], ...]
    limit: LimitPlan | None
    stepped: SteppedPlan | None


class KindPlan(NamedTuple):
    """What a signal of a kind touches: its series, its rules, whether it ends the quiet of the lead.

    `takes`: some of its rules have negative points; `may_lower`: one more signal may lower the score by a window;
    `gain`: what it may give by windows.
    """

    slot: int
    rules: tuple[RulePlan, ...]
    engages: bool
    takes: bool
    may_lower: bool
    gain: int


class WindowPlan(NamedTuple):
    """A window: the parts it counts, how many hours, its steps from the lowest, its group.

    `most` is the most that it ever gives; it `ascends` if more signals never mean fewer points.
    """

    tags: tuple[int, ...]
    hours: int
    steps: tuple[tuple[int, int], ...]
    group: int
    most: int
    ascends: bool


class SteppedTerm(NamedTuple):
    """What a fading or expiring rule gives to the sum."""

    stepped: SteppedPlan
    points: int
    group: int


class DecayTerm(NamedTuple):
    """The rules of one half-life (rate 0: none), group by group: (group, ((slot, points), ...))."""

    rate: float
    groups: tuple[tuple[int, tuple[tuple[int, int], ...]], ...]


class Clamp(NamedTuple):
    """Between which sums a group is held."""

    group: int
    low: float
    high: float


class Plan:
    """A model, compiled. `ordinal` counts the models that a lane has had in force, from 1."""

    def __init__(self, model: ScoringModel, ordinal: int = 1) -> None:
        self.model = model
        self.ordinal = ordinal
        self.bands = model.bands
        self.names = ("cold", *(band.name for band in model.bands))
        self.kinds: tuple[str, ...] = (*model.kinds, OTHER)
        self.kind_slots = {kind: slot for slot, kind in enumerate(model.kinds)}
        self.groups = _group_places(model)
        self.sums = max(self.groups.values(), default=0) + 1
        self.scale = (model.scale.min, model.scale.max)
        self.day = day_of(model.timezone)
        self.rules = [self._rule_plan(slot, rule) for slot, rule in enumerate(model.rules)]
        self.windows = tuple(self._window_plan(window) for window in model.windows)
        self.window_hours = max((window.hours for window in self.windows), default=0)
        self.by_kind = {kind: self._kind_plan(kind, slot) for kind, slot in self.kind_slots.items()}
        self.other = self._kind_plan(OTHER, len(model.kinds))
        self.decays = self._decays()
        self.terms = tuple(
            (plan, SteppedTerm(plan.stepped, rule.points, self.groups[rule.group]) if plan.stepped else None)
            for rule, plan in zip(model.rules, self.rules, strict=True)
        )
        self.stepped = tuple(term for _, term in self.terms if term is not None)
        self.scored_tags = self._scored_tags()
        self.fading_losses = tuple(plan.slot for plan in self.rules if plan.points < 0 and plan.rate)
        self.stepped_losses = tuple(term.stepped.tag for term in self.stepped if term.points < 0)
        self.jumps_fall = all(window.ascends for window in self.windows) and not any(
            term.points < 0 and not term.stepped.fades for term in self.stepped
        )
        self.clamps = self._clamps()
        self.inactivity = model.inactivity
        self.inactivity_group = self.groups[model.inactivity.group] if model.inactivity else 0
        self.first_ceiling = min(max(model.scale.min, 0.0), model.scale.max)
        if self.state_worst_bytes > STATE_MAX_BYTES:
            raise TooLarge(
                f"a lead's state could grow to {self.state_worst_bytes} bytes, more than {STATE_MAX_BYTES}; "
                "use fewer rules with a limit, fades_over or expires_after"
            )

    def kind(self, kind: str) -> KindPlan:
        """What a signal of this kind touches."""
        return self.by_kind.get(kind, self.other)

    @property
    def state_worst_bytes(self) -> int:
        """The largest that a lead's state can become under this model."""
        stepped = [
            plan.stepped.span_ms // plan.stepped.unit_ms + 2 + DROP_AT_ONCE for plan in self.rules if plan.stepped
        ]
        limited = sum(plan.limit is not None for plan in self.rules)
        parts = len(self.kinds) + len(stepped) + limited + 1
        remembered = 2 * IDS_MAX + NEWEST_KEPT + KIND_BUCKETS_MAX
        words = len(self.rules) + remembered + sum(stepped) + limited * BUCKETS_MAX + BANDS_MAX
        return HEAD_BYTES + PART_ENTRY_BYTES * parts + 8 * words

    def _rule_plan(self, slot: int, rule: Rule) -> RulePlan:
        return RulePlan(
            slot=slot,
            bit=0,
            points=rule.points,
            rate=1.0 / rule.half_life if rule.half_life else 0.0,
            where=tuple((name, compile_condition(condition)) for name, condition in rule.where.items()),
            limit=self._limit_plan(slot, rule.limit) if rule.limit else None,
            stepped=_stepped_plan(slot, rule),
        )

    def _limit_plan(self, slot: int, limit: Limit) -> LimitPlan:
        tag, day, name = LIMIT_TABLE + slot, self.day, limit.per
        match name:
            case "day":
                return LimitPlan(tag, limit.times, lambda occurred_ms, _: day(occurred_ms))
            case "week":
                return LimitPlan(tag, limit.times, lambda occurred_ms, _: week_of_day(day(occurred_ms)))
            case "ever":
                return LimitPlan(tag, limit.times, lambda occurred_ms, _: 0)
            case _:
                return LimitPlan(tag, limit.times, lambda _, attributes: attribute_bucket(attributes.get(name)))

    def _window_plan(self, window: Window) -> WindowPlan:
        points = [0, *(step.points for step in window.steps)]
        return WindowPlan(
            tags=tuple(KIND_SERIES + self.kind_slots[kind] for kind in window.count),
            hours=window.within // HOUR_MS,
            steps=tuple((step.at_least, step.points) for step in window.steps),
            group=self.groups[window.group],
            most=max(points),
            ascends=points == sorted(points),
        )

    def _kind_plan(self, kind: str, slot: int) -> KindPlan:
        about = [plan for rule, plan in zip(self.model.rules, self.rules, strict=True) if kind in rule.kind]
        rules = tuple(plan._replace(bit=1 << place) for place, plan in enumerate(about))
        tag = KIND_SERIES + slot
        windows = [window for window in self.windows if tag in window.tags]
        return KindPlan(
            slot=slot,
            rules=rules,
            engages=kind in self.model.engagement_kinds,
            takes=any(plan.points < 0 for plan in rules),
            may_lower=not all(window.ascends for window in windows),
            gain=sum(window.most for window in windows),
        )

    def _clamps(self) -> tuple[Clamp, ...]:
        no_min, no_max = float("-inf"), float("inf")
        return tuple(
            Clamp(
                group=self.groups[name],
                low=no_min if group.min is None else group.min,
                high=no_max if group.max is None else group.max,
            )
            for name, group in self.model.groups.items()
            if name in self.groups
        )

    def _scored_tags(self) -> tuple[int, ...]:
        """The parts of a state that its score depends on."""
        tags = [tag for window in self.windows for tag in window.tags]
        return tuple(dict.fromkeys([*tags, *(term.stepped.tag for term in self.stepped)]))

    def _decays(self) -> tuple[DecayTerm, ...]:
        by_rate: dict[float, dict[int, list[tuple[int, int]]]] = {}
        for rule, plan in zip(self.model.rules, self.rules, strict=True):
            if plan.stepped is None:
                groups = by_rate.setdefault(plan.rate, {})
                groups.setdefault(self.groups[rule.group], []).append((plan.slot, plan.points))
        return tuple(
            DecayTerm(rate, tuple((group, tuple(terms)) for group, terms in groups.items()))
            for rate, groups in by_rate.items()
        )


def _group_places(model: ScoringModel) -> dict[str, int]:
    """Which sum a group goes into: a clamped one into its own, all others into the first.

    Sums that are not clamped need not be apart; together, what cancels in them cancels at once.
    """
    names = [rule.group for rule in model.rules] + [window.group for window in model.windows]
    if model.inactivity:
        names.append(model.inactivity.group)
    clamped = [name for name in dict.fromkeys(names) if name in model.groups]
    return {name: clamped.index(name) + 1 if name in clamped else 0 for name in names}


def _stepped_plan(slot: int, rule: Rule) -> SteppedPlan | None:
    span_ms = rule.fades_over or rule.expires_after
    if span_ms is None:
        return None
    unit_ms = HOUR_MS if span_ms <= HOURLY_MAX_MS else DAY_MS
    return SteppedPlan(RULE_SERIES + slot, unit_ms, span_ms, rule.fades_over is not None)
