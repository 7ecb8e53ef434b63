"""One run: servers in memory, workers, the load, what breaks; from an empty Redis until all is settled."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random

from aiokafka import TopicPartition

from streams.lane.ports import Fenced
from tests.simulation.broker import Broker, Transaction
from tests.simulation.group import Group
from tests.simulation.ledger import Ledger
from tests.simulation.load import BEGIN_MS, LOAD_S, TOPICS, Writing, draw_load
from tests.simulation.loop import NOBODY, VirtualLoop, pass_time
from tests.simulation.nemesis import Nemesis
from tests.simulation.schedule import Schedule
from tests.simulation.wire import Server, Traps
from tests.simulation.worker import Worker
from tests.support.doubles.memory_redis import MemoryRedis
from tests.support.doubles.store import MemoryStore

PARTITIONS = 2

REDIS_GIVES_UP_S, KAFKA_GIVES_UP_S = 1.0, 1.0
"""A fifth of what workers wait: a run is short."""

RESTARTS_S = 0.5
"""A supervisor starts an ended worker again after this."""

SETTLED_S = 120.0
"""From the last fault to everything applied and published: a transaction left open ends after 20 s."""

CALM_S = 1.0
"""Whatever may still come has come: a member that was left out has heard of it."""

LOOK_S = 0.5


class RedisClock:
    """That of the server: right."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now_ms(self) -> int:
        """The run's own time."""
        return self._world.now_ms()

    def monotonic_s(self) -> float:
        """The same, in seconds."""
        return self._world.loop.time()


class World:
    """Everything of one run. `evidence` counts what has happened, `story` tells it with its times."""

    def __init__(self, loop: VirtualLoop, seed: int, schedule: Schedule) -> None:
        self.loop = loop
        self.seed = seed
        self.schedule = schedule
        self.partitions = PARTITIONS
        self.evidence: Counter[str] = Counter()
        self.story: list[tuple[float, str]] = []
        self.complaints: list[str] = []
        self.traps = Traps()
        self.servers = (
            Server("redis", REDIS_GIVES_UP_S),
            Server("inputs", KAFKA_GIVES_UP_S),
            Server("outputs", KAFKA_GIVES_UP_S),
        )
        self.redis = MemoryRedis(RedisClock(self))
        self.store = MemoryStore(self.redis, partitions=PARTITIONS)
        self.broker = Broker(self.was)
        self.ledger = Ledger(self)
        self.rng = Random(f"world {seed}")
        self.group = Group(PARTITIONS, self.rng)
        self.workers: list[Worker] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.nemesis = Nemesis(self)

    def now_ms(self) -> int:
        """The true time."""
        return BEGIN_MS + int(self.loop.time() * 1_000)

    def later(self, in_s: float, callback: Callable[..., object], *args: object) -> None:
        """Whoever asks for it may be dead by then."""
        self.loop.call_later(in_s, callback, *args, context=NOBODY)

    def was(self, what: str) -> None:
        """Something that the suite must have seen has happened."""
        self.evidence[what] += 1
        self.story.append((self.loop.time(), what))

    def complain(self, problem: str) -> None:
        """Something that must never happen."""
        self.complaints.append(problem)
        self.story.append((self.loop.time(), f"PROBLEM {problem}"))

    def ended(self, worker: Worker, error: BaseException) -> None:
        """A worker's lane has raised something: the process ends and is started again."""
        if isinstance(error, Fenced):
            self.was("worker: fenced too often")
        else:
            self.complain(f"{worker.name} ended by {error!r}")
        worker.die()
        self.later(RESTARTS_S, self.start_worker)

    def kill(self, worker: Worker) -> None:
        """As by SIGKILL; its supervisor starts another one."""
        if not worker.is_dead:
            self.was("worker: killed")
            worker.die()
            self.later(RESTARTS_S * (1 + self.rng.random() * 4), self.start_worker)

    def start_worker(self) -> None:
        """One more."""
        self.workers.append(Worker(self, len(self.workers) + 1, Random(self.rng.random())))

    def broke(self, _: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """Something was raised that nobody has asked for."""
        self.complain(f"{context.get('message')}: {context.get('exception')!r}")

    async def run(self) -> None:
        """From the beginning until everything is settled, or is not in time."""
        self.loop.set_exception_handler(self.broke)
        load = draw_load(self.seed, PARTITIONS)
        backlog = [writing for writing in load if not writing.at_s]
        for writing in backlog:
            self._write(writing)
        for writing in load[len(backlog) :]:
            self.loop.call_at(writing.at_s, self._write, writing)
        for _ in range(self.schedule.workers):
            self.start_worker()
        self.tasks.append(asyncio.create_task(self.group.run()))
        for act in self.schedule.acts:
            self.loop.call_at(act.at_s, self.nemesis.begin, act)
        try:
            await pass_time(LOAD_S)
            await self._settled()
        finally:
            await self._unwind()

    async def _settled(self) -> None:
        until_s = self.loop.time() + SETTLED_S
        calm_since_s = self.loop.time()
        while self.loop.time() < until_s:
            if not self._is_settled():
                calm_since_s = self.loop.time()
            elif self.loop.time() - calm_since_s >= CALM_S:
                return
            await asyncio.sleep(LOOK_S)
        self.complain(f"not settled after {SETTLED_S:g} s: {self._stands()}")

    def _is_settled(self) -> bool:
        is_quiet = self.nemesis.is_done and not any(server.is_troubled for server in self.servers)
        awake = all(worker.is_dead or not worker.stands_still for worker in self.workers)
        return is_quiet and awake and self.broker.is_settled and self._is_at_work() and not self._stands()

    def _is_at_work(self) -> bool:
        """Whether a member owns each lane: one that is about to take over again only looks settled."""
        return all(any(worker.owns(each) for worker in self.group.members) for each in range(PARTITIONS))

    def _stands(self) -> dict[str, str]:
        """What is not applied or published yet."""
        left: dict[str, str] = {}
        for partition in range(PARTITIONS):
            keys = self.redis.lane(partition)
            if keys.outbox:
                left[f"outbox {partition}"] = str(list(keys.outbox))
            for topic in TOPICS:
                end = self.broker.logs[TopicPartition(topic, partition)].end
                if (stored := keys.meta.get(f"offset:{topic}", "0")) != str(end):
                    left[f"{topic}/{partition}"] = f"{stored} of {end}"
        return left

    async def _unwind(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, *(worker.unwind() for worker in self.workers), return_exceptions=True)

    def _write(self, writing: Writing) -> None:
        transaction = None if writing.ends is None else Transaction()
        for place, record in writing.placed:
            self.broker.write(place, [record], transaction)
        if transaction is not None:
            self.loop.call_at(writing.ends_at_s, self.broker.end, transaction, writing.ends)
