"""Where the logs of topics begin and end: for whoever compares positions with them from outside of a worker."""

from __future__ import annotations

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.kafka.errors import answering, reach
from streams.lane.ports import Bounds

Place = tuple[str, int]
"""Topic and partition."""


async def log_bounds(bootstrap: str, topics: Iterable[str], partitions: int) -> dict[Place, Bounds]:
    """The bounds of these topics, each with so many partitions; open transactions lie beyond the end.

    Raises KafkaFault. A topic that is missing looks like a Kafka that does not answer: check topics first.
    """
    places = [TopicPartition(topic, number) for topic in topics for number in range(partitions)]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, isolation_level="read_committed"
    )
    try:
        await reach(consumer, bootstrap)
        async with answering(bootstrap):
            beginnings = await consumer.beginning_offsets(places)
            ends = await consumer.end_offsets(places)
        return {(tp.topic, tp.partition): Bounds(beginnings[tp], ends[tp]) for tp in places}
    finally:
        await consumer.stop()
