"""What stands in one partition of an output topic, from its beginning to its end: for whoever compares."""

from __future__ import annotations

from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.kafka.cluster import Kafka
from streams.kafka.errors import answering
from streams.kafka.marks import POLL_MS, reader

SILENT_S = 30.0
"""Of a log that is being read: a broker that has said nothing for as long is away."""


async def hear(kafka: Kafka, topic: str, partition: int, listen: Callable[[ConsumerRecord], None]) -> int | None:
    """Hand every committed record to `listen`, in order. Raises KafkaFault.

    The timestamp in ms of the first one, if Kafka has removed what stood before it; else None.
    """
    async with reader(kafka) as consumer:
        return await _hear(consumer, TopicPartition(topic, partition), kafka, listen)


async def _hear(
    consumer: AIOKafkaConsumer, tp: TopicPartition, kafka: Kafka, listen: Callable[[ConsumerRecord], None]
) -> int | None:
    consumer.assign([tp])
    async with answering(kafka):
        beginning = (await consumer.beginning_offsets([tp]))[tp]
        end = (await consumer.end_offsets([tp]))[tp]
    consumer.seek(tp, beginning)
    first_ms = None
    while await consumer.position(tp) < end:
        async with answering(kafka, SILENT_S):
            records = await _next(consumer, tp, end)
        if first_ms is None and records:
            first_ms = records[0].timestamp
        for record in records:
            listen(record)
    return first_ms if beginning > 0 else None


async def _next(consumer: AIOKafkaConsumer, tp: TopicPartition, end: int) -> list[ConsumerRecord]:
    """The next records before the end; none if there are only markers."""
    while await consumer.position(tp) < end:
        if records := (await consumer.getmany(tp, timeout_ms=POLL_MS)).get(tp):
            return [record for record in records if record.offset < end]
    return []
