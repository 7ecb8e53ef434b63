"""One model after another: what a lead carries over when a new model comes into force.

The state keeps decayed counts and not points, so that new points, groups, clamps, steps and bands take effect on
every lead at once. Fit rules and segments are judged anew. A rule goes on counting if its kind, condition, limit
and decay are what they were under the same id; any other rule starts at nothing. Signals of a kind that the new
model does not name count as `other`.
"""

from __future__ import annotations

from array import array
from functools import partial

from schemas.changes import Cause
from scoring.advance import advance
from scoring.bands import Step
from scoring.bounds import ROLLING_HOURS_MAX
from scoring.flags import fit_flags
from scoring.layout import (
    ALERT_TIMES,
    DAY_TOTALS,
    EARLIER_GAINS,
    KIND_SERIES,
    LIMIT_TABLE,
    LIMIT_VALUES,
    RULE_SERIES,
)
from scoring.lead import NEVER, Lead
from scoring.memory import counted_anew, counted_by, of_other_kind, slot_of, values_of
from scoring.notices import Notice
from scoring.plan import Plan
from scoring.profile import Profile, judge, settle_fit
from scoring.score import first_hour, score_now
from scoring.series import merge


def succeed(old: Plan, new: Plan, lead: Lead, profile: Profile, at_ms: int, notices: list[Notice]) -> None:
    """Bring the lead to the instant of the new model under the old one, then evaluate it under the new."""
    advance(old, lead, at_ms, notices)
    step = Step(Cause.MODEL, old.names[lead.band], score_now(old, lead))
    flagged = fit_flags(old, lead.fit)
    carry_over(old, new, lead)
    judge(new, lead, profile)
    settle_fit(new, lead, flagged, step, notices)


def carry_over(old: Plan, new: Plan, lead: Lead) -> None:
    """Rearrange the state for the new plan's slots."""
    kept = _kept_rules(old, new)
    counts = array("d", bytes(8 * len(new.rules)))
    parts: dict[int, array[int]] = {}
    for before, after in kept.items():
        counts[after] = lead.counts[before]
        for base in (RULE_SERIES, LIMIT_TABLE):
            if base + before in lead.parts:
                parts[base + after] = lead.parts[base + before]
    _carry_kinds(old, new, lead, parts)
    _carry_alerts(old, new, lead, parts)
    _carry_log(old, new, kept, lead, parts)
    lead.counts, lead.parts, lead.model = counts, parts, new.ordinal
    lead.buckets = sum(len(words) for tag, words in parts.items() if tag < RULE_SERIES)
    name = old.names[lead.band]
    lead.band = new.names.index(name) if name in new.names else 0


def _kept_rules(old: Plan, new: Plan) -> dict[int, int]:
    """Slot before -> slot after, of the rules that go on counting."""
    identities = {rule.identity: slot for slot, rule in enumerate(old.model.rules)}
    return {
        identities[rule.identity]: slot for slot, rule in enumerate(new.model.rules) if rule.identity in identities
    }


def _new_kind_slot(old: Plan, new: Plan, slot: int) -> int:
    return new.kind_slots.get(old.kinds[slot], len(new.kind_slots))


def _carry_kinds(old: Plan, new: Plan, lead: Lead, parts: dict[int, array[int]]) -> None:
    alive = first_hour(ROLLING_HOURS_MAX, lead.as_of)
    for slot in range(len(old.kinds)):
        series = lead.parts.get(KIND_SERIES + slot)
        if series:
            tag = KIND_SERIES + _new_kind_slot(old, new, slot)
            parts[tag] = merge(parts[tag], series, alive) if tag in parts else series


def _carry_alerts(old: Plan, new: Plan, lead: Lead, parts: dict[int, array[int]]) -> None:
    times = lead.parts.get(ALERT_TIMES)
    if times:
        by_name = dict(zip(old.names[1:], times, strict=False))
        parts[ALERT_TIMES] = array("Q", (by_name.get(name, NEVER) for name in new.names[1:]))


def _carry_log(old: Plan, new: Plan, kept: dict[int, int], lead: Lead, parts: dict[int, array[int]]) -> None:
    """The log, and what goes with it, for the new slots of kinds and rules."""
    if DAY_TOTALS in lead.parts:
        parts[DAY_TOTALS] = lead.parts[DAY_TOTALS]
    if EARLIER_GAINS in lead.parts:
        moved = (of_other_kind(word, partial(_new_kind_slot, old, new)) for word in lead.parts[EARLIER_GAINS])
        parts[EARLIER_GAINS] = array("Q", moved)
    pending = iter(lead.parts.get(LIMIT_VALUES, ()))
    values = array("Q")
    for place, fact in enumerate(lead.facts):
        before, kind = old.slots[slot_of(fact)], old.kinds[slot_of(fact)]
        counted = [rule for rule in before.rules if counted_by(fact) & rule.bit]
        goes_on = {kept[rule.slot] for rule in counted if rule.slot in kept}
        after = [rule for rule in new.kind(kind).rules if rule.slot in goes_on]
        if values_of(before, fact):
            found = {kept.get(rule.slot): next(pending) for rule in counted if rule.bit & before.by_value}
            values.extend(found[rule.slot] for rule in after if rule.slot in found)
        mask = sum(rule.bit for rule in after)
        lead.facts[place] = counted_anew(fact, _new_kind_slot(old, new, slot_of(fact)), mask)
    if values:
        parts[LIMIT_VALUES] = values
