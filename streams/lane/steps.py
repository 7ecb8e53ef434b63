"""Keeps the topics of a lane in step: records are applied in the order of their Kafka timestamps.

Ties go by the topic's place in the table of topics, then by offset; within a topic the offset alone decides.
A record is taken once every other topic has a later one in hand or is exhausted. In live traffic that is at once;
in a backlog it makes a replay come out the same. A topic that cannot be read holds the others up for a bounded
time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.topics import PLACE
from streams.lane.ports import Pull, Record


class Taken(NamedTuple):
    """A record whose turn has come, with its Kafka timestamp, or the present if that is earlier."""

    record: Record
    timestamp_ms: int


class Steps:
    """Records in hand, by topic. At most two pulls of each topic are held."""

    def __init__(self, offsets: Mapping[str, int], batch_records: int, topic_wait_s: float) -> None:
        self.next_offset = dict(offsets)
        self._batch_records = batch_records
        self._topic_wait_s = topic_wait_s
        self._waiting: dict[str, deque[Record]] = {topic: deque() for topic in offsets}
        self._pulled = dict(offsets)
        self._open = frozenset(offsets)
        self._unread: frozenset[str] = frozenset()

    @property
    def wanted(self) -> tuple[str, ...]:
        """The topics of which more should be pulled."""
        return tuple(topic for topic, records in self._waiting.items() if len(records) < self._batch_records)

    @property
    def is_exhausted(self) -> bool:
        """Nothing in hand, and nothing more in Kafka."""
        return not self._open and not any(self._waiting.values())

    @property
    def has_records(self) -> bool:
        """Something is in hand, whether or not its turn has come."""
        return any(self._waiting.values())

    def add(self, pull: Pull) -> None:
        """Put what a pull brought in hand."""
        for topic, records in pull.records.items():
            self._waiting[topic].extend(records)
        self._pulled.update(pull.next_offset)
        self._unread = frozenset(
            topic for topic, seconds in pull.unreadable_s.items() if seconds > self._topic_wait_s
        )
        self._open = frozenset(self._waiting) - pull.exhausted

    def take(self, present_ms: int) -> list[Taken]:
        """The records whose turn it is, in order, at most a batch of them."""
        holding_up = {topic for topic in self._open if not self._waiting[topic]} - self._unread
        taken: list[Taken] = []
        heads = {topic: records for topic, records in self._waiting.items() if records}
        while heads and not holding_up and len(taken) < self._batch_records:
            topic, timestamp_ms = _first(heads, present_ms)
            records = heads[topic]
            taken.append(Taken(records.popleft(), timestamp_ms))
            if not records:
                del heads[topic]
                if topic in self._open and topic not in self._unread:
                    break
        self._note_positions(taken)
        return taken

    def give_back(self, taken: Sequence[Taken]) -> None:
        """Put records that are not to be applied yet in hand again; the last ones taken, in order."""
        for record, _ in reversed(taken):
            self._waiting[record.topic].appendleft(record)
            self.next_offset[record.topic] = record.offset

    def _note_positions(self, taken: Sequence[Taken]) -> None:
        for record, _ in taken:
            self.next_offset[record.topic] = record.offset + 1
        for topic, records in self._waiting.items():
            if not records:
                self.next_offset[topic] = self._pulled[topic]


def _first(heads: Mapping[str, deque[Record]], present_ms: int) -> tuple[str, int]:
    """The topic whose first record comes first, and that record's timestamp."""
    best, best_key = "", (present_ms + 1, 0)
    for topic, records in heads.items():
        key = (min(records[0].timestamp, present_ms), PLACE[topic])
        if key < best_key:
            best, best_key = topic, key
    return best, best_key[0]
