"""What Ingest makes of an assignment, without a broker."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from aiokafka import TopicPartition
from aiokafka import errors as aiokafka_errors
from structlog.testing import capture_logs

from schemas.topics import INPUT_NAMES
from streams.clock import SystemClock
from streams.kafka.errors import KafkaFault, KafkaUnreachable, NeverTaken, TopicsDiffer, named
from streams.kafka.ingest import Ingest
from streams.kafka.source import PartitionSource
from streams.settings import Settings


class NoLane:
    """A lane that a test does not want to see."""

    def __init__(self, partition: int, source: PartitionSource) -> None:
        raise AssertionError(f"a lane for partition {partition}")

    async def run(self) -> None:
        """Never."""

    def stop(self) -> None:
        """Never."""

    def offsets(self) -> Mapping[str, int]:
        """Never."""
        return {}


def assignment(topics: tuple[str, ...], partition: int) -> set[TopicPartition]:
    """A partition of these topics."""
    return {TopicPartition(topic, partition) for topic in topics}


async def test_a_partition_that_is_not_held_of_every_topic_gets_no_lane() -> None:
    """A lane that misses a topic would score without it, so it does not run, and the log says which."""
    ingest = Ingest(Settings(partitions=2), NoLane, SystemClock())
    with capture_logs() as logged:
        await ingest.on_partitions_assigned(assignment(INPUT_NAMES[1:], 1))
        await asyncio.sleep(0)
    assert not ingest.crashed
    assert ingest.lanes == {}
    assert [line["missing"] for line in logged if line["event"] == "ingest.partition_incomplete"] == [
        [INPUT_NAMES[0]]
    ]


async def test_a_partition_beyond_the_setting_ends_the_worker() -> None:
    """Added partitions move keys away from their scores: the operator decides."""
    ingest = Ingest(Settings(partitions=2), NoLane, SystemClock())
    await ingest.on_partitions_assigned(assignment(INPUT_NAMES, 2))
    assert isinstance(ingest.crash_reason, TopicsDiffer)
    assert "have a partition 2, but LEADLINE_PARTITIONS is 2" in str(ingest.crash_reason)


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (aiokafka_errors.KafkaConnectionError("x"), KafkaUnreachable, "Kafka at k:9092 does not answer"),
        (aiokafka_errors.KafkaTimeoutError("x"), KafkaUnreachable, "LEADLINE_KAFKA is its address"),
        (aiokafka_errors.NotLeaderForPartitionError(), KafkaUnreachable, "k:9092"),
        (aiokafka_errors.UnknownTopicOrPartitionError("t"), TopicsDiffer, "`leadline topics apply`"),
        (aiokafka_errors.MessageSizeTooLargeError(), NeverTaken, "max.message.bytes"),
        (aiokafka_errors.TopicAuthorizationFailedError("t"), NeverTaken, "access rules"),
    ],
)
def test_errors_of_kafka_say_whose_turn_it_is(
    error: aiokafka_errors.KafkaError, kind: type[KafkaFault], text: str
) -> None:
    """Each kind of answer has its fault, with what to look at."""
    fault = named("k:9092", error)
    assert type(fault) is kind
    assert text in str(fault)


def test_an_error_that_nobody_expects_stays_what_it_is() -> None:
    """A fault of ours is not dressed up as one of the operator's."""
    error = aiokafka_errors.IllegalStateError("what")
    assert named("k:9092", error) is error
