"""Whatever goes wrong in a worker's reading ends it with an error that says what; none goes on half-alive."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from streams.clock import SystemClock
from streams.kafka import held as held_module
from streams.kafka import ingest as ingest_module
from streams.kafka.consumer import REBALANCE_TIMEOUT_S
from streams.kafka.errors import KafkaUnreachable, TopicsDiffer
from streams.kafka.ingest import Ingest, LaneStuck
from streams.kafka.source import PartitionSource
from streams.kafka.watchdog import FetchesStopped
from streams.lane.ports import Fenced
from tests.conftest import FreshTopics
from tests.connected.test_kafka_ingest import FakeLane, produce, settings, started, until
from tests.support.servers import free_port

Behaviour = Callable[[FakeLane], Awaitable[None]]


class FailingLane(FakeLane):
    """A lane that does something else than it should."""

    def __init__(self, source: PartitionSource, behaviour: Behaviour) -> None:
        super().__init__(source, {})
        self.behaviour = behaviour

    async def run(self) -> None:
        """What the test says."""
        self.runs.set()
        await self.behaviour(self)


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


async def test_a_lane_that_does_not_end_in_time_is_cancelled_at_a_revocation(
    fresh_topics: FreshTopics, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The group waits for a commit on its way, but not for ever: then the lane is cancelled."""
    assert ingest_module.FINISH_S == 5.0
    assert ingest_module.FINISH_S + ingest_module.CANCEL_S < REBALANCE_TIMEOUT_S
    monkeypatch.setattr(ingest_module, "FINISH_S", 0.05)
    is_cancelled = asyncio.Event()

    async def wait(lane: FakeLane) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            is_cancelled.set()

    ingest = Ingest(settings(await fresh_topics(1), prefix, 1), lambda _, s: FailingLane(s, wait), SystemClock())
    async with started(ingest):
        await until(lambda: bool(ingest.lanes), "the lane runs")
        with capture_logs() as logged:
            async with asyncio.timeout(ingest_module.CANCEL_S):
                await ingest.on_partitions_revoked(())
        assert is_cancelled.is_set()
        assert [line["event"] for line in logged] == ["lane.late"]
        assert not ingest.crashed


async def test_a_fetch_that_does_not_come_back_crashes_the_service(
    fresh_topics: FreshTopics, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The consumer is a member of its group still, Kafka has more, and the lane waits in its pull."""
    monkeypatch.setattr(ingest_module, "LOOK_EVERY_S", 0.1)
    is_waiting = asyncio.Event()

    async def never(*_: object, **__: object) -> None:
        is_waiting.set()
        await asyncio.Event().wait()

    bootstrap = await fresh_topics(1)
    ingest = Ingest(settings(bootstrap, prefix, 1), lambda _, s: FakeLane(s, {}), SystemClock())
    async with started(ingest):
        await until(lambda: bool(ingest.lanes), "the lane runs")
        assert ingest._consumer is not None
        monkeypatch.setattr(ingest._consumer, "getmany", never)
        await produce(bootstrap, [b"ends a fetch that waits already"])
        await until(is_waiting.is_set, "the lane waits in a fetch that does not come back")
        await produce(bootstrap, [b"L"] * 3)
        await until(lambda: ingest.crashed, "the service has crashed")
    assert isinstance(ingest.crash_reason, FetchesStopped)


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
