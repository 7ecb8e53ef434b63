"""Records to inputs: what a record says, or why it is refused.

The record's own place is kept beside it: whatever becomes of a record is counted and journalled under it. A
record of `leadline.rekeyed` is read as a record of the topic that it came from.
"""

from __future__ import annotations

from typing import NamedTuple

from schemas.codec import decode_command, decode_signal
from schemas.commands import ModelCommand
from schemas.rejected import Reason, Refused
from schemas.signals import Signal
from schemas.topics import BY_NAME, REKEYED, Family, Topic
from streams.lane.ports import Record

ORIGIN_HEADER = "leadline-origin"
"""Where a re-keyed record came from: `<topic>/<partition>/<offset>`."""


class Origin(NamedTuple):
    """The place of a record before it was re-keyed."""

    topic: str
    partition: int
    offset: int


class Input(NamedTuple):
    """A record, and one of: a signal, a model command, a refusal."""

    record: Record
    timestamp_ms: int
    origin: Origin | None
    signal: Signal | None
    command: ModelCommand | None
    refused: Refused | None


def read_input(record: Record, timestamp_ms: int) -> Input:
    """What the record says. `timestamp_ms` is its Kafka timestamp, or the present if that is earlier."""
    origin = None
    try:
        topic = BY_NAME[record.topic]
        if topic is REKEYED:
            origin = _read_origin(record)
            topic = BY_NAME[origin.topic]
        if topic.family is Family.COMMAND:
            return Input(record, timestamp_ms, origin, None, decode_command(record.value, timestamp_ms), None)
        return Input(record, timestamp_ms, origin, _read_signal(record, topic, timestamp_ms), None, None)
    except Refused as refused:
        return Input(record, timestamp_ms, origin, None, None, refused)


def origin_header(record: Record) -> tuple[str, bytes]:
    """The header that says where a record was before it is re-keyed."""
    return ORIGIN_HEADER, f"{record.topic}/{record.partition}/{record.offset}".encode()


def _read_signal(record: Record, topic: Topic, timestamp_ms: int) -> Signal:
    signal = decode_signal(record.value, topic.default_kind, timestamp_ms)
    if not record.key:
        raise Refused(Reason.KEY_MISSING)
    if record.key != signal.lead_id.encode():
        raise Refused(Reason.KEY_MISMATCH, "lead_id")
    return signal


def _read_origin(record: Record) -> Origin:
    for name, value in record.headers:
        if name == ORIGIN_HEADER:
            topic, _, place = value.decode("utf-8", "replace").partition("/")
            partition, _, offset = place.partition("/")
            known = BY_NAME.get(topic)
            if known and known.family is Family.SIGNAL and partition.isdecimal() and offset.isdecimal():
                return Origin(topic, int(partition), int(offset))
    raise Refused(Reason.BAD_ORIGIN)
