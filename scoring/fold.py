"""The fold of signals: advance to the signal, count it, evaluate the bands, look for a surge.

An illegal step changes nothing: a signal that is refused never reaches this file, one that is ignored leaves
the lead as it is (but for the number of machine signals).

Most signals move nothing but the figures: whether one may cross a line is told by an upper bound of the score
(`ceiling`), and only then is the lead scored.
"""

from __future__ import annotations

from array import array
from enum import StrEnum
from math import inf

from schemas.accepted import Json, Signal
from schemas.changes import Cause
from schemas.instants import HOUR_MS, SECOND_MS
from scoring.advance import advance
from scoring.arrays import add_number, number_at
from scoring.bands import Step, band_after_input, look_ahead, move
from scoring.bounds import DAY_POINTS_MAX, DAYS_MAX, KIND_BUCKETS_MAX, ROLLING_HOURS_MAX
from scoring.layout import DAY_TOTALS, KIND_SERIES, LIMIT_VALUES, RULE_SERIES
from scoring.lead import NEVER, Lead
from scoring.limits import offer
from scoring.memory import is_repeat, pack_fact, remember, signal_hash
from scoring.notices import Notice
from scoring.plan import Plan
from scoring.score import Curve, first_alive, first_hour, score_now
from scoring.series import add, drop_first, drop_old, first_stamp_of
from scoring.surge import find_surge, may_surge
from scoring.terms import KindPlan, RulePlan, SteppedPlan

HALF_LIVES_MAX = 500
"""How far forward-decayed counts run ahead of their landmark before it is moved: 2^500 is well within a double."""

ROUNDING = 1e-6
"""A score is compared rounded, so that it may reach a line from a little below it."""


class Outcome(StrEnum):
    """What became of an input: applied, or ignored because of what. COMMAND: it found nothing to act on."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    MACHINE = "machine"
    ERASED = "erased"
    COMMAND = "command"

    __hash__ = str.__hash__  # as fast as of any text, which Enum's own is not


_APPLIED, _DUPLICATE, _MACHINE = Outcome.APPLIED, Outcome.DUPLICATE, Outcome.MACHINE


class Counted:
    """The rules that count a signal, their positive points, the buckets of their limits by an attribute."""

    __slots__ = ("gain", "mask", "rules", "takes", "values")

    def __init__(self) -> None:
        self.rules: list[RulePlan] = []
        self.values: list[int] = []
        self.mask = 0
        self.gain = 0
        self.takes = False

    def add(self, rule: RulePlan) -> None:
        """This rule counts the signal."""
        self.rules.append(rule)
        self.mask |= rule.bit
        if rule.points > 0:
            self.gain += rule.points
        else:
            self.takes = True


def apply_signal(
    plan: Plan, lead: Lead | None, signal: Signal, timestamp_ms: int, notices: list[Notice]
) -> tuple[Lead | None, Outcome]:
    """The lead after the signal of a record with this Kafka timestamp; None: still unknown."""
    known = signal_hash(signal.kind, signal.id)
    if lead is not None and is_repeat(lead, known, timestamp_ms):
        return lead, _DUPLICATE
    if signal.machine:
        if lead is not None:
            lead.machines += 1
        return lead, _MACHINE
    if lead is None:
        lead = new_lead(plan, signal.occurred_ms)
    elif signal.occurred_ms > lead.as_of:
        advance(plan, lead, signal.occurred_ms, notices)
    _apply(plan, lead, signal, known, timestamp_ms, notices)
    return lead, _APPLIED


def _apply(plan: Plan, lead: Lead, signal: Signal, known: int, timestamp_ms: int, notices: list[Notice]) -> None:
    """Count a signal to whose instant the lead was advanced; `known` is its hash."""
    occurred_ms = signal.occurred_ms
    kind = plan.kind(signal.kind)
    counted = _offer(plan, lead, kind, occurred_ms, signal.attributes)
    lowers = lead.band > 0 and _may_lower(plan, lead, kind, counted)
    surges = counted.gain > 0 and may_surge(plan, lead)
    scored = _may_move(plan, lead, kind, counted.gain) or lowers
    previous_score = score_now(plan, lead) if scored or surges else 0.0
    _count(plan, lead, kind, counted, occurred_ms)
    remember(plan, lead, known, timestamp_ms, occurred_ms, pack_fact(kind.slot, counted.mask, counted.gain))
    if scored:
        _evaluate(plan, lead, previous_score, notices)
    if lowers:
        look_ahead(plan, lead)
    if surges:
        notices += find_surge(plan, lead, previous_score)


def new_lead(plan: Plan, at_ms: int) -> Lead:
    """A lead of which nothing is known before its first input."""
    return Lead(at_ms, plan.ordinal, len(plan.rules), plan.first_ceiling)


def _may_lower(plan: Plan, lead: Lead, kind: KindPlan, counted: Counted) -> bool:
    """Whether the signal may lower the score of a lead in a band, now or later.

    By points lost, by a window, by a forgotten hour; or as the first engagement, from which quiet is counted.
    """
    if kind.engages and lead.latest == NEVER and plan.quiet is not None:
        return True
    if counted.takes:
        return True
    if lead.buckets >= KIND_BUCKETS_MAX and _oldest_hour(lead) >= first_hour(plan.window_hours, lead.as_of):
        return True
    return kind.may_lower


def _may_move(plan: Plan, lead: Lead, kind: KindPlan, gain: int) -> bool:
    """Whether a signal that does not lower may move the lead at all: else it need not be scored.

    It cannot lift the lead where its ceiling and the points gained stay below the next line, unless it ends a
    quiet; nor can it let it fall. But an input may find it below its line between two whole seconds: just before a
    fall, or in a dip that is over by the next one, which takes something that rises by itself.
    """
    lead.ceiling += kind.gain + gain
    if lead.ceiling + ROUNDING >= _next_line(plan, lead):
        return True
    if lead.wake != NEVER and lead.wake <= lead.as_of + SECOND_MS:
        return True
    if lead.band and lead.as_of % SECOND_MS and _may_rise(plan, lead):
        return True
    return plan.quiet is not None and kind.engages and lead.as_of - lead.latest >= plan.quiet.after_ms


def _next_line(plan: Plan, lead: Lead) -> float:
    """The score at which the lead enters the next band; never, in the highest."""
    lines = plan.lines(lead)
    if lead.band == len(lines):
        return inf
    line = lines[lead.band]
    return line.enter


def _may_rise(plan: Plan, lead: Lead) -> bool:
    """Whether something in the lead's score may rise by itself."""
    if not plan.jumps_fall:
        return True
    for slot in plan.fading_losses:
        if number_at(lead.counts, slot):
            return True
    for tag in plan.stepped_losses:
        if tag in lead.parts:
            return True
    return False


def _evaluate(plan: Plan, lead: Lead, previous_score: float, notices: list[Notice]) -> None:
    """After a signal: the ceiling and the bands."""
    curve = Curve(plan, lead)
    score, lead.ceiling = curve.score(lead.as_of), curve.ceiling(lead.as_of)
    band = band_after_input(plan, lead, score)
    if band != lead.band:
        step = Step(Cause.SIGNAL, plan.names[lead.band], previous_score, may_alert=True)
        notices.append(move(plan, lead, band, step, score))


def _offer(plan: Plan, lead: Lead, kind: KindPlan, occurred_ms: int, attributes: dict[str, Json]) -> Counted:
    """The rules of the signal's kind whose conditions it meets and whose limits it is within."""
    counted = Counted()
    for rule in kind.rules:
        if rule.where and not _meets(rule, attributes):
            continue
        limit = rule.limit
        if limit is not None:
            bucket = plan.bucket(limit, occurred_ms, attributes)
            if not offer(lead.part(limit.tag), bucket, limit.times):
                continue
            if limit.by_value:
                counted.values.append(bucket)
        counted.add(rule)
    return counted


def _meets(rule: RulePlan, attributes: dict[str, Json]) -> bool:
    for name, satisfied in rule.where:
        if not satisfied(attributes.get(name)):
            return False
    return True


def _count(plan: Plan, lead: Lead, kind: KindPlan, counted: Counted, occurred_ms: int) -> None:
    """Add the signal to the rules that it counts for, to its window, and to the points of its day."""
    for rule in counted.rules:
        _add_weight(plan, lead, rule, occurred_ms)
    if kind.engages and occurred_ms > lead.latest:
        lead.latest = occurred_ms
    _add_to_window(lead, kind, occurred_ms // HOUR_MS)
    if counted.values:
        lead.part(LIMIT_VALUES).extend(counted.values)
    if counted.gain:
        totals = lead.part(DAY_TOTALS)
        add(totals, plan.day(occurred_ms), counted.gain, DAY_POINTS_MAX)
        if len(totals) > DAYS_MAX:
            drop_first(totals, 1)


def _add_weight(plan: Plan, lead: Lead, rule: RulePlan, occurred_ms: int) -> None:
    if rule.stepped is not None:
        _add_step(lead, rule.stepped, occurred_ms)
    elif rule.rate == 0.0:
        add_number(lead.counts, rule.slot, 1.0)
    else:
        if (occurred_ms - lead.mark) * rule.rate > HALF_LIVES_MAX:
            _move_mark(plan, lead, occurred_ms)
        add_number(lead.counts, rule.slot, 2.0 ** ((occurred_ms - lead.mark) * rule.rate))


def _move_mark(plan: Plan, lead: Lead, to_ms: int) -> None:
    """Count from another landmark: each forward-decayed count by its own half-life."""
    for rule in plan.rules:
        if rule.rate:
            lead.counts[rule.slot] *= 2.0 ** ((lead.mark - to_ms) * rule.rate)
    lead.mark = to_ms


def _add_step(lead: Lead, stepped: SteppedPlan, occurred_ms: int) -> None:
    stamp, alive = occurred_ms // stepped.unit_ms, first_alive(stepped, lead.as_of)
    if stamp >= alive:
        series = lead.part(stepped.tag)
        add(series, stamp)
        drop_old(series, alive)


def _add_to_window(lead: Lead, kind: KindPlan, hour: int) -> None:
    """Count the signal in its hour; an hour too many is forgotten for it, the oldest first."""
    alive = first_hour(ROLLING_HOURS_MAX, lead.as_of)
    series = lead.part(KIND_SERIES + kind.slot) if hour >= alive else None
    if series is not None and add(series, hour):
        lead.buckets += 1 - drop_old(series, alive)
        if lead.buckets > KIND_BUCKETS_MAX:
            _forget_oldest_hour(lead)


def _forget_oldest_hour(lead: Lead) -> None:
    """The oldest hour of all kinds, whole: so it does not matter which kind came first."""
    oldest = _oldest_hour(lead)
    for words in _hours_by_kind(lead):
        if first_stamp_of(words) == oldest:
            drop_first(words, 1)
            lead.buckets -= 1


def _oldest_hour(lead: Lead) -> int:
    return min(first_stamp_of(words) for words in _hours_by_kind(lead))


def _hours_by_kind(lead: Lead) -> list[array[int]]:
    return [words for tag, words in lead.parts.items() if tag < RULE_SERIES and words]
