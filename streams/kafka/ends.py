"""Where the logs of topics begin and end, and what they hold: for whoever compares from outside of a worker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.kafka.clients import client_options
from streams.kafka.cluster import Kafka
from streams.kafka.errors import answering, closed, reach
from streams.kafka.marks import POLL_MS, reader
from streams.kafka.reread import next_records
from streams.lane.ports import Bounds, Record

Place = tuple[str, int]
"""Topic and partition."""


async def log_bounds(kafka: Kafka, topics: Iterable[str], partitions: int) -> dict[Place, Bounds]:
    """The bounds of these topics, each with so many partitions; open transactions lie beyond the end.

    Raises KafkaFault. A topic that is missing looks like a Kafka that does not answer: check topics first.
    """
    places = [TopicPartition(topic, number) for topic in topics for number in range(partitions)]
    consumer = AIOKafkaConsumer(**client_options(kafka), enable_auto_commit=False, isolation_level="read_committed")
    try:
        await reach(consumer, kafka)
        async with answering(kafka):
            beginnings = await consumer.beginning_offsets(places)
            ends = await consumer.end_offsets(places)
        return {(tp.topic, tp.partition): Bounds(beginnings[tp], ends[tp]) for tp in places}
    finally:
        await closed(consumer.stop())


async def records_at(kafka: Kafka, places: Mapping[Place, int]) -> dict[Place, Record | None]:
    """The committed record at this offset of each place, which lies within its log; None where there is none.

    Raises KafkaFault.
    """
    async with reader(kafka) as consumer, answering(kafka):
        return {place: await _record_at(consumer, TopicPartition(*place), at) for place, at in places.items()}


async def _record_at(consumer: AIOKafkaConsumer, tp: TopicPartition, offset: int) -> Record | None:
    consumer.assign([tp])
    consumer.seek(tp, offset)
    while True:
        for record in await next_records(consumer, tp, POLL_MS):
            found: Record | None = record if record.offset == offset else None
            return found
        if await consumer.position(tp) > offset:
            return None
