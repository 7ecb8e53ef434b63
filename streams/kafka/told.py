"""One command into Kafka, and what leadline publishes of its lane from then on.

    async with Aftermath(kafka, partition) as aftermath:       # from here on nothing is missed
        sent = await send_command(kafka, lead_id, value)
        ... wait until the lane has applied it, by its meta hash ...
        await aftermath.refusal(sent, up_to)                        # if the lane refused it: why

Reads as every consumer should: what is committed, and nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from schemas.rejected import RejectedRecord
from schemas.topics import CHANGES, COMMANDS, REJECTED
from streams.kafka.clients import client_options
from streams.kafka.cluster import Kafka
from streams.kafka.errors import answering, closed, reach
from streams.kafka.follow import place_of

POLL_MS = 200
"""How often it is looked whether time is up."""

PUBLISHED_TIMEOUT_S = 10.0
"""From a commit to its records in Kafka: milliseconds, unless Kafka is away or the outbox is full."""

Seq = tuple[int, int]
"""(timeline, seq) of a record of an output topic."""


class Sent(NamedTuple):
    """Where a command lies in `lead.commands`."""

    partition: int
    offset: int


class Tombstone(NamedTuple):
    """A record without a value: what was there about a lead is gone."""

    offset: int
    seq: int


async def send_command(kafka: Kafka, lead_id: str, value: bytes) -> Sent:
    """Write one command; Kafka has acknowledged it on return. Raises KafkaFault."""
    producer = AIOKafkaProducer(**client_options(kafka), acks="all", enable_idempotence=True)
    try:
        await reach(producer, kafka)
        async with answering(kafka):
            written = await producer.send_and_wait(COMMANDS.name, value, lead_id.encode())
        return Sent(written.partition, written.offset)
    finally:
        await closed(producer.stop())


class Aftermath:
    """The output records of one partition, from the moment at which this was opened."""

    def __init__(self, kafka: Kafka, partition: int) -> None:
        self._kafka = kafka
        self._partition = partition
        self._consumer = AIOKafkaConsumer(
            **client_options(kafka), enable_auto_commit=False, isolation_level="read_committed"
        )
        self._ends: dict[TopicPartition, int] = {}

    async def refusal(self, sent: Sent, up_to: Seq) -> RejectedRecord | None:
        """Why the command was refused, None if no entry up to this (timeline, seq) is about it."""
        async for record in self._records(REJECTED.name, up_to):
            entry = RejectedRecord.model_validate_json(record.value or b"{}")
            if (entry.topic, entry.partition, entry.offset) == (COMMANDS.name, *sent):
                return entry
        return None

    async def tombstones(self, lead_id: str, up_to: Seq) -> list[Tombstone]:
        """The tombstones of a lead up to this (timeline, seq), as far as they are published in time."""
        key = lead_id.encode()
        return [
            Tombstone(record.offset, seq[1])
            async for record in self._records(CHANGES.name, up_to)
            if record.key == key and record.value is None and (seq := place_of(record))
        ]

    async def _records(self, topic: str, up_to: Seq) -> AsyncIterator[ConsumerRecord]:
        """The records since the opening, up to a (timeline, seq) or until time is up."""
        place = TopicPartition(topic, self._partition)
        self._consumer.assign([place])
        self._consumer.seek(place, self._ends[place])
        loop = asyncio.get_running_loop()
        give_up_at_s = loop.time() + PUBLISHED_TIMEOUT_S
        while loop.time() < give_up_at_s:
            for record in (await self._consumer.getmany(timeout_ms=POLL_MS)).get(place, ()):
                yield record
                if (place_of(record) or (0, 0)) >= up_to:
                    return

    async def __aenter__(self) -> Self:
        try:
            await reach(self._consumer, self._kafka)
            async with answering(self._kafka):
                places = [TopicPartition(topic.name, self._partition) for topic in (CHANGES, REJECTED)]
                self._ends = dict(await self._consumer.end_offsets(places))
        except BaseException:
            await closed(self._consumer.stop())
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await closed(self._consumer.stop())
