"""A lead's state: all that its past still means, in arrays that are their own encoding.

    head       format, band, ordinal of the model, as_of, latest engagement, landmark, wake, ceiling, fit, ...
    counts     one double a rule: the decayed count (half-life), or the count (no decay)
    log        of the newest 256 accepted signals, by arrival (see memory.py):
      ids        64-bit hashes of (kind, id)
      arrivals   the Kafka timestamps of their records
      occurred   when they occurred
      facts      their kind, the rules they counted for, their positive points
    parts      sparse: series of kinds, of fading or expiring rules and of days, tables of limits, times of alerts
    flags      the red flags raised by command

Decayed counts are *forward*: the sum of `2^((s - mark) / half_life)` over the signals' times s, for a landmark
`mark` of the lead. Advancing time leaves it as it is, so that one step equals many, and a late signal is no
special case. The value at t is that sum times `2^((mark - t) / half_life)`.

Integers and doubles are little-endian, 8 bytes; the format's number comes first.
"""

from __future__ import annotations

import struct
from array import array
from enum import IntEnum

import msgspec

from scoring.bounds import (
    BANDS_MAX,
    BUCKETS_MAX,
    DAYS_MAX,
    DROP_AT_ONCE,
    FLAG_BYTES,
    FLAGS_MAX,
    IDS_MAX,
    KIND_BUCKETS_MAX,
    NEWEST_MAX,
)

STATE_FORMAT = 1

KIND_SERIES = 0
"""Parts from here on: signals by hour, one series a kind (the last one: all other kinds)."""

RULE_SERIES = 32
"""Parts from here on: signals by hour or day that count for a fading or expiring rule."""

LIMIT_TABLE = 96
"""Parts from here on: the buckets of a limited rule."""

ALERT_TIMES = 160
"""The part that holds the last alert of each band, in milliseconds, 0 for none."""

EARLIER_GAINS = 161
"""The part that holds signals with positive points which have left the log, as far as they may be in a surge."""

LIMIT_VALUES = 162
"""The part that holds, for the newest 32 signals, the buckets of limits by an attribute that they counted in."""

DAY_TOTALS = 163
"""The part that holds positive points by calendar day: a series."""

NEVER = 0
"""As `wake`: nothing will happen by itself; as `latest`: never engaged; as `surged`, `until`: not at all."""

_HEAD = struct.Struct("<BBBBHIIqqqqdqQHHHBBB")
HEAD_BYTES = _HEAD.size
PART_ENTRY_BYTES = 3
_directories = [struct.Struct("<" + "BH" * parts) for parts in range(256)]
_encode_flags = msgspec.msgpack.Encoder().encode


class Status(IntEnum):
    """What became of a lead, by the last outcome that was told."""

    OPEN = 0
    CONVERTED = 1
    DEAD = 2


class Flag(msgspec.Struct, frozen=True, array_like=True):
    """A red flag raised by command. `until` in milliseconds, NEVER: until it is lifted. `cap` None: the model's."""

    reason: str
    by: str | None
    until: int
    cap: float | None


_decode_flags = msgspec.msgpack.Decoder(list[Flag]).decode


class UnknownFormat(Exception):
    """The state was written by a newer leadline."""


class Lead:
    """One lead. Instants are milliseconds since 1970; `band` and `segment` count from 1, 0 is cold or none.

    `wake` is a whole second before which nothing happens to the lead without an input, NEVER when nothing can: a
    hint when to look, which depends on when it was looked at last; all else depends on inputs alone.
    `ceiling` is at least the score from `as_of` on, if nothing else comes. `model` is the ordinal of the model
    under which the state counts. `fit` has a bit for each fit rule that the profile matches, `known` one for each
    dimension of which something was sent; `is_profiled` if there is a profile at all.
    """

    __slots__ = (
        "arrivals", "as_of", "band", "buckets", "ceiling", "counts", "facts", "fit", "flags", "ids", "is_profiled",
        "known", "latest", "machines", "mark", "model", "occurred", "parts", "segment", "status", "surged", "wake",
    )  # fmt: skip

    def __init__(self, as_of: int, model: int, rules: int, ceiling: float) -> None:
        self.as_of = as_of
        self.latest = NEVER
        self.mark = as_of
        self.wake = NEVER
        self.surged = NEVER
        self.ceiling = ceiling
        self.band = 0
        self.segment = 0
        self.status = Status.OPEN
        self.fit = 0
        self.known = 0
        self.is_profiled = False
        self.model = model
        self.machines = 0
        self.buckets = 0
        self.counts = array("d", bytes(8 * rules))
        self.ids = array("Q")
        self.arrivals = array("q")
        self.occurred = array("q")
        self.facts = array("Q")
        self.parts: dict[int, array[int]] = {}
        self.flags: list[Flag] = []

    def part(self, tag: int) -> array[int]:
        """The part of this tag, made if there is none."""
        found = self.parts.get(tag)
        if found is None:
            found = self.parts[tag] = array("Q")
        return found

    def before(self, tags: tuple[int, ...]) -> Lead:
        """The lead as it is now for scoring, whatever becomes of it: of its parts only these."""
        twin = Lead.__new__(Lead)
        twin.mark, twin.latest, twin.fit, twin.flags = self.mark, self.latest, self.fit, self.flags[:]
        twin.counts = self.counts[:]
        parts = self.parts
        twin.parts = {tag: parts[tag][:] for tag in tags if tag in parts}
        return twin


def worst_bytes(rules: int, kinds: int, spans: list[int], limited: int, values: int) -> int:
    """The largest state under a model of so many rules and kinds.

    `spans`: hours or days of each fading or expiring rule; `limited`: rules with a limit; `values`: limits by an
    attribute that one signal may count in.
    """
    log = IDS_MAX * (6 + 7) + NEWEST_MAX * (7 + 1 + 3 + 2 + values) + NEWEST_MAX * (7 + 1 + 2)
    series = KIND_BUCKETS_MAX * (2 + 3) + DAYS_MAX * (2 + 6) + sum((span + DROP_AT_ONCE + 2) * 5 for span in spans)
    tables = limited * (2 + BUCKETS_MAX * (5 + 2)) + (kinds + len(spans)) * 6
    return HEAD_BYTES + 8 * (rules + BANDS_MAX) + log + series + tables + FLAGS_MAX * FLAG_BYTES


def encode_lead(lead: Lead) -> bytes:
    """The state as bytes."""
    parts = lead.parts
    directory: list[int] = []
    bodies = [words.tobytes() for words in (lead.counts, lead.ids, lead.arrivals, lead.occurred, lead.facts)]
    for tag, words in parts.items():
        directory += (tag, len(words))
        bodies.append(words.tobytes())
    flags = _encode_flags(lead.flags) if lead.flags else b""
    head = _HEAD.pack(
        STATE_FORMAT, lead.band, lead.segment, lead.status, len(lead.counts), lead.model, lead.machines,
        lead.as_of, lead.latest, lead.mark, lead.wake, lead.ceiling, lead.surged, lead.fit,
        lead.buckets, len(lead.ids), len(flags), len(parts), lead.known, lead.is_profiled,
    )  # fmt: skip
    return b"".join((head, _directories[len(parts)].pack(*directory), *bodies, flags))


def decode_lead(state: bytes) -> Lead:
    """The lead in these bytes. Raises UnknownFormat."""
    if state[0] != STATE_FORMAT:
        raise UnknownFormat(f"a lead's state has format {state[0]}, this leadline knows {STATE_FORMAT}")
    lead = Lead.__new__(Lead)
    (
        _, lead.band, lead.segment, status, rules, lead.model, lead.machines,
        lead.as_of, lead.latest, lead.mark, lead.wake, lead.ceiling, lead.surged, lead.fit,
        lead.buckets, ids, flags, parts, lead.known, is_profiled,
    ) = _HEAD.unpack_from(state)  # fmt: skip
    lead.status, lead.is_profiled = Status(status), bool(is_profiled)
    directory = _directories[parts].unpack_from(state, HEAD_BYTES)
    counts_at = HEAD_BYTES + PART_ENTRY_BYTES * parts
    words_at, flags_at = counts_at + 8 * rules, len(state) - flags
    lead.counts = array("d", state[counts_at:words_at])
    words = array("Q", state[words_at:flags_at])
    lead.ids = words[:ids]
    lead.arrivals = array("q", words[ids : 2 * ids].tobytes())
    lead.occurred = array("q", words[2 * ids : 3 * ids].tobytes())
    end = 4 * ids
    lead.facts = words[3 * ids : end]
    lead.parts = {}
    for place in range(0, 2 * parts, 2):
        start, end = end, end + directory[place + 1]
        lead.parts[directory[place]] = words[start:end]
    lead.flags = _decode_flags(state[flags_at:]) if flags else []
    return lead
