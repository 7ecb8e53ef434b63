"""Keeps the topics of a lane in step: records are applied in the order of their Kafka timestamps.

Ties go by the topic's place in the table of topics, then by offset; within a topic the offset alone decides.
A record is taken once every other topic has a later one in hand or is exhausted. In live traffic that is at once;
in a backlog it makes a replay come out the same. A topic that cannot be read holds the others up for a bounded
time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from schemas.topics import PLACE
from streams.lane.ports import Pull, Record

Taken = tuple[Record, int]
"""A record whose turn has come, with its Kafka timestamp, or the present if that is earlier."""


class Steps:
    """Records in hand, by topic. At most two pulls of each topic are held."""

    def __init__(self, offsets: Mapping[str, int], batch_records: int, topic_wait_s: float) -> None:
        self.next_offset = dict(offsets)
        self._batch_records = batch_records
        self._topic_wait_s = topic_wait_s
        self._waiting: dict[str, deque[Record]] = {
            topic: deque() for topic in sorted(offsets, key=PLACE.__getitem__)
        }
        self._pulled = dict(offsets)
        self._open = frozenset(offsets)
        self._unread: frozenset[str] = frozenset()
        self._first_ms: dict[str, int] = {}

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

    def oldest_ms(self) -> dict[str, int]:
        """By topic, the timestamp of the first record that was pulled and is not committed yet."""
        in_hand = {topic: records[0].timestamp for topic, records in self._waiting.items() if records}
        return {**in_hand, **self._first_ms}

    def committed(self) -> None:
        """What was taken is committed."""
        self._first_ms = {}

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
        waiting, awaited = self._waiting, self._open - self._unread
        taken: list[Taken] = []
        if not all(map(waiting.__getitem__, awaited)):
            return taken
        topics = [topic for topic, records in waiting.items() if records]
        queues = [waiting[topic] for topic in topics]
        stamps = [min(records[0].timestamp, present_ms) for records in queues]
        self._first_ms = dict(zip(topics, stamps, strict=True))
        while stamps and len(taken) < self._batch_records:
            timestamp_ms = min(stamps)
            turn = stamps.index(timestamp_ms)
            records = queues[turn]
            taken.append((records.popleft(), timestamp_ms))
            if records:
                stamps[turn] = min(records[0].timestamp, present_ms)
            elif topics[turn] in awaited:
                break
            else:
                del topics[turn], queues[turn], stamps[turn]
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
