"""Ingest gives each partition to one lane, hands it over, and ends with an error rather than half-alive."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.topics import INPUT_NAMES
from streams.clock import SystemClock
from streams.kafka import held as held_module
from streams.kafka import ingest as ingest_module
from streams.kafka.errors import KafkaUnreachable, TopicsDiffer
from streams.kafka.ingest import Ingest, LaneStuck
from streams.kafka.producer import RecordProducer
from streams.kafka.source import PartitionSource
from streams.lane.ports import Fenced, PositionLost
from streams.settings import Settings
from tests.conftest import FreshTopics
from tests.support.servers import KafkaServer, free_port
from tests.support.servers.topics import make_topics_anew

OPENS = INPUT_NAMES[0]
LONG_S = 30.0
"""For rebalances, which take up to a few seconds on a busy machine."""

Behaviour = Callable[["FakeLane"], Awaitable[None]]


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


class FailingLane(FakeLane):
    """A lane that does something else than it should."""

    def __init__(self, source: PartitionSource, behaviour: Behaviour) -> None:
        super().__init__(source, {})
        self.behaviour = behaviour

    async def run(self) -> None:
        """What the test says."""
        self.runs.set()
        await self.behaviour(self)


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


async def crash_reason(bootstrap: str, group: str, behaviour: Behaviour, runs: int = 1) -> BaseException | None:
    """What Ingest crashes with when its only lane behaves like that; asserts that it ran so many times."""
    lanes: list[FailingLane] = []

    def make_lane(partition: int, source: PartitionSource) -> FailingLane:
        lanes.append(FailingLane(source, behaviour))
        return lanes[-1]

    ingest = Ingest(settings(bootstrap, group, 1), make_lane, SystemClock())
    async with started(ingest):
        await until(lambda: ingest.crashed, "the service has crashed")
    assert len(lanes) == runs
    return ingest.crash_reason


async def raise_value_error(lane: FakeLane) -> None:
    """A bug in a lane."""
    raise ValueError("a bug")


async def end_at_once(lane: FakeLane) -> None:
    """A lane that returns without being told to."""


async def be_fenced(lane: FakeLane) -> None:
    """A lane whose token is never the one in Redis."""
    raise Fenced


async def test_an_exception_in_a_lane_crashes_the_service(fresh_topics: FreshTopics, prefix: str) -> None:
    """There is no worker in which some lanes live and some do not."""
    reason = await crash_reason(await fresh_topics(1), prefix, raise_value_error)
    assert isinstance(reason, ValueError)


async def test_a_lane_that_ends_by_itself_crashes_the_service(fresh_topics: FreshTopics, prefix: str) -> None:
    """A partition that nobody reads is not left so."""
    reason = await crash_reason(await fresh_topics(1), prefix, end_at_once)
    assert isinstance(reason, held_module.LaneEnded)


async def test_a_lane_fenced_three_times_in_a_minute_crashes_the_service(
    fresh_topics: FreshTopics, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fenced lane takes over again while Kafka assigns it here, but not for ever."""
    monkeypatch.setattr(held_module, "RETAKE_AFTER_S", 0.01)
    reason = await crash_reason(await fresh_topics(1), prefix, be_fenced, runs=3)
    assert isinstance(reason, Fenced)


async def test_an_exception_in_the_assignment_crashes_the_service(
    fresh_topics: FreshTopics, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiokafka swallows what its listener raises; the service does not."""

    def broken(*_: object) -> None:
        raise ValueError("assignment")

    monkeypatch.setattr(ingest_module, "Held", broken)
    ingest = Ingest(settings(await fresh_topics(1), prefix, 1), lambda _, s: FakeLane(s, {}), SystemClock())
    async with started(ingest):
        await until(lambda: ingest.crashed, "the service has crashed")
    assert str(ingest.crash_reason) == "assignment"


async def test_a_lane_that_does_not_end_is_cancelled_and_then_fatal(
    fresh_topics: FreshTopics, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lane that ignores both the request and the cancellation fails the stop, with its stack."""
    monkeypatch.setattr(ingest_module, "FINISH_S", 0.05)
    monkeypatch.setattr(ingest_module, "CANCEL_S", 0.05)
    let_go = asyncio.Event()

    async def stubborn(lane: FakeLane) -> None:
        while not let_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await let_go.wait()

    lanes: list[FailingLane] = []

    def make_lane(partition: int, source: PartitionSource) -> FailingLane:
        lanes.append(FailingLane(source, stubborn))
        return lanes[-1]

    ingest = Ingest(settings(await fresh_topics(1), prefix, 1), make_lane, SystemClock())
    await ingest.start()
    await until(lambda: bool(lanes) and lanes[0].runs.is_set(), "the lane runs")
    with pytest.raises(LaneStuck, match="stubborn"):
        await ingest.stop()
    let_go.set()


async def test_no_kafka_is_said_in_time(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Kafka the service does not start, and says which address does not answer."""
    monkeypatch.setattr(ingest_module, "PATIENCE_S", 0.6)
    bootstrap = f"127.0.0.1:{free_port()}"
    ingest = Ingest(settings(bootstrap, prefix, 1), lambda _, s: FakeLane(s, {}), SystemClock())
    with pytest.raises(KafkaUnreachable, match=bootstrap):
        async with started(ingest):
            pass


async def test_other_topics_are_refused(fresh_topics: FreshTopics, prefix: str) -> None:
    """A worker does not start when the topics have another number of partitions than it was told."""
    bootstrap = await fresh_topics(2)
    ingest = Ingest(settings(bootstrap, prefix, 6), lambda _, s: FakeLane(s, {}), SystemClock())
    with pytest.raises(TopicsDiffer, match="partitions is 2, should be 6"):
        async with started(ingest):
            pass
