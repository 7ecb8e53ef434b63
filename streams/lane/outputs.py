"""What a batch sends: changes, refusals and re-keyed records, as entries of the outbox with their numbers."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import msgspec
import xxhash

from schemas.changes import Change
from schemas.cloudevents import CONTENT_TYPE, envelope_headers
from schemas.codec import decode_change, encode
from schemas.instants import format_ms
from schemas.rejected import Refused, RejectedRecord
from schemas.topics import CHANGES, REJECTED, REKEYED
from scoring.changes import make_change
from scoring.notices import Notice
from scoring.plan import Plan
from streams.lane.inputs import Input, origin_header
from streams.lane.ports import OutboxEntry, Record
from streams.lane.position import Position

PAYLOAD_MAX_BYTES = 65_536
"""Of a refused value, where payloads are published at all: enough to see what was sent."""

JSON = (CONTENT_TYPE, b"application/json")


@dataclass(slots=True)
class Outputs:
    """The entries of one batch. `changes` and `refusals` count what was sent, for the metrics; `arrivals` are the
    changes that a record made: id, and the record's Kafka timestamp in ms."""

    partition: int
    position: Position
    with_payload: bool
    entries: list[OutboxEntry] = field(default_factory=list)
    history: dict[str, list[bytes]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    arrivals: list[tuple[str, int]] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)

    def add_changes(
        self, plan: Plan, lead_id: str, notices: list[Notice], origin: str, arrived_ms: int | None = None
    ) -> None:
        """Publish what a lead crossed; `origin` names the record that made it so, which arrived at that instant."""
        for notice in notices:
            change = make_change(plan, lead_id, notice, origin, self.position.next_seq(CHANGES.name))
            self._add_change(change)
            if arrived_ms is not None and not notice.by_itself:
                self.arrivals.append((change.change_id, arrived_ms))

    def add_again(self, change: bytes) -> None:
        """Publish a change that was made before: the same, but for its place."""
        timeline, seq = self.position.next_seq(CHANGES.name)
        self._add_change(msgspec.structs.replace(decode_change(change), timeline=timeline, seq=seq))

    def erase(self, lead_id: str) -> None:
        """Take back what this batch says of the lead, and publish that it is gone."""
        key = lead_id.encode()
        self.history.pop(lead_id, None)
        self.entries = [tombstone(entry) if is_about(entry, key) else entry for entry in self.entries]
        place = self.position.next_seq(CHANGES.name)
        self._add(CHANGES.name, self.partition, key, None, place_headers(place))

    def add_refusal(self, given: Input, refused: Refused) -> None:
        """Publish why a record was not accepted."""
        record, value = given.record, given.record.value
        rejected = RejectedRecord(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            timestamp=format_ms(given.timestamp_ms),
            reason=refused.reason,
            field=refused.field,
            hash=xxhash.xxh3_64_hexdigest(value) if value else "",
            size_bytes=len(value or b""),
            payload=self._payload(value),
        )
        place = self.position.next_seq(REJECTED.name)
        headers = (*place_headers(place), ("reason", refused.reason.encode()), JSON)
        self._add(REJECTED.name, self.partition, record.key or None, encode(rejected), headers)
        self.refusals[refused.reason.value] += 1

    def add_rekeyed(self, record: Record, timestamp_ms: int, partition_of: Callable[[bytes], int]) -> None:
        """Send a record to the partition where its key belongs, with where it came from and its own time."""
        key, headers = record.key or b"", (origin_header(record), *envelope_headers(record.headers))
        self._add(REKEYED.name, partition_of(key), key, record.value, headers, timestamp_ms)

    def _add_change(self, change: Change) -> None:
        value, place = encode(change), (change.timeline, change.seq)
        headers = (*place_headers(place), ("alert", b"1" if change.alert else b"0"), *_event_headers(change))
        self._add(CHANGES.name, self.partition, change.lead_id.encode(), value, headers)
        self.history.setdefault(change.lead_id, []).append(value)
        self.changes.append(change)

    def _add(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: tuple[tuple[str, bytes], ...],
        timestamp_ms: int | None = None,
    ) -> None:
        self.position.outbox += 1
        self.entries.append(OutboxEntry(self.position.outbox, topic, partition, key, value, headers, timestamp_ms))

    def _payload(self, value: bytes | None) -> str | None:
        if not self.with_payload or value is None:
            return None
        return base64.b64encode(value[:PAYLOAD_MAX_BYTES]).decode()


def is_about(entry: OutboxEntry, key: bytes) -> bool:
    """Whether an entry tells of the lead with this key."""
    return entry.key == key and entry.value is not None


def tombstone(entry: OutboxEntry) -> OutboxEntry:
    """The entry without what it tells; its number, topic, key and headers of place stay."""
    headers = tuple(header for header in entry.headers if header[0] in ("timeline", "seq"))
    return replace(entry, value=None, headers=headers)


def place_headers(place: tuple[int, int]) -> tuple[tuple[str, bytes], ...]:
    """A (timeline, seq), for consumers that drop what they have seen."""
    timeline, seq = place
    return ("timeline", str(timeline).encode()), ("seq", str(seq).encode())


def _event_headers(change: Change) -> tuple[tuple[str, bytes], ...]:
    """The change as a CloudEvent in binary mode: a consumer may filter without reading the value."""
    return (
        JSON,
        ("ce_specversion", b"1.0"),
        ("ce_id", change.change_id.encode()),
        ("ce_source", b"/leadline"),
        ("ce_type", f"leadline.lead.{change.kind}".encode()),
        ("ce_time", change.occurred_at.encode()),
        ("ce_subject", change.lead_id.encode()),
    )
