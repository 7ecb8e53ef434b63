"""Records to inputs: what a record says, or why it is refused.

The record's own place is kept beside it: whatever becomes of a record is counted and journalled under it. A
record of `leadline.rekeyed` is read as a record of the topic that it came from. A record may be a CloudEvent, which
its headers say; a record without any costs nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schemas.accepted import Json, Signal
from schemas.cloudevents import Headers, is_cloud_event, open_event
from schemas.codec import decode_object, read_command, read_profile, read_signal
from schemas.commands import LeadCommand, ModelCommand
from schemas.profiles import ProfileUpdate
from schemas.rejected import Reason, Refused
from schemas.topics import BY_NAME, REKEYED, Family, Topic
from streams.lane.ports import UNREADABLE_HEADERS, Record

ORIGIN_HEADER = "leadline-origin"
"""Where a re-keyed record came from: `<topic>/<partition>/<offset>`."""

PLACE_MAX_CHARS = 30
"""A partition of 10 digits, an offset of 19, and what is between them."""

LEAD_FAMILIES = (Family.SIGNAL, Family.PROFILE, Family.COMMAND)
"""What may be re-keyed: records that belong to a lead."""


class Origin(NamedTuple):
    """The place of a record before it was re-keyed."""

    topic: str
    partition: int
    offset: int


_SIGNAL = Family.SIGNAL

Said = Signal | ProfileUpdate | LeadCommand
"""What a record says of one lead."""


@dataclass(frozen=True)
class Input:
    """A record, and one of: what it says of a lead, a model command, a refusal."""

    record: Record
    timestamp_ms: int
    origin: Origin | None
    said: Said | None
    model: ModelCommand | None
    refused: Refused | None


def read_input(record: Record, timestamp_ms: int) -> Input:
    """What the record says. `timestamp_ms` is its Kafka timestamp, or the present if that is earlier."""
    origin = None
    try:
        topic = BY_NAME[record.topic]
        if topic is REKEYED:
            origin = _read_origin(record)
            topic = BY_NAME[origin.topic]
        headers = record.headers
        if headers and _tell_an_event(headers):
            members = open_event(record.value, headers, topic)
        else:
            members = decode_object(record.value)
        if topic.family is _SIGNAL:
            signal = read_signal(members, topic.default_kind, timestamp_ms)
            _check_key(record, signal.lead_id)
            return Input(record, timestamp_ms, origin, signal, None, None)
        said = _read_said(members, topic, timestamp_ms)
        if isinstance(said, ModelCommand):
            return Input(record, timestamp_ms, origin, None, said, None)
        _check_key(record, said.lead_id)
        return Input(record, timestamp_ms, origin, said, None, None)
    except Refused as refused:
        # The collector does not see through pydantic's error: its frames, and so the batch, would stay for ever.
        refused.__context__ = None
        return Input(record, timestamp_ms, origin, None, None, refused)


class Mentions(NamedTuple):
    """Of some inputs: whom they are about, whose profile they tell, the latest instant, the last records."""

    leads: list[str]
    profiled: list[str]
    until_ms: int
    last: dict[str, Record]


def mentions(inputs: Sequence[Input]) -> Mentions:
    """What a lane has to load and to note before it applies these."""
    leads, profiled, until_ms, last = [], [], 0, {}
    for given in inputs:
        said = given.said
        if said is not None:
            leads.append(said.lead_id)
            if isinstance(said, ProfileUpdate):
                profiled.append(said.lead_id)
        until_ms = max(until_ms, given.timestamp_ms)
        last[given.record.topic] = given.record
    return Mentions(leads, profiled, until_ms, last)


def occurred_ms_of(said: Said) -> int:
    """When it occurred, in milliseconds."""
    return said.occurred_ms if isinstance(said, Signal | ProfileUpdate) else said.occurred_at


def origin_header(record: Record) -> tuple[str, bytes]:
    """The header that says where a record was before it is re-keyed."""
    return ORIGIN_HEADER, f"{record.topic}/{record.partition}/{record.offset}".encode()


def parse_origin(header: bytes | None) -> Origin | None:
    """What `origin_header` has written; None if it is something else."""
    topic, _, place = (header or b"").decode("utf-8", "replace").partition("/")
    partition, _, offset = place.partition("/")
    is_place = partition.isdecimal() and offset.isdecimal() and len(place) <= PLACE_MAX_CHARS
    return Origin(topic, int(partition), int(offset)) if is_place else None


def _read_said(
    members: dict[str, Json], topic: Topic, timestamp_ms: int
) -> ProfileUpdate | LeadCommand | ModelCommand:
    if topic.family is Family.PROFILE:
        return read_profile(members, timestamp_ms)
    return read_command(members, timestamp_ms)


def _tell_an_event(headers: Headers) -> bool:
    """Whether the record is a CloudEvent. Raises Refused where they could not be read."""
    if headers is UNREADABLE_HEADERS:
        raise Refused(Reason.WRONG_TYPE, "headers")
    return is_cloud_event(headers)


def _check_key(record: Record, lead_id: str) -> None:
    if not record.key:
        raise Refused(Reason.KEY_MISSING)
    if record.key != lead_id.encode():
        raise Refused(Reason.KEY_MISMATCH, "lead_id")


def _read_origin(record: Record) -> Origin:
    for name, value in record.headers:
        if name == ORIGIN_HEADER:
            origin = parse_origin(value)
            known = BY_NAME.get(origin.topic) if origin else None
            if origin and known and known.family in LEAD_FAMILIES:
                return origin
    raise Refused(Reason.BAD_ORIGIN)
