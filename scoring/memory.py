"""What a lead remembers of its newest signals: which ones came, when, and what they counted for.

One log serves the memory for duplicates (256 ids, 72 hours between the Kafka timestamps), a later word that one of
the newest 32 was a machine's (retract), and surges (the newest 32 that gave positive points). A fact is

    bits 0-4 kind slot, 5-20 a bit for each rule of that kind that counted it, 21-31 positive points, 32 retracted

A signal with positive points that leaves the log, while it is still one of the newest 32 of those, moves to a part
of its own: `occurred_ms << 16 | kind slot << 11 | points`. Limits by an attribute need the attribute's bucket to be
taken back: a part holds them for the newest 32, in the order of signals and of their rules.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

import xxhash

from schemas.instants import HOUR_MS
from scoring.bounds import IDS_MAX, NEWEST_MAX
from scoring.lead import EARLIER_GAINS, LIMIT_VALUES, Lead
from scoring.plan import KindPlan, Plan

REPEAT_WITHIN_MS = 72 * HOUR_MS
"""A repeat is known as one for this long, between the Kafka timestamps of the two records."""

_SLOT, _MASK, _POINTS = 0x1F, 0xFFFF, 0x7FF
_MASK_AT, _POINTS_AT = 5, 21
_RETRACTED = 1 << 32


def signal_hash(kind: str, signal_id: str) -> int:
    """64 bits that stand for a signal. A kind has no NUL, so that the pair is not ambiguous."""
    return xxhash.xxh3_64_intdigest(f"{kind}\0{signal_id}".encode())


def is_repeat(lead: Lead, known: int, timestamp_ms: int) -> bool:
    """Whether a signal of this hash was accepted within the memory."""
    if known not in lead.ids:
        return False
    return any(
        remembered == known and timestamp_ms - arrival < REPEAT_WITHIN_MS
        for remembered, arrival in zip(lead.ids, lead.arrivals, strict=True)
    )


def pack_fact(slot: int, rules: int, points: int) -> int:
    """A signal's kind, the rules that counted it, its positive points."""
    return points << _POINTS_AT | rules << _MASK_AT | slot


def slot_of(fact: int) -> int:
    """The kind slot of a fact."""
    return fact & _SLOT


def counted_by(fact: int) -> int:
    """The bits of the rules that counted it, be it retracted or not."""
    return fact >> _MASK_AT & _MASK


def counted_anew(fact: int, slot: int, rules: int) -> int:
    """The same fact of another kind slot and other rules' bits."""
    kept = fact & ~(_MASK << _MASK_AT | _SLOT)
    return kept | rules << _MASK_AT | slot


def of_other_kind(gain: int, new_slot: Callable[[int], int]) -> int:
    """An earlier gain with another kind slot."""
    return gain & ~(_SLOT << 11) | new_slot(gain >> 11 & _SLOT) << 11


def rules_of(fact: int) -> int:
    """The bits of the rules that counted it; none if it was retracted."""
    return 0 if fact & _RETRACTED else counted_by(fact)


def points_of(fact: int) -> int:
    """Its positive points; none if it was retracted."""
    return 0 if fact & _RETRACTED else fact >> _POINTS_AT & _POINTS


def gave_points(fact: int) -> bool:
    """Whether it has a place among those that counted with positive points, be it an empty one."""
    return bool(fact >> _POINTS_AT & _POINTS)


def remember(plan: Plan, lead: Lead, known: int, stamps: tuple[int, int], fact: int) -> None:
    """Put an accepted signal into the log, and forget the oldest by arrival beyond what is remembered.

    `stamps`: its record's Kafka timestamp, and when it occurred. Not the oldest by time are forgotten: the records
    of a file without timestamps are not in the order of theirs.
    """
    lead.ids.append(known)
    lead.arrivals.append(stamps[0])
    lead.occurred.append(stamps[1])
    lead.facts.append(fact)
    if len(lead.facts) > NEWEST_MAX and LIMIT_VALUES in lead.parts:
        _forget_values(plan, lead)
    if len(lead.ids) > IDS_MAX:
        _forget_oldest(lead)


def find_newest(lead: Lead, known: int) -> int | None:
    """The place in the log of the latest signal of this hash among the newest 32 that were not retracted."""
    for place in range(len(lead.ids) - 1, max(len(lead.ids) - NEWEST_MAX, 0) - 1, -1):
        if lead.ids[place] == known and not lead.facts[place] & _RETRACTED:
            return place
    return None


def strike(lead: Lead, place: int) -> None:
    """Mark the signal as retracted; it keeps its place."""
    lead.facts[place] |= _RETRACTED


def newest_gains(lead: Lead) -> list[tuple[int, int, int]]:
    """(occurred_ms, kind slot, points) of the newest 32 that gave points, less the retracted; the newest first."""
    gains, places = [], 0
    for occurred_ms, fact in zip(reversed(lead.occurred), reversed(lead.facts), strict=True):
        if gave_points(fact):
            places += 1
            if points_of(fact):
                gains.append((occurred_ms, slot_of(fact), points_of(fact)))
            if places == NEWEST_MAX:
                return gains
    for word in reversed(lead.parts.get(EARLIER_GAINS, array("Q"))[places - NEWEST_MAX :]):
        if word & _POINTS:
            gains.append((word >> 16, word >> 11 & _SLOT, word & _POINTS))
    return gains


def values_of(kind: KindPlan, fact: int) -> int:
    """How many limit values the log keeps for a signal: one for each rule that counted it with such a limit."""
    return (counted_by(fact) & kind.by_value).bit_count()


def values_before(plan: Plan, lead: Lead, place: int) -> int:
    """Where the limit values of the signal at this place of the log begin."""
    first = max(len(lead.facts) - NEWEST_MAX, 0)
    return sum(values_of(plan.slots[slot_of(fact)], fact) for fact in lead.facts[first:place])


def _forget_values(plan: Plan, lead: Lead) -> None:
    fact = lead.facts[len(lead.facts) - NEWEST_MAX - 1]
    if how_many := values_of(plan.slots[slot_of(fact)], fact):
        values = lead.parts[LIMIT_VALUES]
        del values[:how_many]
        if not values:
            del lead.parts[LIMIT_VALUES]


def _forget_oldest(lead: Lead) -> None:
    lead.ids.pop(0)
    lead.arrivals.pop(0)
    occurred_ms, fact = lead.occurred.pop(0), lead.facts.pop(0)
    if gave_points(fact):
        gains = lead.part(EARLIER_GAINS)
        gains.append(occurred_ms << 16 | slot_of(fact) << 11 | points_of(fact))
        if len(gains) > NEWEST_MAX:
            del gains[0]
