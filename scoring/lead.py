"""A lead's state: all that its past still means, in arrays that are their own encoding.

    head       format, band, ordinal of the model, as_of, latest engagement, landmark, wake, ceiling, ...
    counts     one double a rule: the decayed count (half-life), or the count (no decay)
    ids        64-bit hashes of (kind, id) of the newest 256 accepted signals: the memory for duplicates
    arrivals   the Kafka timestamps of their records
    facts      of the newest 32: when they occurred (43 bits), their kind (5), the rules they counted for (16)
    parts      sparse: series of kinds and of fading or expiring rules, tables of limits, times of alerts

Decayed counts are *forward*: the sum of `2^((s - mark) / half_life)` over the signals' times s, for a landmark
`mark` of the lead. Advancing time leaves it as it is, so that one step equals many, and a late signal is no
special case. The value at t is that sum times `2^((mark - t) / half_life)`.

Integers and doubles are little-endian, 8 bytes; the format's number comes first.
"""

from __future__ import annotations

import struct
from array import array

STATE_FORMAT = 1

KIND_SERIES = 0
"""Parts from here on: signals by hour, one series a kind (the last one: all other kinds)."""

RULE_SERIES = 32
"""Parts from here on: signals by hour or day that count for a fading or expiring rule."""

LIMIT_TABLE = 96
"""Parts from here on: the buckets of a limited rule."""

ALERT_TIMES = 160
"""The part that holds the last alert of each band, in milliseconds, 0 for none."""

NEVER = 0
"""As `wake`: nothing will happen by itself; as `latest`: never engaged."""

NEWEST_KEPT = 32
"""Signals that are kept however old they are: a later word about one of them still finds it."""

_HEAD = struct.Struct("<BBHIIqqqqdHHB3x")
HEAD_BYTES = _HEAD.size
PART_ENTRY_BYTES = 3
_directories = [struct.Struct("<" + "BH" * parts) for parts in range(256)]


class UnknownFormat(Exception):
    """The state was written by a newer leadline."""


class Lead:
    """One lead. Instants are milliseconds since 1970; `band` counts from 0 (cold).

    `wake` is a whole second before which the lead does not fall out of its band with no further input, NEVER when
    it cannot: a hint when to look, which depends on when it was looked at last; all else depends on inputs alone.
    `ceiling` is at least the score from `as_of` on, if nothing else comes. `model` is the ordinal of the model
    under which the state counts.
    """

    __slots__ = (
        "arrivals", "as_of", "band", "buckets", "ceiling", "counts", "facts", "ids", "latest", "machines", "mark",
        "model", "parts", "wake",
    )  # fmt: skip

    def __init__(self, as_of: int, model: int, rules: int, ceiling: float) -> None:
        self.as_of = as_of
        self.latest = NEVER
        self.mark = as_of
        self.wake = NEVER
        self.ceiling = ceiling
        self.band = 0
        self.model = model
        self.machines = 0
        self.buckets = 0
        self.counts = array("d", bytes(8 * rules))
        self.ids = array("Q")
        self.facts = array("Q")
        self.arrivals = array("q")
        self.parts: dict[int, array[int]] = {}

    def part(self, tag: int) -> array[int]:
        """The part of this tag, made if there is none."""
        found = self.parts.get(tag)
        if found is None:
            found = self.parts[tag] = array("Q")
        return found

    def before(self, tags: tuple[int, ...]) -> Lead:
        """The lead as it is now for scoring, whatever becomes of it: of its parts only these."""
        twin = Lead.__new__(Lead)
        twin.mark, twin.latest, twin.counts = self.mark, self.latest, self.counts[:]
        parts = self.parts
        twin.parts = {tag: parts[tag][:] for tag in tags if tag in parts}
        return twin


def encode_lead(lead: Lead) -> bytes:
    """The state as bytes."""
    parts = lead.parts
    directory: list[int] = []
    bodies = [lead.counts.tobytes(), lead.ids.tobytes(), lead.arrivals.tobytes(), lead.facts.tobytes()]
    for tag, words in parts.items():
        directory += (tag, len(words))
        bodies.append(words.tobytes())
    head = _HEAD.pack(
        STATE_FORMAT, lead.band, len(lead.counts), lead.model, lead.machines, lead.as_of, lead.latest,
        lead.mark, lead.wake, lead.ceiling, lead.buckets, len(lead.ids), len(parts),
    )  # fmt: skip
    return b"".join((head, _directories[len(parts)].pack(*directory), *bodies))


def decode_lead(state: bytes) -> Lead:
    """The lead in these bytes. Raises UnknownFormat."""
    if state[0] != STATE_FORMAT:
        raise UnknownFormat(f"a lead's state has format {state[0]}, this leadline knows {STATE_FORMAT}")
    lead = Lead.__new__(Lead)
    (
        _, lead.band, rules, lead.model, lead.machines, lead.as_of, lead.latest,
        lead.mark, lead.wake, lead.ceiling, lead.buckets, ids, parts,
    ) = _HEAD.unpack_from(state)  # fmt: skip
    directory = _directories[parts].unpack_from(state, HEAD_BYTES)
    counts_at = HEAD_BYTES + PART_ENTRY_BYTES * parts
    words_at = counts_at + 8 * rules
    lead.counts = array("d", state[counts_at:words_at])
    words = array("Q", state[words_at:])
    lead.ids = words[:ids]
    lead.arrivals = array("q", words[ids : 2 * ids].tobytes())
    end = 2 * ids + min(ids, NEWEST_KEPT)
    lead.facts = words[2 * ids : end]
    lead.parts = {}
    for place in range(0, 2 * parts, 2):
        start, end = end, end + directory[place + 1]
        lead.parts[directory[place]] = words[start:end]
    return lead
