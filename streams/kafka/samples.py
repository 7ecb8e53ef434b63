"""The newest records of topics, looked at from outside: does each lie where its key belongs, and from when is it.

Kafka does not know what partitioner a producer has, so what it has written is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.kafka.cluster import Kafka
from streams.kafka.errors import answering
from streams.kafka.marks import POLL_MS, reader
from streams.kafka.placement import partition_of
from streams.kafka.reread import is_of_unpacking, reread

RECORDS = 50
"""Of each partition: a partitioner that is not murmur2 misplaces four of five."""

PARTITIONS = 32
"""Looked at of each topic, spread over all: 11,200 records of seven topics, a second's work."""


@dataclass(slots=True)
class Sample:
    """What was seen of one topic. `newest_ms` is the latest Kafka timestamp, None if nothing was there."""

    records: int = 0
    keyless: int = 0
    misplaced: int = 0
    newest_ms: int | None = None

    @property
    def keyed(self) -> int:
        """Records with a key."""
        return self.records - self.keyless

    def add(self, record: ConsumerRecord, partitions: int) -> None:
        """Count one more."""
        self.records += 1
        if not record.key:
            self.keyless += 1
        elif partition_of(record.key, partitions) != record.partition:
            self.misplaced += 1
        self.newest_ms = max(record.timestamp, self.newest_ms or 0)


async def sample(kafka: Kafka, topics: Sequence[str], partitions: int) -> dict[str, Sample]:
    """The newest committed records of these topics, each with so many partitions. Raises KafkaFault."""
    step = -(-partitions // PARTITIONS)
    found = {topic: Sample() for topic in topics}
    places = [TopicPartition(topic, number) for topic in topics for number in range(0, partitions, step)]
    async with reader(kafka) as consumer, answering(kafka):
        consumer.assign(places)
        for record in await _newest(consumer, places):
            found[record.topic].add(record, partitions)
    return found


async def _newest(consumer: AIOKafkaConsumer, places: Iterable[TopicPartition]) -> list[ConsumerRecord]:
    beginnings = await consumer.beginning_offsets(places)
    ends = await consumer.end_offsets(places)
    starts = {place: max(beginnings[place], end - RECORDS) for place, end in ends.items()}
    try:
        return await _read(consumer, starts, ends)
    except Exception as error:
        if not is_of_unpacking(error):
            raise
    again = [await _reread(consumer, place, start, ends[place]) for place, start in starts.items()]
    return [record for records in again for record in records]


async def _read(
    consumer: AIOKafkaConsumer, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> list[ConsumerRecord]:
    for place, start in starts.items():
        consumer.seek(place, start)
    records: list[ConsumerRecord] = []
    while [place for place, end in ends.items() if await consumer.position(place) < end]:
        fetched = await consumer.getmany(timeout_ms=POLL_MS)
        records += (each for place, found in fetched.items() for each in found if each.offset < ends[place])
    return records


async def _reread(consumer: AIOKafkaConsumer, place: TopicPartition, offset: int, end: int) -> list[ConsumerRecord]:
    records: list[ConsumerRecord] = []
    while offset < end:
        found, offset = await reread(consumer, place, offset)
        records += (each for each in found if each.offset < end)
    return records
