"""The changes as they are published, each once: what `leadline watch`, the demo and the tests read.

The way every consumer of changes should read them: `read_committed`, and of each partition nothing that is not
above the last (timeline, seq). A publisher that had to repeat itself is not seen.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas.accepted import Json
from schemas.codec import decode_object
from schemas.topics import CHANGES
from streams.kafka.clients import client_options
from streams.kafka.cluster import Kafka
from streams.kafka.errors import RETRY_S, KafkaUnreachable, answering, closed, reach
from streams.kafka.topics import partitions_of

START_PATIENCE_S = 8.0
"""A busy broker may leave a first connection without an answer for a second or two."""

FETCH_WAIT_MS = 100
"""How long a broker holds an empty fetch; a change is sent at once all the same."""

RECORDS_MAX = 1_000
"""Taken at once; the rest stays where it is."""

POLL_S = 1.0
"""How often an iteration without changes looks whether it was cancelled."""


@dataclass(frozen=True, slots=True)
class FollowedChange:
    """One change, and where it stood. `members` is its JSON; see `schemas/changes.py`."""

    partition: int
    offset: int
    timestamp_ms: int
    timeline: int
    seq: int
    members: dict[str, Json]


class ChangeFollower:
    """Reads all partitions of `lead.score-changes`, without a group: `async for change in follower`."""

    def __init__(self, kafka: Kafka, *, from_beginning: bool = False) -> None:
        self._kafka = kafka
        self._from_beginning = from_beginning
        self._consumer: AIOKafkaConsumer | None = None
        self._last: dict[int, tuple[int, int]] = {}
        self._taken: deque[FollowedChange] = deque()

    async def start(self) -> None:
        """Connect; whatever is published once this has returned is seen. Raises KafkaFault."""
        loop = asyncio.get_running_loop()
        give_up_at_s = loop.time() + START_PATIENCE_S
        while True:
            try:
                return await self._connect()
            except KafkaUnreachable:
                await self.stop()
                if loop.time() >= give_up_at_s:
                    raise
            await asyncio.sleep(RETRY_S)

    async def _connect(self) -> None:
        count = await partitions_of(self._kafka, CHANGES.name)
        consumer = AIOKafkaConsumer(
            **client_options(self._kafka),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )
        self._consumer = consumer
        await reach(consumer, self._kafka)
        async with answering(self._kafka):
            partitions = [TopicPartition(CHANGES.name, number) for number in range(count)]
            consumer.assign(partitions)
            look = consumer.beginning_offsets if self._from_beginning else consumer.end_offsets
            for tp, offset in (await look(partitions)).items():
                consumer.seek(tp, offset)

    async def stop(self) -> None:
        """Close the connection."""
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            await closed(consumer.stop())

    async def take(self, timeout_s: float) -> Sequence[FollowedChange]:
        """The changes that have come, in order for each partition; waits for some up to `timeout_s`."""
        if self._consumer is None:
            raise RuntimeError("start the follower first")
        loop = asyncio.get_running_loop()
        give_up_at_s = loop.time() + timeout_s
        while True:
            left_ms = max(0, int((give_up_at_s - loop.time()) * 1_000))
            fetched = await self._consumer.getmany(timeout_ms=left_ms, max_records=RECORDS_MAX)
            changes = [change for records in fetched.values() for change in self._new(records)]
            if changes or loop.time() >= give_up_at_s:
                return changes

    async def __aiter__(self) -> AsyncIterator[FollowedChange]:
        while True:
            for change in await self.take(POLL_S):
                yield change

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _new(self, records: Sequence[ConsumerRecord]) -> list[FollowedChange]:
        changes = []
        for record in records:
            place = place_of(record)
            if place is None or place <= self._last.get(record.partition, (0, 0)):
                continue
            self._last[record.partition] = place
            if record.value is not None:
                changes.append(
                    FollowedChange(
                        record.partition, record.offset, record.timestamp, *place, decode_object(record.value)
                    )
                )
        return changes


def place_of(record: ConsumerRecord) -> tuple[int, int] | None:
    """(timeline, seq) from the headers; None for a record that leadline did not write."""
    headers = dict(record.headers)
    try:
        return int(headers["timeline"]), int(headers["seq"])
    except (KeyError, ValueError):
        return None
