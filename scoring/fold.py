"""The steps of a lead through time: advance, apply a signal. Everything that changes a lead's state is here.

    advance    bring the lead to an instant; falls on the way are found and carry their own instants
    apply      advance to the signal, count it, evaluate the bands

An illegal step changes nothing: a signal that is refused never reaches this file, one that is ignored leaves
the lead as it is (but for the number of machine signals).
"""

from __future__ import annotations

from array import array
from enum import StrEnum

from schemas.changes import Cause
from schemas.instants import HOUR_MS, SECOND_MS
from schemas.signals import Signal
from scoring.bands import Crossing, Step, band_after_input, band_below, move
from scoring.falls import find_fall, held_until, second_after
from scoring.lead import KIND_SERIES, NEVER, RULE_SERIES, Lead
from scoring.limits import offer
from scoring.memory import KIND_BUCKETS_MAX, is_repeat, pack_facts, remember, signal_hash
from scoring.plan import KindPlan, Plan, RulePlan, SteppedPlan
from scoring.score import Curve, first_alive, first_hour
from scoring.series import add_one, drop_first, drop_old

HALF_LIVES_MAX = 500
"""How far forward-decayed counts run ahead of their landmark before it is moved: 2^500 is well within a double."""

ROLLING_HOURS_MAX = 720
"""30 days: the longest window, and the longest rolling count."""

ROUNDING = 1e-6
"""A score is compared rounded, so that it may reach a line from a little below it."""


class Outcome(StrEnum):
    """What became of a signal."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    MACHINE = "machine"


def advance(plan: Plan, lead: Lead, to_ms: int, crossings: list[Crossing]) -> None:
    """Bring the lead to an instant; one before its `as_of` changes nothing. Falls are added to `crossings`."""
    while lead.wake != NEVER and lead.wake <= to_ms:
        held_ms = held_until(plan, lead, lead.wake, to_ms)
        fall_ms = lead.wake = held_ms or find_fall(plan, lead, lead.wake)
        if fall_ms == NEVER or fall_ms > to_ms:
            break
        lead.as_of = fall_ms
        curve = Curve(plan, lead)
        score = curve.score(fall_ms)
        step = Step(Cause.TIME, plan.names[lead.band], curve.score(fall_ms - SECOND_MS), score)
        crossings.append(move(plan, lead, band_below(plan, lead.band, score), step))
    if to_ms > lead.as_of:
        lead.as_of = to_ms


def apply_signal(
    plan: Plan, lead: Lead | None, signal: Signal, timestamp_ms: int, crossings: list[Crossing]
) -> tuple[Lead | None, Outcome]:
    """The lead after the signal of a record with this Kafka timestamp; None: still unknown."""
    known = signal_hash(signal.kind, signal.id)
    if lead is not None and is_repeat(lead, known, timestamp_ms):
        return lead, Outcome.DUPLICATE
    if signal.machine:
        if lead is not None:
            lead.machines += 1
        return lead, Outcome.MACHINE
    if lead is None:
        lead = Lead(signal.occurred_ms, plan.ordinal, len(plan.rules), plan.first_ceiling)
    elif signal.occurred_ms > lead.as_of:
        advance(plan, lead, signal.occurred_ms, crossings)
    kind = plan.kind(signal.kind)
    rules = _rules_that_count(lead, kind, signal)
    lowers = lead.band > 0 and _may_lower(plan, lead, kind, rules)
    if lowers or _may_move(plan, lead, kind, rules):
        before = lead.before(plan.scored_tags)
        facts = _count(plan, lead, kind, rules, signal.occurred_ms)
        _evaluate(plan, before, lead, crossings)
        if lowers:
            lead.wake = find_fall(plan, lead, second_after(lead.as_of))
    else:
        facts = _count(plan, lead, kind, rules, signal.occurred_ms)
    remember(lead, known, timestamp_ms, facts)
    return lead, Outcome.APPLIED


def _may_lower(plan: Plan, lead: Lead, kind: KindPlan, rules: list[RulePlan]) -> bool:
    """Whether the signal may lower the score of a lead in a band, now or later.

    By points lost, by a window, by a forgotten hour; or as the first engagement, from which quiet is counted.
    """
    if kind.engages and lead.latest == NEVER and plan.inactivity is not None:
        return True
    if kind.takes and any(rule.points < 0 for rule in rules):
        return True
    if lead.buckets >= KIND_BUCKETS_MAX and _oldest_hour(lead) >= first_hour(plan.window_hours, lead.as_of):
        return True
    return kind.may_lower


def _may_move(plan: Plan, lead: Lead, kind: KindPlan, rules: list[RulePlan]) -> bool:
    """Whether a signal that does not lower may move the lead at all: else it need not be scored.

    It cannot lift the lead where its ceiling and the points gained stay below the next line, unless it ends a
    quiet; nor can it let it fall. But an input may find it below its line between two whole seconds: just before a
    fall, or in a dip that is over by the next one, which takes something that rises by itself.
    """
    lead.ceiling += kind.gain
    for rule in rules:
        if rule.points > 0:
            lead.ceiling += rule.points
    if lead.band < len(plan.bands) and lead.ceiling + ROUNDING >= plan.bands[lead.band].enter:
        return True
    if lead.wake != NEVER and lead.wake <= lead.as_of + SECOND_MS:
        return True
    if lead.band and lead.as_of % SECOND_MS and _may_rise(plan, lead):
        return True
    inactivity = plan.inactivity
    return inactivity is not None and kind.engages and lead.as_of - lead.latest >= inactivity.after


def _may_rise(plan: Plan, lead: Lead) -> bool:
    """Whether something in the lead's score may rise by itself."""
    if not plan.jumps_fall:
        return True
    counts, parts = lead.counts, lead.parts
    return any(counts[slot] for slot in plan.fading_losses) or any(tag in parts for tag in plan.stepped_losses)


def _evaluate(plan: Plan, before: Lead, lead: Lead, crossings: list[Crossing]) -> None:
    """After a signal: the ceiling and the bands."""
    curve = Curve(plan, lead)
    score, lead.ceiling = curve.score(lead.as_of), curve.ceiling(lead.as_of)
    band = band_after_input(plan, lead.band, score)
    if band != lead.band:
        previous_score = Curve(plan, before).score(lead.as_of)
        step = Step(Cause.SIGNAL, plan.names[lead.band], previous_score, score)
        crossings.append(move(plan, lead, band, step))


def _count(plan: Plan, lead: Lead, kind: KindPlan, rules: list[RulePlan], occurred_ms: int) -> int:
    """Add the signal to the rules that it counts for and to its window; what to remember of it."""
    counted = 0
    for rule in rules:
        counted |= rule.bit
        _add_weight(plan, lead, rule, occurred_ms)
    if kind.engages and occurred_ms > lead.latest:
        lead.latest = occurred_ms
    _add_to_window(lead, kind, occurred_ms // HOUR_MS)
    return pack_facts(occurred_ms, kind.slot, counted)


def _rules_that_count(lead: Lead, kind: KindPlan, signal: Signal) -> list[RulePlan]:
    """The rules of the signal's kind whose conditions it meets and whose limits it is within."""
    found = []
    for rule in kind.rules:
        for name, satisfied in rule.where:
            if not satisfied(signal.attributes.get(name)):
                break
        else:
            limit = rule.limit
            if limit is None:
                found.append(rule)
            else:
                bucket = limit.bucket(signal.occurred_ms, signal.attributes)
                if offer(lead.part(limit.tag), bucket, limit.times):
                    found.append(rule)
    return found


def _add_weight(plan: Plan, lead: Lead, rule: RulePlan, occurred_ms: int) -> None:
    if rule.stepped is not None:
        _add_step(lead, rule.stepped, occurred_ms)
        return
    if rule.rate == 0.0:
        lead.counts[rule.slot] += 1.0
        return
    if (occurred_ms - lead.mark) * rule.rate > HALF_LIVES_MAX:
        _move_mark(plan, lead, occurred_ms)
    lead.counts[rule.slot] += 2.0 ** ((occurred_ms - lead.mark) * rule.rate)


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
        add_one(series, stamp)
        drop_old(series, alive)


def _add_to_window(lead: Lead, kind: KindPlan, hour: int) -> None:
    """Count the signal in its hour; an hour too many is forgotten for it, the oldest first."""
    alive = first_hour(ROLLING_HOURS_MAX, lead.as_of)
    if hour < alive:
        return
    series = lead.part(KIND_SERIES + kind.slot)
    if add_one(series, hour):
        lead.buckets += 1 - drop_old(series, alive)
        if lead.buckets > KIND_BUCKETS_MAX:
            _forget_oldest_hour(lead)


def _forget_oldest_hour(lead: Lead) -> None:
    """The oldest hour of all kinds, whole: so it does not matter which kind came first."""
    oldest = _oldest_hour(lead)
    for words in _hours_by_kind(lead):
        if words[0] >> 32 == oldest:
            drop_first(words, 1)
            lead.buckets -= 1


def _oldest_hour(lead: Lead) -> int:
    return min(words[0] >> 32 for words in _hours_by_kind(lead))


def _hours_by_kind(lead: Lead) -> list[array[int]]:
    return [words for tag, words in lead.parts.items() if tag < RULE_SERIES and words]
