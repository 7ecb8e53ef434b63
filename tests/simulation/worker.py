"""A worker process of the simulation: the product's lanes, sources and publishers, held as by streams/kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextvars import copy_context
from functools import lru_cache, partial
from random import Random
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition

from streams.kafka.cluster import Cluster
from streams.kafka.held import Held
from streams.kafka.ingest import CANCEL_S, FINISH_S
from streams.kafka.placement import partition_of
from streams.kafka.source import PartitionSource
from streams.kafka.transactions import LanePublisher
from streams.lane.lane import Lane
from streams.lane.ports import Pull
from streams.lane.surroundings import Surroundings
from streams.settings import Settings
from tests.simulation.clients import SimulatedConsumer
from tests.simulation.group import Word
from tests.simulation.load import TOPICS
from tests.simulation.loop import OWNER, Process
from tests.simulation.store import WiredLane
from tests.simulation.wire import Wire

if TYPE_CHECKING:
    from tests.simulation.world import World

SETTINGS = Settings(journal=True, grace_s=2, topic_wait_s=2).model_copy(
    update={"batch_records": 6, "outbox_limit": 8, "lane_cache_leads": 4}
)
"""So small that short logs take several batches, fill the outbox and make lanes forget leads."""


class Uncounted:
    """In the place of metrics: nobody looks at them."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *args: object, **labels: object) -> Any:
        return self


place_of = lru_cache(maxsize=1_000)(partition_of)


class WorkerClock:
    """The virtual time, by a clock that may be wrong."""

    def __init__(self, world: World, ahead_ms: int) -> None:
        self._world = world
        self._ahead_ms = ahead_ms

    def now_ms(self) -> int:
        """What the machine believes."""
        return self._world.now_ms() + self._ahead_ms

    def monotonic_s(self) -> float:
        """The run's own."""
        return self._world.loop.time()


class WatchedSource(PartitionSource):
    """The product's, and what it knew of the logs when it was last pulled from."""

    def __init__(self, worker: Worker, partition: int) -> None:
        super().__init__(worker.consumer, partition, TOPICS, worker.clock)
        self._worker = worker
        self.known: tuple[float, Mapping[str, tuple[float, float]]] = 0.0, {}

    async def pull(self, topics: Sequence[str], max_records: int, timeout_s: float) -> Pull:
        """See the port."""
        pulled = await super().pull(topics, max_records, timeout_s)
        told = self._worker.consumer.told_at_s
        known = {topic: told.get(TopicPartition(topic, self.partition), (-1.0, -1.0)) for topic in TOPICS}
        self.known = self._worker.world.loop.time(), known
        return pulled


class Worker(Process):
    """Joins the group, holds what it is given, and gives it up when it is told to."""

    def __init__(self, world: World, number: int, rng: Random) -> None:
        super().__init__(f"worker {number}")
        self.world = world
        self.is_dead = False
        self.sources: dict[int, WatchedSource] = {}
        self.clock = WorkerClock(world, rng.choice((0, 0, 7_200_000, -7_200_000)))
        wire = partial(Wire, self, traps=world.traps, rng=rng, was=world.was)
        self.redis, self.inputs, self.outputs = (wire(each) for each in world.servers)
        self._rng = rng
        self._generation = 0
        self._words: list[Word] = []
        self._heard = asyncio.Event()
        self._stores: dict[int, WiredLane] = {}
        self._held: list[tuple[Held, asyncio.Task[None]]] = []
        context = copy_context()
        context.run(OWNER.set, self)
        self.task = world.loop.create_task(self._run(), name=self.name, context=context)
        self.task.add_done_callback(self._ended)

    def owns(self, partition: int) -> bool:
        """Whether its lane of this partition goes from turn to turn, and Redis knows it as the owner."""
        return any(
            held.partition == partition
            and isinstance(held.lane, Lane)
            and held.lane.is_working
            and self._stores[partition].is_owner
            for held, _ in self._held
        )

    def hear(self, word: Word) -> None:
        """The group says something; what has been overtaken by a later rebalance counts for nothing."""
        self._generation = max(self._generation, word.generation)
        if not self.is_dead and word.generation == self._generation:
            self._words.append(word)
            self._heard.set()

    def die(self) -> None:
        """As after SIGKILL: never another step. What is on its way arrives."""
        self.is_dead = True
        self.stand_still()

    async def leave(self) -> None:
        """As after SIGTERM, asked from outside; returns when it has ended."""
        if self.is_dead:
            return
        context = copy_context()
        context.run(OWNER.set, self)
        await self.world.loop.create_task(self._leave(), context=context)

    async def unwind(self) -> None:
        """The run is over: end every task, without any effect."""
        for wire in (self.redis, self.inputs, self.outputs):
            wire.is_cut = True
        self.is_dead = True
        self.go_on()
        tasks = [self.task, *(task for _, task in self._held)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        self.consumer = SimulatedConsumer()
        self._around = Surroundings(
            settings=SETTINGS,
            open_publisher=self._open_publisher,
            metrics=Uncounted(),
            clock=self.clock,
            partition_of=partial(place_of, partitions=self.world.partitions),
            jitter=self._rng,
        )
        self.world.group.join(self)
        while True:
            await self._heard.wait()
            self._heard.clear()
            while self._words:
                await self._obey(self._words.pop(0))

    async def _obey(self, word: Word) -> None:
        group = self.world.group
        if word.gives_up:
            await self._let_go()
            self.consumer.assign([])
            if word.is_out:
                group.join(self)
            else:
                group.gave_up(self, word.generation)
            return
        self.consumer.assign([TopicPartition(topic, each) for topic in TOPICS for each in word.partitions])
        for partition in word.partitions:
            held = Held(partition, self._make_source, self._make_lane, self.clock)
            task = asyncio.get_running_loop().create_task(held.keep(), name=f"{self.name} lane {partition}")
            task.add_done_callback(self._ended)
            self._held.append((held, task))

    def _make_source(self, partition: int) -> WatchedSource:
        self.sources[partition] = WatchedSource(self, partition)
        return self.sources[partition]

    def _make_lane(self, partition: int, source: PartitionSource) -> Lane:
        self._stores[partition] = WiredLane(self, partition)
        return Lane(source, self._stores[partition], self._around)

    def _open_publisher(self, partition: int) -> LanePublisher:
        return LanePublisher(Cluster(self.name, insecure=True), f"out-{partition}", partition, self._rng)

    async def _let_go(self) -> None:
        """As streams/kafka/ingest.py does it."""
        running, self._held = self._held, []
        for held, _ in running:
            held.release()
        for wait_s in (FINISH_S, CANCEL_S):
            left = [task for _, task in running if not task.done()]
            if left:
                await asyncio.wait(left, timeout=wait_s)
            for _, task in running:
                task.cancel()
        if stuck := [task.get_name() for _, task in running if not task.done()]:
            self.world.complain(f"{stuck} did not end when cancelled")

    async def _leave(self) -> None:
        self.task.cancel()
        await self._let_go()
        self.world.group.leave(self)
        self.die()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A task has ended: if by an error, the process does too."""
        if task.cancelled() or task.exception() is None or self.is_dead:
            return
        self.world.ended(self, task.exception())
