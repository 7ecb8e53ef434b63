"""The worker's consumer: aiokafka's settings, each with its reason. Measured on real servers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from streams.kafka.clients import client_options, pace
from streams.kafka.cluster import Kafka

HEARTBEAT_S = 0.5
"""A member hears of a rebalance by the answer to a heartbeat. At 2 s a take-over from a worker that was told to
stop took 1.9 s, 1.5 of them for that; now it takes 0.6 s. A heartbeat is some 100 bytes."""

SESSION_TIMEOUT_S = 10.0
"""A killed worker's partitions are taken over after this; eighteen heartbeats in a row may be lost."""

REBALANCE_TIMEOUT_S = 20.0
"""The others wait this long for a member that gives up its lanes, which takes at most 7 s (ingest.py)."""

NEVER_LEAVE_MS = 2**31 - 1
"""aiokafka leaves the group when nothing was pulled for `max_poll_interval_ms`, and stays out for as long as
nothing is pulled. A worker without partitions pulls nothing, nor does one that waits for Redis, and both are
to stay members; a lane whose fetches have stopped is noticed by the watchdog."""

FETCH_WAIT_MS = 100
"""How long a broker holds an empty fetch, and so how often it tells where each log ends."""

FETCH_BYTES = 1024 * 1024
"""Of one topic's partition in one fetch: some 4,000 signals."""

METADATA_AGE_MS = 30_000
"""Added partitions are noticed within this."""


def make_consumer(kafka: Kafka, group: str) -> AIOKafkaConsumer:
    """The consumer that all lanes of a worker share; not started, not subscribed.

    Only the range assignor: it gives partition p of all topics to one member as long as all have as many
    partitions, and a second assignor would cost a second join. A position is never reset silently.
    """
    return _consumer(
        kafka,
        group_id=group,
        client_id=group,
        partition_assignment_strategy=[RangePartitionAssignor],
        heartbeat_interval_ms=int(HEARTBEAT_S * 1_000),
        session_timeout_ms=int(SESSION_TIMEOUT_S * 1_000),
        rebalance_timeout_ms=int(REBALANCE_TIMEOUT_S * 1_000),
        max_poll_interval_ms=NEVER_LEAVE_MS,
    )


def make_replayer(kafka: Kafka, topics: Iterable[str], partition: int) -> AIOKafkaConsumer:
    """The same without a group, for one partition of these topics: it reads as a lane does, and takes none away."""
    consumer = _consumer(kafka)
    consumer.assign([TopicPartition(topic, partition) for topic in topics])
    return consumer


def _consumer(kafka: Kafka, **of_a_group: Any) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(
        **client_options(kafka),
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_wait_ms=FETCH_WAIT_MS,
        max_partition_fetch_bytes=FETCH_BYTES,
        metadata_max_age_ms=METADATA_AGE_MS,
        **of_a_group,
    )
    pace(consumer._client)
    return consumer
