"""A lead's state as bytes: few of them, for there are as many states as leads.

    format   1 byte, then 2 bytes of a hash of all that follows
    head     band, segment, status, ...; instants as their distance from `as_of`
    counts   a bit for each rule whose count is not zero, then these as doubles
    log      48 bits of hash for each id; arrivals from the newest on, by their distance; of the newest 32 how long
             they were on their way, and their facts (most are those of one before: how far back)
    parts    by tag: hours and days by their distance, and what came in each; buckets of limits in as many bytes as
             the widest needs; a bucket that a signal counted in by its place in these tables
    flags    the rest, as msgpack

Everything comes back as it was. How each kind of thing is packed is in packing.py.
"""

from __future__ import annotations

import struct
from array import array

import msgspec
import xxhash

from scoring.arrays import unseen
from scoring.bounds import (
    BANDS_MAX,
    BUCKETS_MAX,
    DAYS_MAX,
    DROP_AT_ONCE,
    FLAG_BYTES,
    FLAGS_MAX,
    ID_BYTES,
    IDS_MAX,
    KIND_BUCKETS_MAX,
    NEWEST_MAX,
)
from scoring.layout import RULE_SERIES
from scoring.lead import CEILING_FAR, CEILING_STEPS, Flag, Lead, Status
from scoring.packing import WORD_BYTES, Reader, Writer

STATE_FORMAT = 1
IS_COMPILED = not __file__.endswith(".py")
"""Whether this is the compiled module; what it does is the same."""

_BODY_AT, _HEAD_WORDS = 3, 16
_HEAD_BYTES = 80
"""All that comes once, with every number at its largest."""

_INSTANT_BYTES = 7
"""An instant as a distance from another: of 139 years."""

_FACT_BYTES = 1 + 1 + 3 + 2
_ENTRY_BYTES = 2 + 3
"""An hour or day within 44 years after the one before, or an hour within two; HOUR_COUNT_MAX signals in it."""

_DAY_BYTES = 2 + 5
"""A day with DAY_POINTS_MAX points."""

_PART_BYTES = 1 + 2
"""Tag and length."""

_OLD_BYTES = DROP_AT_ONCE
"""A byte more for each old entry of a series, which may be farther from the one before."""

_COUNTED_BYTES = 2
"""How many counted in a bucket: 1000 at most."""

_STATUSES = tuple(Status)
_STATUS, _PROFILED, _FINE_CEILING = 3, 4, 8
_double, _word = struct.Struct("<d"), struct.Struct("<Q")
_encode_flags = msgspec.msgpack.Encoder().encode
_decode_flags = msgspec.msgpack.Decoder(list[Flag]).decode


class UnknownFormat(Exception):
    """The state was written by a newer leadline."""


class Damaged(Exception):
    """The bytes are no lead's state, or not all of one."""


def worst_bytes(rules: int, kinds: int, spans: list[int], by_value: int, by_time: int, values: int) -> int:
    """The largest state under a model of so many rules and kinds.

    `spans`: hours or days of each fading or expiring rule; `by_value`, `by_time`: rules with a limit by an
    attribute, or by day, week or ever; `values`: limits by an attribute that one signal may count in.
    """
    counts = 8 * rules + rules // 8 + 1
    log = IDS_MAX * (ID_BYTES + _INSTANT_BYTES) + NEWEST_MAX * (_INSTANT_BYTES + _FACT_BYTES + 2 * values)
    gains = NEWEST_MAX * (_INSTANT_BYTES + 1 + 2)
    hours = KIND_BUCKETS_MAX * _ENTRY_BYTES + DAYS_MAX * _DAY_BYTES
    steps = sum((span + DROP_AT_ONCE + 2) * _ENTRY_BYTES for span in spans)
    tables = by_value * BUCKETS_MAX * (5 + _COUNTED_BYTES) + by_time * BUCKETS_MAX * (2 + _COUNTED_BYTES)
    parts = (kinds + len(spans) + by_value + by_time + 4) * _PART_BYTES + (kinds + len(spans) + 1) * _OLD_BYTES
    once = _HEAD_BYTES + BANDS_MAX * _INSTANT_BYTES + FLAGS_MAX * FLAG_BYTES
    return once + counts + log + gains + hours + steps + tables + parts


def encode_lead(lead: Lead) -> bytes:
    """The state as bytes."""
    tags = sorted(lead.parts)
    words = array("Q", lead.counts.tobytes())
    words += lead.ids
    words += lead.arrivals
    words += lead.occurred
    words += lead.facts
    start = len(words)
    for tag in tags:
        words += lead.parts[tag]
    out = bytearray(WORD_BYTES * (_HEAD_WORDS + len(words) + 2 * len(tags)))
    writer = Writer(words, out, lead.as_of)
    rules, ids = len(lead.counts), len(lead.ids)
    _write_head(writer, lead)
    writer.number(rules)
    writer.number(ids)
    writer.number(len(tags))
    writer.counts(rules)
    writer.log(rules, ids, len(lead.facts))
    for tag in tags:
        end = start + len(lead.parts[tag])
        writer.part(tag, start, end)
        start = end
    packed = bytes(out[: writer.at])
    if lead.flags:
        packed += _encode_flags(lead.flags)
    return b"%c%b%b" % (STATE_FORMAT, _check(packed), packed)


def decode_lead(state: bytes) -> Lead:
    """The lead in these bytes. Raises UnknownFormat and Damaged."""
    if state and state[0] != STATE_FORMAT:
        raise UnknownFormat(f"a lead's state has format {state[0]}, this leadline knows {STATE_FORMAT}")
    packed = state[_BODY_AT:]
    if state[1:_BODY_AT] != _check(packed):
        raise Damaged(f"{len(state)} bytes are no lead's state, or not all of one")
    try:
        return _read(Reader(packed))
    except (IndexError, ValueError, struct.error, msgspec.MsgspecError) as error:
        raise Damaged(f"a lead's state of {len(state)} bytes does not hold what it says") from error


def _check(packed: bytes) -> bytes:
    return xxhash.xxh3_64_digest(packed)[:2]


def _write_head(writer: Writer, lead: Lead) -> None:
    ceiling = lead.ceiling
    steps = int(ceiling * CEILING_STEPS) if abs(ceiling) < CEILING_FAR else 0
    is_fine = steps != ceiling * CEILING_STEPS
    switches = int(lead.status)
    if lead.is_profiled:
        switches |= _PROFILED
    if is_fine:
        switches |= _FINE_CEILING
    writer.number(switches)
    writer.number(lead.band)
    writer.number(lead.segment)
    writer.number(lead.known)
    writer.number(lead.model)
    writer.number(lead.machines)
    writer.number(lead.fit)
    writer.number(lead.as_of)
    writer.instant(lead.latest)
    writer.instant(lead.mark)
    writer.instant(lead.wake)
    writer.instant(lead.surged)
    if is_fine:
        writer.fixed(_word.unpack(_double.pack(ceiling))[0], 8)
    else:
        writer.distance(steps)


def _read(reader: Reader) -> Lead:
    lead = Lead.__new__(Lead)
    _read_head(reader, lead)
    rules, ids, parts = reader.length(), reader.length(), reader.number()
    newest = min(ids, NEWEST_MAX)
    words = array("Q", bytes(8 * (rules + len(reader.packed))))
    reader.words = words
    reader.counts(rules)
    reader.log(rules, ids, newest)
    lead.counts = unseen(array("d", words[:rules].tobytes()))
    end = rules + ids
    lead.ids = unseen(words[rules:end])
    lead.arrivals = unseen(words[end : end + ids])
    end += ids
    lead.occurred = unseen(words[end : end + newest])
    end += newest
    lead.facts = unseen(words[end : end + newest])
    end += newest
    lead.parts = {}
    lead.buckets = 0
    for _ in range(parts):
        tag, start = reader.number(), end
        end += reader.length()
        reader.part(tag, start, end)
        lead.parts[tag] = unseen(words[start:end])
        if tag < RULE_SERIES:
            lead.buckets += end - start
    at = reader.at
    lead.flags = _decode_flags(reader.packed[at:]) if at < len(reader.packed) else []
    return lead


def _read_head(reader: Reader, lead: Lead) -> None:
    switches = reader.number()
    lead.status = _STATUSES[switches & _STATUS]
    lead.is_profiled = switches & _PROFILED != 0
    lead.band = reader.count()
    lead.segment = reader.count()
    lead.known = reader.count()
    lead.model = reader.count()
    lead.machines = reader.count()
    lead.fit = reader.number()
    lead.as_of = reader.start()
    lead.latest = reader.instant()
    lead.mark = reader.instant()
    lead.wake = reader.instant()
    lead.surged = reader.instant()
    if switches & _FINE_CEILING:
        (lead.ceiling,) = _double.unpack(_word.pack(reader.fixed(8)))
    else:
        lead.ceiling = reader.distance() / CEILING_STEPS
