"""Ingest gives each partition to one lane, hands it over, and ends with an error rather than half-alive."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.topics import INPUT_NAMES
from streams.clock import SystemClock
from streams.kafka.ingest import Ingest
from streams.kafka.producer import RecordProducer
from streams.kafka.source import PartitionSource
from streams.lane.ports import PositionLost
from streams.settings import Settings
from tests.conftest import FreshTopics
from tests.support.servers import KafkaServer
from tests.support.servers.topics import make_topics_anew

OPENS = INPUT_NAMES[0]
LONG_S = 60.0
"""For rebalances, which take up to a few seconds on a busy machine."""


class FakeLane:
    """A lane whose position is a dictionary that all lanes of a test share, as they would share Redis."""

    def __init__(self, source: PartitionSource, positions: dict[tuple[str, int], int]) -> None:
        self.source = source
        self.positions = positions
        self.values: list[bytes | None] = []
        self.stopping = asyncio.Event()
        self.runs = asyncio.Event()
        self.ended = asyncio.Event()

    async def run(self) -> None:
        """Pull and count, until told to stop."""
        self.source.seek(self.offsets())
        self.runs.set()
        try:
            with contextlib.suppress(PositionLost):
                while not self.stopping.is_set():
                    await self._take()
        finally:
            self.ended.set()

    def stop(self) -> None:
        """End at the next look."""
        self.stopping.set()

    def offsets(self) -> Mapping[str, int]:
        """Where this lane stands."""
        return {topic: self.positions.get((topic, self.source.partition), 0) for topic in INPUT_NAMES}

    async def _take(self) -> None:
        pull = await self.source.pull(INPUT_NAMES, 100, 60.0)
        for records in pull.records.values():
            self.values.extend(record.value for record in records)
        for topic, offset in pull.next_offset.items():
            self.positions[topic, self.source.partition] = offset


def settings(bootstrap: str, group: str, partitions: int) -> Settings:
    """The settings of a worker."""
    return Settings(kafka=bootstrap, group=group, partitions=partitions)


@asynccontextmanager
async def started(ingest: Ingest) -> AsyncIterator[Ingest]:
    """The service between its start and its stop."""
    try:
        await ingest.start()
        yield ingest
    finally:
        await ingest.stop()


async def until(condition: Callable[[], bool], what: str) -> None:
    """Return once `condition()`."""
    try:
        async with asyncio.timeout(LONG_S):
            while True:
                if condition():
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"not within {LONG_S} s: {what}")


async def produce(bootstrap: str, values: Sequence[bytes]) -> None:
    """One record each, in OPENS, over all partitions."""
    async with RecordProducer(bootstrap) as producer:
        for value in values:
            await producer.send(OPENS, key=value, value=value)
        await producer.flush()


async def test_each_partition_gets_one_lane_with_all_topics(fresh_topics: FreshTopics, prefix: str) -> None:
    """A worker alone holds every partition, and each lane's source reads all input topics."""
    bootstrap = await fresh_topics(3)
    lanes: list[FakeLane] = []

    def make_lane(partition: int, source: PartitionSource) -> FakeLane:
        lanes.append(FakeLane(source, {}))
        return lanes[-1]

    ingest = Ingest(settings(bootstrap, prefix, 3), make_lane, SystemClock())
    async with started(ingest):
        await until(lambda: len(lanes) == 3 and all(lane.runs.is_set() for lane in lanes), "three lanes run")
        assert sorted(ingest.lanes) == [0, 1, 2]
        assert {lane.source.topics for lane in lanes} == {INPUT_NAMES}
        await produce(bootstrap, [b"%d" % number for number in range(50)])
        await until(lambda: sum(len(lane.values) for lane in lanes) == 50, "all records have come")
    assert all(lane.ended.is_set() for lane in lanes)


@pytest.mark.real_kafka  # a group of two never comes to rest on the embedded broker
async def test_lanes_go_to_another_worker_and_come_back(fresh_topics: FreshTopics, prefix: str) -> None:
    """A second worker takes half of the partitions, whole; when it stops, the first has all again."""
    bootstrap = await fresh_topics(4)
    positions: dict[tuple[str, int], int] = {}
    lanes: list[FakeLane] = []

    def make_lane(partition: int, source: PartitionSource) -> FakeLane:
        lanes.append(FakeLane(source, positions))
        return lanes[-1]

    config = settings(bootstrap, prefix, 4)
    first, second = (Ingest(config, make_lane, SystemClock()) for _ in range(2))
    async with started(first):
        await until(lambda: len(first.lanes) == 4, "the first has all")
        async with started(second):
            await until(lambda: len(first.lanes) == 2 and len(second.lanes) == 2, "they share")
            assert set(first.lanes).isdisjoint(second.lanes)
            await produce(bootstrap, [b"a%d" % number for number in range(40)])
            await until(lambda: sum(len(lane.values) for lane in lanes) == 40, "all have come")
        await until(lambda: len(first.lanes) == 4, "the first has all again")
        await produce(bootstrap, [b"b%d" % number for number in range(40)])
        await until(lambda: sum(len(lane.values) for lane in lanes) == 80, "all have come")
    values = [value for lane in lanes for value in lane.values]
    assert len(set(values)) == len(values) == 80


@pytest.mark.real_kafka  # a group of two never comes to rest on the embedded broker
async def test_a_worker_without_partitions_stands_by(fresh_topics: FreshTopics, prefix: str) -> None:
    """With fewer partitions than workers one has none, and takes over when the other stops."""
    bootstrap = await fresh_topics(1)
    config = settings(bootstrap, prefix, 1)
    workers = [Ingest(config, lambda _, source: FakeLane(source, {}), SystemClock()) for _ in range(2)]
    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(started(worker))
        await until(lambda: sorted(len(w.lanes) for w in workers) == [0, 1], "one has the partition")
        await until(lambda: not any(w.rebalancing for w in workers), "the group is at rest")
        busy, idle = sorted(workers, key=lambda worker: -len(worker.lanes))
        await busy.stop()
        await until(lambda: len(idle.lanes) == 1, "the other has taken over")


@pytest.mark.real_kafka
async def test_offsets_are_mirrored_for_lag_tools(fresh_topics: FreshTopics, prefix: str) -> None:
    """When a worker stops, Kafka knows how far its lanes are."""
    bootstrap = await fresh_topics(1)
    await produce(bootstrap, [b"1", b"2", b"3"])
    lanes: list[FakeLane] = []

    def make_lane(partition: int, source: PartitionSource) -> FakeLane:
        lanes.append(FakeLane(source, {}))
        return lanes[-1]

    async with started(Ingest(settings(bootstrap, prefix, 1), make_lane, SystemClock())):
        await until(lambda: bool(lanes) and len(lanes[0].values) == 3, "the records have come")
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        mirrored = await admin.list_consumer_group_offsets(prefix)
    finally:
        await admin.close()
    assert mirrored[TopicPartition(OPENS, 0)].offset == 3


@pytest.mark.real_kafka
async def test_a_broker_that_was_killed_costs_no_record(prefix: str) -> None:
    """Lanes go on after Kafka was away: every record comes once, and the service has not crashed."""
    values: list[bytes | None] = []

    def make_lane(partition: int, source: PartitionSource) -> FakeLane:
        lane = FakeLane(source, {})
        lane.values = values
        return lane

    with KafkaServer() as server:
        await make_topics_anew(server.bootstrap, 2)
        ingest = Ingest(settings(server.bootstrap, prefix, 2), make_lane, SystemClock())
        async with started(ingest):
            await produce(server.bootstrap, [b"a%d" % number for number in range(20)])
            await until(lambda: len(values) == 20, "the records have come")
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            await produce(server.bootstrap, [b"b%d" % number for number in range(20)])
            await until(lambda: len(values) >= 40, "the others have come")
            assert not ingest.crashed
    assert len(set(values)) == len(values) == 40
