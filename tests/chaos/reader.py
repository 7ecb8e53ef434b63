"""A reader of what is published, `read_committed`, there from the first change to the last."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas.topics import CHANGES, REJECTED
from tests.support.tasks import ended
from tests.support.workers import Place, Site

OUTPUTS = (CHANGES.name, REJECTED.name)

READ_MS = 200
"""One round of the reader."""

POLL_S = 0.05

CATCH_UP_S = 20.0
"""For the last records to arrive, once the workers have stopped."""


@dataclass
class LiveReader:
    """Collects what it sees: by place, and in the order in which it sees it."""

    bootstrap: str
    partitions: int
    records: dict[Place, ConsumerRecord] = field(default_factory=dict)
    seen: list[ConsumerRecord] = field(default_factory=list)
    twice: int = 0
    _task: asyncio.Task[None] | None = None
    _consumer: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        """From the beginning on."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",
        )
        await self._consumer.start()
        places = [TopicPartition(topic, number) for topic in OUTPUTS for number in range(self.partitions)]
        self._consumer.assign(places)
        for place in places:
            self._consumer.seek(place, 0)
        self._task = asyncio.create_task(self._run(self._consumer), name="reader")

    async def read_to(self, ends: dict[tuple[str, int], int]) -> None:
        """Returns once it has seen all up to these ends. Raises TimeoutError."""
        assert self._consumer is not None
        async with asyncio.timeout(CATCH_UP_S):
            for (topic, partition), end in ends.items():
                await self._pass(TopicPartition(topic, partition), end)

    async def _pass(self, place: TopicPartition, end: int) -> None:
        assert self._consumer is not None
        while True:
            if await self._consumer.position(place) >= end:
                return
            await asyncio.sleep(POLL_S)

    async def stop(self) -> None:
        """End it. Raises what has ended it before."""
        await ended(self._task)
        if self._consumer is not None:
            # A consumer whose broker is away may end in a cancellation of its own.
            await asyncio.gather(self._consumer.stop(), return_exceptions=True)

    async def _run(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            for place, fetched in (await consumer.getmany(timeout_ms=READ_MS)).items():
                for record in fetched:
                    key = (place.topic, place.partition, record.offset)
                    self.twice += key in self.records
                    self.records[key] = record
                    self.seen.append(record)


async def count_hidden(site: Site) -> int:
    """How many records of the outputs are in Kafka, and hidden from a reader of what is committed.

    Both kinds of readers count up to the same places: more comes while they read.
    """
    places = [TopicPartition(topic, number) for topic in OUTPUTS for number in range(site.partitions)]
    async with AIOKafkaConsumer(bootstrap_servers=site.kafka, isolation_level="read_committed") as consumer:
        ends = await consumer.end_offsets(places)
    return await _count(site, "read_uncommitted", ends) - await _count(site, "read_committed", ends)


async def _count(site: Site, isolation_level: str, ends: Mapping[TopicPartition, int]) -> int:
    count = 0
    async with AIOKafkaConsumer(bootstrap_servers=site.kafka, isolation_level=isolation_level) as consumer:
        consumer.assign(list(ends))
        await consumer.seek_to_beginning(*ends)
        async with asyncio.timeout(CATCH_UP_S):
            while any([await consumer.position(place) < end for place, end in ends.items()]):
                fetched = await consumer.getmany(timeout_ms=READ_MS)
                count += sum(record.offset < ends[place] for place, some in fetched.items() for record in some)
    return count
