"""A plan: the scoring model compiled to what the fold and the sums walk through.

Apart from the model because the model is written for people and the plan for the inner loop: names become
slots, half-lives become rates, conditions become functions, rules are listed by the kind that they are about.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from schemas.accepted import Json
from schemas.instants import DAY_MS, HOUR_MS
from scoring.bounds import STATE_MAX_BYTES
from scoring.calendar import day_of, utc_day, week_of_day
from scoring.conditions import Test, compile_where
from scoring.fit_model import FitRule, Segment
from scoring.layout import KIND_SERIES, LIMIT_TABLE, RULE_SERIES
from scoring.lead import Lead, coarse
from scoring.limits import attribute_bucket
from scoring.model import Inactivity, Limit, Rule, ScoringModel, Window
from scoring.state import worst_bytes
from scoring.terms import (
    Clamp,
    DecayTerm,
    KindPlan,
    LimitPlan,
    Lines,
    QuietPlan,
    RulePlan,
    SegmentPlan,
    SlotPoints,
    SteppedPlan,
    SteppedTerm,
    WindowPlan,
    WindowStep,
)

OTHER = "other"
"""The name under which signals of kinds that the model does not name are counted."""

FIT_SUMS_KEPT = 4096
"""Of each set of fit rules that some lead matches: there are few."""

HOURLY_MAX_MS = 7 * DAY_MS
"""A rule that fades or expires within 7 days is counted by the hour, a slower one by the UTC day."""


class TooLarge(Exception):
    """The operator's fault: under this model a lead's state could grow beyond STATE_MAX_BYTES."""


class FitPlan(NamedTuple):
    """A fit rule: what the profile must satisfy, and what it gives (points 0: a flag)."""

    bit: int
    where: tuple[tuple[str, Test], ...]
    points: int
    group: int
    flag: str | None
    dimension: str | None


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
        self.sums = max(self.groups.values(), default=1) + 1
        self.scale = (model.scale.min, model.scale.max)
        self.low, self.high = self.scale
        self._day = None if model.timezone == "UTC" else day_of(model.timezone)
        self.rules = [self._rule_plan(slot, rule) for slot, rule in enumerate(model.rules)]
        self.windows = tuple(self._window_plan(window) for window in model.windows)
        self.window_hours = max((window.hours for window in self.windows), default=0)
        self.by_kind = {kind: self._kind_plan(kind, slot) for kind, slot in self.kind_slots.items()}
        self.other = self._kind_plan(OTHER, len(model.kinds))
        self.slots = (*self.by_kind.values(), self.other)
        self._compile_fit()
        self.decays = self._decays()
        self.terms = tuple(
            (plan, SteppedTerm(plan.stepped, rule.points, self.groups[rule.group]) if plan.stepped else None)
            for rule, plan in zip(model.rules, self.rules, strict=True)
        )
        self.stepped = tuple(term for _, term in self.terms if term is not None)
        self.fading_losses = tuple(plan.slot for plan in self.rules if plan.points < 0 and plan.rate)
        self.stepped_losses = tuple(term.stepped.tag for term in self.stepped if term.points < 0)
        self.jumps_fall = all(window.ascends for window in self.windows) and not any(
            term.points < 0 and not term.stepped.fades for term in self.stepped
        )
        self.clamps = self._clamps()
        self.quiet = self._quiet_plan(model.inactivity) if model.inactivity else None
        self.first_ceiling = coarse(min(max(self.low, 0.0), self.high))
        if self.state_worst_bytes > STATE_MAX_BYTES:
            raise TooLarge(
                f"a lead's state could grow to {self.state_worst_bytes} bytes, more than {STATE_MAX_BYTES}; "
                "use fewer rules with a limit, fades_over or expires_after"
            )

    def _compile_fit(self) -> None:
        self.fit = tuple(self._fit_plan(slot, rule) for slot, rule in enumerate(self.model.fit))
        self.flagging = sum(rule.bit for rule in self.fit if rule.flag)
        self.fit_places = frozenset(rule.group for rule in self.fit if rule.points)
        self.fit_sums = lru_cache(maxsize=FIT_SUMS_KEPT)(self._fit_sums)
        self.segments = tuple(self._segment_plan(segment) for segment in (None, *self.model.segments))

    def day(self, instant_ms: int) -> int:
        """The number of the calendar day of an instant, in the model's time zone."""
        return utc_day(instant_ms) if self._day is None else self._day(instant_ms)

    def bucket(self, limit: LimitPlan, occurred_ms: int, attributes: dict[str, Json]) -> int:
        """The bucket of a limit for a signal of this instant with these attributes."""
        if limit.by_value:
            return attribute_bucket(attributes.get(limit.per))
        if limit.per == "day":
            return self.day(occurred_ms)
        return week_of_day(self.day(occurred_ms)) if limit.per == "week" else 0

    def kind(self, kind: str) -> KindPlan:
        """What a signal of this kind touches."""
        return self.by_kind.get(kind, self.other)

    def lines(self, lead: Lead) -> tuple[Lines, ...]:
        """The lines of the bands, as the lead's segment has them."""
        return self.segments[lead.segment].lines

    @property
    def state_worst_bytes(self) -> int:
        """The largest that a lead's state can become under this model."""
        stepped = [plan.stepped.span_ms // plan.stepped.unit_ms for plan in self.rules if plan.stepped]
        limits = [plan.limit for plan in self.rules if plan.limit is not None]
        by_value = sum(limit.by_value for limit in limits)
        return worst_bytes(
            rules=len(self.rules),
            kinds=len(self.kinds),
            spans=stepped,
            by_value=by_value,
            by_time=len(limits) - by_value,
            values=max(kind.by_value.bit_count() for kind in self.slots),
        )

    def _rule_plan(self, slot: int, rule: Rule) -> RulePlan:
        return RulePlan(
            slot=slot,
            bit=0,
            points=rule.points,
            rate=1.0 / rule.half_life if rule.half_life else 0.0,
            where=compile_where(rule.where),
            limit=self._limit_plan(slot, rule.limit) if rule.limit else None,
            stepped=_stepped_plan(slot, rule),
        )

    def _limit_plan(self, slot: int, limit: Limit) -> LimitPlan:
        return LimitPlan(LIMIT_TABLE + slot, limit.times, limit.per, limit.per not in ("day", "week", "ever"))

    def _fit_plan(self, slot: int, rule: FitRule) -> FitPlan:
        return FitPlan(
            bit=1 << slot,
            where=compile_where(rule.where),
            points=rule.points or 0,
            group=self.groups[rule.group],
            flag=rule.flag,
            dimension=rule.dimension,
        )

    def _fit_sums(self, matched: int) -> tuple[tuple[int, int], ...]:
        """(group, points) of the fit rules with these bits."""
        sums: dict[int, int] = {}
        for rule in self.fit:
            if matched & rule.bit and rule.points:
                sums[rule.group] = sums.get(rule.group, 0) + rule.points
        return tuple(sums.items())

    def _segment_plan(self, segment: Segment | None) -> SegmentPlan:
        return SegmentPlan(
            name=segment.name if segment else None,
            where=compile_where(segment.where) if segment else (),
            lines=tuple(Lines(*self.model.lines_of(band, segment)) for band in self.model.bands),
            threshold=self.model.threshold_of(segment),
        )

    def _window_plan(self, window: Window) -> WindowPlan:
        points = [0, *(step.points for step in window.steps)]
        return WindowPlan(
            tags=tuple(KIND_SERIES + self.kind_slots[kind] for kind in window.count),
            hours=window.within // HOUR_MS,
            steps=tuple(WindowStep(step.at_least, step.points) for step in window.steps),
            group=self.groups[window.group],
            most=max(points),
            ascends=points == sorted(points),
        )

    def _kind_plan(self, kind: str, slot: int) -> KindPlan:
        about = [plan for rule, plan in zip(self.model.rules, self.rules, strict=True) if kind in rule.kind]
        rules = tuple(replace(plan, bit=1 << place) for place, plan in enumerate(about))
        tag = KIND_SERIES + slot
        windows = [window for window in self.windows if tag in window.tags]
        return KindPlan(
            slot=slot,
            rules=rules,
            by_value=sum(plan.bit for plan in rules if plan.limit and plan.limit.by_value),
            engages=kind in self.model.engagement_kinds,
            takes=any(plan.points < 0 for plan in rules),
            may_lower=not all(window.ascends for window in windows),
            gain=sum(window.most for window in windows),
        )

    def _clamps(self) -> tuple[Clamp, ...]:
        no_min, no_max = float("-inf"), float("inf")
        return tuple(
            Clamp(
                name=name,
                group=self.groups[name],
                low=no_min if group.min is None else group.min,
                high=no_max if group.max is None else group.max,
            )
            for name, group in self.model.groups.items()
            if name in self.groups
        )

    def _decays(self) -> tuple[DecayTerm, ...]:
        """Rate by rate, so that what grows and fades alike is summed side by side."""
        found: dict[float, dict[int, list[SlotPoints]]] = {}
        for rule, plan in zip(self.model.rules, self.rules, strict=True):
            if plan.stepped is None:
                groups = found.setdefault(plan.rate, {})
                groups.setdefault(self.groups[rule.group], []).append(SlotPoints(plan.slot, plan.points))
        return tuple(
            DecayTerm(rate, group, tuple(rules))
            for rate, groups in found.items()
            for group, rules in groups.items()
        )

    def _quiet_plan(self, inactivity: Inactivity) -> QuietPlan:
        return QuietPlan(
            after_ms=inactivity.after,
            every_ms=inactivity.every or 0,
            points=inactivity.points,
            at_most=inactivity.at_most,
            group=self.groups[inactivity.group],
        )


def _group_places(model: ScoringModel) -> dict[str, int]:
    """Which sum a group goes into: a clamped one into its own, all others into the first, of fit into the second.

    Sums that are not clamped need not be apart; together, what cancels in them cancels at once.
    """
    fit = [rule.group for rule in model.fit]
    names = [rule.group for rule in model.rules] + [window.group for window in model.windows] + fit
    if model.inactivity:
        names.append(model.inactivity.group)
    clamped = [name for name in dict.fromkeys(names) if name in model.groups]
    of_fit = {rule.group for rule in model.fit if rule.points}
    return {name: clamped.index(name) + 2 if name in clamped else int(name in of_fit) for name in names}


def _stepped_plan(slot: int, rule: Rule) -> SteppedPlan | None:
    span_ms = rule.fades_over or rule.expires_after
    if span_ms is None:
        return None
    unit_ms = HOUR_MS if span_ms <= HOURLY_MAX_MS else DAY_MS
    return SteppedPlan(RULE_SERIES + slot, unit_ms, span_ms, rule.fades_over is not None)
