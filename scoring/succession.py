"""One model after another: what a lead carries over when a new model comes into force.

The state keeps decayed counts and not points, so that new points, groups, clamps, steps and bands take effect on
every lead at once. A rule goes on counting if its kind, condition, limit and decay are what they were under the
same id; any other rule starts at nothing. Signals of a kind that the new model does not name count as `other`.
"""

from __future__ import annotations

from array import array

from schemas.changes import Cause
from scoring.bands import Crossing, Step, band_after_input, move
from scoring.falls import find_fall, second_after
from scoring.fold import advance
from scoring.lead import ALERT_TIMES, KIND_SERIES, LIMIT_TABLE, NEVER, RULE_SERIES, Lead
from scoring.memory import pack_facts, unpack_facts
from scoring.plan import Plan
from scoring.score import Curve
from scoring.series import merge


def succeed(old: Plan, new: Plan, lead: Lead, at_ms: int, crossings: list[Crossing]) -> None:
    """Bring the lead to the instant of the new model under the old one, then evaluate it under the new."""
    advance(old, lead, at_ms, crossings)
    before, previous_score = old.names[lead.band], Curve(old, lead).score(lead.as_of)
    carry_over(old, new, lead)
    curve = Curve(new, lead)
    score, lead.ceiling = curve.score(lead.as_of), curve.ceiling(lead.as_of)
    band = band_after_input(new, lead.band, score)
    if new.names[band] != before:
        crossings.append(move(new, lead, band, Step(Cause.MODEL, before, previous_score, score)))
    else:
        lead.band = band
        lead.wake = find_fall(new, lead, second_after(lead.as_of))


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
    lead.facts = array("Q", (_carry_facts(old, new, kept, word) for word in lead.facts))
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
    for slot in range(len(old.kinds)):
        series = lead.parts.get(KIND_SERIES + slot)
        if series:
            tag = KIND_SERIES + _new_kind_slot(old, new, slot)
            parts[tag] = merge(parts[tag], series) if tag in parts else series


def _carry_alerts(old: Plan, new: Plan, lead: Lead, parts: dict[int, array[int]]) -> None:
    times = lead.parts.get(ALERT_TIMES)
    if times:
        by_name = dict(zip(old.names[1:], times, strict=False))
        parts[ALERT_TIMES] = array("Q", (by_name.get(name, NEVER) for name in new.names[1:]))


def _carry_facts(old: Plan, new: Plan, kept: dict[int, int], word: int) -> int:
    occurred_ms, slot, mask = unpack_facts(word)
    new_slot = _new_kind_slot(old, new, slot)
    slots = {kept.get(rule.slot) for rule in old.kind(old.kinds[slot]).rules if mask & rule.bit}
    bits = sum(rule.bit for rule in new.kind(old.kinds[slot]).rules if rule.slot in slots)
    return pack_facts(occurred_ms, new_slot, bits)
