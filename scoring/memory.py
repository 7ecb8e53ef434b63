"""What a lead remembers of its newest signals: which ones came, when, and what they counted for.

The ids and arrivals of the newest 256 are the memory for duplicates (72 hours between the Kafka timestamps). Of the
newest 32 of these, more: a later word may tell that one was a machine's (retract), and the newest 32 that gave
positive points may be a surge. A fact is

    bits 0-4 kind slot, 5-20 a bit for each rule of that kind that counted it, 21-31 positive points, 32 retracted

A signal with positive points that is none of the newest 32 any more, while it is one of the newest 32 of those,
moves to a part of its own: `occurred_ms << 16 | kind slot << 11 | points`. Limits by an attribute need the
attribute's bucket to be taken back: a part holds them for the newest 32, in the order of signals and their rules.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

import xxhash

from schemas.instants import HOUR_MS
from scoring.arrays import append_word, last_place_before, remove_words, word_at
from scoring.bounds import IDS_MAX, NEWEST_MAX
from scoring.layout import (
    EARLIER_GAINS,
    FACT_MASK,
    FACT_MASK_AT,
    FACT_POINTS_AT,
    FACT_SLOT,
    GAIN_AT,
    GAIN_POINTS,
    GAIN_SLOT_AT,
    LIMIT_VALUES,
)
from scoring.lead import Lead
from scoring.plan import Plan
from scoring.terms import KindPlan

REPEAT_WITHIN_MS = 72 * HOUR_MS
"""A repeat is known as one for this long, between the Kafka timestamps of the two records."""

_RETRACTED = 1 << 32


def signal_hash(kind: str, signal_id: str) -> int:
    """48 bits that stand for a signal. A kind has no NUL, so that the pair is not ambiguous.

    Among 256 ids a new one looks like a repeat once in 10^12 signals.
    """
    return xxhash.xxh3_64_intdigest(f"{kind}\0{signal_id}".encode()) >> 16


def is_repeat(lead: Lead, known: int, timestamp_ms: int) -> bool:
    """Whether a signal of this hash was accepted within the memory."""
    place = last_place_before(lead.ids, len(lead.ids), known)
    while place >= 0:
        arrival: int = word_at(lead.arrivals, place)
        if timestamp_ms - arrival < REPEAT_WITHIN_MS:
            return True
        place = last_place_before(lead.ids, place, known)
    return False


def pack_fact(slot: int, rules: int, points: int) -> int:
    """A signal's kind, the rules that counted it, its positive points."""
    return points << FACT_POINTS_AT | rules << FACT_MASK_AT | slot


def slot_of(fact: int) -> int:
    """The kind slot of a fact."""
    return fact & FACT_SLOT


def counted_by(fact: int) -> int:
    """The bits of the rules that counted it, be it retracted or not."""
    return fact >> FACT_MASK_AT & FACT_MASK


def counted_anew(fact: int, slot: int, rules: int) -> int:
    """The same fact of another kind slot and other rules' bits."""
    kept = fact & ~(FACT_MASK << FACT_MASK_AT | FACT_SLOT)
    return kept | rules << FACT_MASK_AT | slot


def of_other_kind(gain: int, new_slot: Callable[[int], int]) -> int:
    """An earlier gain with another kind slot."""
    return gain & ~(FACT_SLOT << GAIN_SLOT_AT) | new_slot(gain >> GAIN_SLOT_AT & FACT_SLOT) << GAIN_SLOT_AT


def rules_of(fact: int) -> int:
    """The bits of the rules that counted it; none if it was retracted."""
    return 0 if fact & _RETRACTED else counted_by(fact)


def points_of(fact: int) -> int:
    """Its positive points; none if it was retracted."""
    return 0 if fact & _RETRACTED else fact >> FACT_POINTS_AT & GAIN_POINTS


def gave_points(fact: int) -> bool:
    """Whether it has a place among those that counted with positive points, be it an empty one."""
    return bool(fact >> FACT_POINTS_AT & GAIN_POINTS)


def remember(plan: Plan, lead: Lead, known: int, timestamp_ms: int, occurred_ms: int, fact: int) -> None:
    """Put an accepted signal into the log, and forget the oldest by arrival beyond what is remembered.

    Not the oldest by time are forgotten: the records of a file without timestamps are not in the order of theirs.
    """
    append_word(lead.ids, known)
    append_word(lead.arrivals, timestamp_ms)
    append_word(lead.occurred, occurred_ms)
    append_word(lead.facts, fact)
    if len(lead.facts) > NEWEST_MAX:
        _leave_newest(plan, lead)
        if gave_points(fact) and EARLIER_GAINS in lead.parts:
            _forget_gains(lead)
    if len(lead.ids) > IDS_MAX:
        remove_words(lead.ids, 0, 1)
        remove_words(lead.arrivals, 0, 1)


def find_newest(lead: Lead, known: int) -> int | None:
    """The place among the newest 32 of the latest signal of this hash that was not retracted."""
    older = len(lead.ids) - len(lead.facts)
    for place in range(len(lead.facts) - 1, -1, -1):
        if lead.ids[older + place] == known and not lead.facts[place] & _RETRACTED:
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
        if word & GAIN_POINTS:
            gains.append((word >> GAIN_AT, word >> GAIN_SLOT_AT & FACT_SLOT, word & GAIN_POINTS))
    return gains


def values_of(kind: KindPlan, fact: int) -> int:
    """How many limit values the log keeps for a signal: one for each rule that counted it with such a limit."""
    counted = counted_by(fact) & kind.by_value
    how_many = 0
    while counted:
        counted &= counted - 1
        how_many += 1
    return how_many


def values_before(plan: Plan, lead: Lead, place: int) -> int:
    """Where the limit values of the signal at this place among the newest 32 begin."""
    return sum(values_of(plan.slots[slot_of(fact)], fact) for fact in lead.facts[:place])


def _leave_newest(plan: Plan, lead: Lead) -> None:
    """The oldest of the newest 32 is none of them any more: of it stays what a surge may need."""
    occurred_ms, fact = word_at(lead.occurred, 0), word_at(lead.facts, 0)
    remove_words(lead.occurred, 0, 1)
    remove_words(lead.facts, 0, 1)
    how_many = values_of(plan.slots[slot_of(fact)], fact)
    if how_many:
        values = lead.part(LIMIT_VALUES)
        remove_words(values, 0, how_many)
        if len(values) == 0:
            del lead.parts[LIMIT_VALUES]
    if gave_points(fact):
        gain = occurred_ms << GAIN_AT | slot_of(fact) << GAIN_SLOT_AT | points_of(fact)
        append_word(lead.part(EARLIER_GAINS), gain)


def _forget_gains(lead: Lead) -> None:
    """Keep so many that they are, with those among the newest 32, 32 at most."""
    gains, too_many = lead.part(EARLIER_GAINS), -NEWEST_MAX
    for place in range(len(lead.facts)):
        too_many += gave_points(word_at(lead.facts, place))
    too_many += len(gains)
    if too_many > 0:
        remove_words(gains, 0, too_many)
    if len(gains) == 0:
        del lead.parts[EARLIER_GAINS]
