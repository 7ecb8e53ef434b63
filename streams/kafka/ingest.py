"""The service that reads: one consumer, and one lane for each partition that Kafka assigns to it.

Lanes pull when they are free, so nothing is paused and resumed. They come up in tasks of their own, never
inside the assignment callback: heartbeats begin only after that has returned. An exception in a lane or in a
callback crashes the service, and with it the process: there is no half-alive worker.

    assigned    p of *every* input topic held: run a lane for p
    revoked     lanes are told to stop and sources released; 5 s for the commits in flight, then cancel
    each 5 s    the lanes' offsets to Kafka, for lag tools; nothing reads them back
    each 10 s   the watchdog looks, and whether Kafka refuses us the group
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError
from mode import Service
from mode.utils.tracebacks import format_task_stack

from schemas.topics import INPUT_NAMES
from streams.clock import Clock
from streams.kafka.cluster import Cluster
from streams.kafka.consumer import make_consumer
from streams.kafka.errors import TopicsDiffer, named, reach
from streams.kafka.held import Held, LaneRunner
from streams.kafka.source import PartitionSource
from streams.kafka.topics import check
from streams.kafka.watchdog import LOOK_EVERY_S, Watchdog
from streams.settings import Settings

PATIENCE_S = 8.0
"""A worker may be started a little before its Kafka."""

FINISH_S = 5.0
"""For the commit in flight, after a lane was told to stop."""

CANCEL_S = 2.0
"""For a cancelled lane to end."""

LEAVE_S = 3.0
"""For leaving the group; a member that does not is missed only when its session ends."""

MIRROR_EVERY_S = 5.0
"""Lag tools look every 15 to 60 s."""

log = structlog.get_logger("leadline.ingest")


class LaneStuck(Exception):
    """A lane did not end when it was cancelled: only the end of the process ends it."""


class Ingest(Service, ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Owns the consumer and the lanes. Starting it raises KafkaUnreachable or TopicsDiffer.

    `on_assigned` is called whenever Kafka has assigned partitions.
    """

    mundane_level = "debug"

    def __init__(
        self,
        settings: Settings,
        make_lane: Callable[[int, PartitionSource], LaneRunner],
        clock: Clock,
        on_assigned: Callable[[], None] = lambda: None,
        **service: Any,
    ) -> None:
        self._settings = settings
        self._make_lane = make_lane
        self._clock = clock
        self._consumer: AIOKafkaConsumer | None = None
        self._held: dict[Held, asyncio.Future[None]] = {}
        self._rebalancing = True
        self._mirrored: dict[TopicPartition, int] = {}
        self._on_assigned = on_assigned
        super().__init__(**service)

    @property
    def lanes(self) -> Mapping[int, LaneRunner]:
        """The lanes that run here, by partition."""
        return {held.partition: held.lane for held in self._held if held.lane is not None}

    @property
    def holding(self) -> Sequence[tuple[LaneRunner, PartitionSource]]:
        """The lanes that run here, each with what it reads."""
        return [
            (held.lane, held.source) for held in self._held if held.lane is not None and held.source is not None
        ]

    @property
    def rebalancing(self) -> bool:
        """Whether the group is deciding who holds what (also before the first assignment)."""
        return self._rebalancing

    async def on_start(self) -> None:
        """Connect, look at the topics, ask for partitions."""
        kafka = Cluster.of(self._settings)
        marks = self._settings.publishing == "exactly-once"
        await check(kafka, self._settings.partitions, PATIENCE_S, marks=marks)
        self._consumer = make_consumer(kafka, self._settings.group)
        await reach(self._consumer, kafka, PATIENCE_S)
        self._consumer.subscribe(list(INPUT_NAMES), listener=self)
        self.add_future(self._mirror_now_and_then())
        self.add_future(self._watch())

    async def on_stop(self) -> None:
        """Finish the commits in flight, and leave the group so that others take over at once."""
        held = tuple(self._held)
        try:
            await self._let_go()
            await self._mirror(held)
        finally:
            if self._consumer is not None:
                await self._leave(self._consumer)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Called by aiokafka after a rebalance; must not wait for anything."""
        await self._or_crash(self._take_on(assigned))

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Called by aiokafka before a rebalance; the group waits until it returns."""
        self._rebalancing = True
        await self._or_crash(self._let_go())

    async def _or_crash(self, callback: Awaitable[None]) -> None:
        """aiokafka logs and forgets what its listener raises."""
        try:
            await callback
        except Exception as error:
            await self.crash(error)

    async def _take_on(self, assigned: Collection[TopicPartition]) -> None:
        self._rebalancing = False
        self._on_assigned()
        topics_of: dict[int, set[str]] = defaultdict(set)
        for tp in assigned:
            topics_of[tp.partition].add(tp.topic)
        log.info("ingest.assigned", partitions=sorted(topics_of))
        for partition in sorted(topics_of):
            missing = sorted(set(INPUT_NAMES) - topics_of[partition])
            if partition >= self._settings.partitions:
                raise TopicsDiffer(
                    f"{sorted(topics_of[partition])} have a partition {partition}, but LEADLINE_PARTITIONS is "
                    f"{self._settings.partitions}: see `leadline topics plan`."
                )
            if missing:
                log.error("ingest.partition_incomplete", partition=partition, missing=missing)
            elif not self.should_stop:
                held = Held(partition, self._make_source, self._make_lane, self._clock)
                self._held[held] = self.add_future(held.keep())

    def _make_source(self, partition: int) -> PartitionSource:
        return PartitionSource(self._consumer, partition, INPUT_NAMES, self._clock)

    async def _let_go(self) -> None:
        """End all lanes. Raises LaneStuck."""
        running, self._held = self._held, {}
        for held in running:
            held.release()
        rest = await _wait_for(running.values(), FINISH_S)
        for task in rest:
            log.error("lane.late", stack=_stack(task))
            task.cancel()
        rest = await _wait_for(rest, CANCEL_S)
        if rest:
            raise LaneStuck("\n".join(_stack(task) for task in rest))

    async def _leave(self, consumer: AIOKafkaConsumer) -> None:
        try:
            async with asyncio.timeout(LEAVE_S):
                await consumer.stop()
        except (TimeoutError, KafkaError) as error:
            log.warning("ingest.not_left", error=repr(error))

    async def _watch(self) -> None:
        watchdog = Watchdog()
        while not self.should_stop:
            await self.sleep(LOOK_EVERY_S)
            await self._hear_refusals()
            await watchdog.look([held.source for held in self._held if held.source is not None])

    async def _hear_refusals(self) -> None:
        """Who may not join the group holds nothing and pulls nothing, and aiokafka says so only to who pulls."""
        if self._consumer is None or self._consumer.assignment():
            return
        try:
            await self._consumer.getmany(timeout_ms=0)
        except (GroupAuthorizationFailedError, TopicAuthorizationFailedError) as error:
            raise named(Cluster.of(self._settings), error) from error

    async def _mirror_now_and_then(self) -> None:
        while not self.should_stop:
            await self.sleep(MIRROR_EVERY_S)
            await self._mirror(tuple(self._held))

    async def _mirror(self, holding: Iterable[Held]) -> None:
        """Tell Kafka the offsets that have moved; in a rebalance that would make the group join once more."""
        moved = {
            tp: offset
            for held in holding
            for tp, offset in _offsets(held).items()
            if self._mirrored.get(tp) != offset
        }
        if not moved or self._rebalancing or self._consumer is None:
            return
        try:
            async with asyncio.timeout(MIRROR_EVERY_S):
                await self._consumer.commit(moved)
        except (TimeoutError, KafkaError) as error:
            log.debug("ingest.not_mirrored", error=repr(error))
        else:
            self._mirrored.update(moved)


def _offsets(held: Held) -> Mapping[TopicPartition, int]:
    if held.lane is None:
        return {}
    return {TopicPartition(topic, held.partition): offset for topic, offset in held.lane.offsets().items()}


async def _wait_for(tasks: Iterable[asyncio.Future[None]], timeout_s: float) -> Collection[asyncio.Future[None]]:
    """Those that have not ended within `timeout_s`."""
    waiting = set(tasks)
    if not waiting:
        return ()
    _, pending = await asyncio.wait(waiting, timeout=timeout_s)
    return pending


def _stack(task: asyncio.Future[None]) -> str:
    return format_task_stack(task) if isinstance(task, asyncio.Task) else repr(task)
