"""What a lead remembers of its newest signals: which ones came, when, and what they counted for.

One log serves the memory for duplicates (256 ids, 72 hours between the Kafka timestamps) and what later
commands and explanations ask of the newest 32 signals.
"""

from __future__ import annotations

import xxhash

from schemas.instants import HOUR_MS
from scoring.lead import NEWEST_KEPT, Lead

IDS_MAX = 256
"""Ids that are remembered against repeats."""

REPEAT_WITHIN_MS = 72 * HOUR_MS
"""A repeat is known as one for this long, between the Kafka timestamps of the two records."""

KIND_BUCKETS_MAX = 720
"""(kind, hour) pairs of a lead: an hour of each of 30 days."""

_KIND_BITS, _MASK_BITS = 5, 16


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


def remember(lead: Lead, known: int, timestamp_ms: int, facts: int) -> None:
    """Put an accepted signal into the log, and forget the oldest by arrival beyond what is remembered.

    Not the oldest by time: the records of a file without timestamps are not in the order of theirs.
    """
    lead.ids.append(known)
    lead.arrivals.append(timestamp_ms)
    lead.facts.append(facts)
    if len(lead.ids) > IDS_MAX:
        lead.ids.pop(0)
        lead.arrivals.pop(0)
    if len(lead.facts) > NEWEST_KEPT:
        lead.facts.pop(0)


def pack_facts(occurred_ms: int, kind_slot: int, rules: int) -> int:
    """When a signal occurred, its kind, and a bit for each rule of that kind that it counted for."""
    return occurred_ms << (_KIND_BITS + _MASK_BITS) | kind_slot << _MASK_BITS | rules


def unpack_facts(facts: int) -> tuple[int, int, int]:
    """(occurred_ms, kind slot, rules) of a packed word."""
    return (
        facts >> (_KIND_BITS + _MASK_BITS),
        facts >> _MASK_BITS & ((1 << _KIND_BITS) - 1),
        facts & ((1 << _MASK_BITS) - 1),
    )
