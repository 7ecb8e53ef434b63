"""One run: servers in memory, workers, the load, what breaks; from an empty Redis until all is settled."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from aiokafka import TopicPartition

from streams.lane.ports import Fenced
from streams.lane.tenure import COMPARE_EVERY_S
from tests.simulation.broker import Broker, Transaction
from tests.simulation.group import REBALANCE_S, SESSION_S, Group
from tests.simulation.ledger import Ledger
from tests.simulation.load import BEGIN_MS, LOAD_S, TOPICS, Writing, draw_load
from tests.simulation.loop import NOBODY, Process, VirtualLoop
from tests.simulation.schedule import FATES, Act, Schedule
from tests.simulation.wire import Fate, Server, Trap, Traps
from tests.simulation.worker import Worker
from tests.support.doubles.memory_redis import LaneKeys, MemoryRedis
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

PULL_S = 0.5
"""In the place of a lane's own: an idle lane takes half as many turns, and a run a tenth less time."""

NOTICED_S = COMPARE_EVERY_S + 2 * PULL_S
"""Within this an idle lane looks whether Redis still stands where it left it."""


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


class Copy(NamedTuple):
    """All of Redis, and how often it had been rewound when the copy was made."""

    lanes: dict[int, LaneKeys]
    rewinds: int


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
        self._tasks: list[asyncio.Task[None]] = []
        self._rewinds = 0
        self._rewound_at_s: dict[int, float] = {}

    def now_ms(self) -> int:
        """The true time."""
        return BEGIN_MS + int(self.loop.time() * 1_000)

    def was(self, what: str) -> None:
        """Something that the suite must have seen has happened."""
        self.evidence[what] += 1
        self.story.append((self.loop.time(), what))

    def takes_over(self, partition: int) -> None:
        """A lane is being taken over: if Redis has gone back under its owner, that was noticed now."""
        now_s = self.loop.time()
        if now_s - self._rewound_at_s.pop(partition, now_s) > NOTICED_S:
            self.was("lane: noticed late that Redis had gone back")

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
        self._later(RESTARTS_S, self.start_worker)

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
        self._tasks.append(asyncio.create_task(self.group.run()))
        for act in self.schedule.acts:
            self.loop.call_at(act.at_s, self._begin, act)
        try:
            await asyncio.sleep(LOAD_S)
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
        is_quiet = (
            not self.traps.set and not self._rewinds and not any(server.is_troubled for server in self.servers)
        )
        is_whole = self.redis.fault is None and not self.broker.stalled and self.broker.is_settled
        awake = all(worker.is_dead or not worker.stands_still for worker in self.workers)
        return is_quiet and is_whole and awake and self._is_at_work() and not self._stands()

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

    def _later(self, in_s: float, callback: Callable[..., object], *args: object) -> None:
        """Whoever asks for it may be dead by then."""
        self.loop.call_later(in_s, callback, *args, context=NOBODY)

    async def _unwind(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *(worker.unwind() for worker in self.workers), return_exceptions=True)

    def _write(self, writing: Writing) -> None:
        transaction = None if writing.ends is None else Transaction()
        for place, record in writing.placed:
            self.broker.write(place, [record], transaction)
        if transaction is not None:
            self.loop.call_at(writing.ends_at_s, self.broker.end, transaction, writing.ends)

    def _begin(self, act: Act) -> None:
        alive = [worker for worker in self.workers if not worker.is_dead]
        if not alive:
            return
        whom = alive[act.whom % len(alive)]
        self.story.append((self.loop.time(), f"{act.kind}: {whom.name}, in {act.steps} steps"))
        what, _, how = act.kind.partition(" ")
        match what, how:
            case ("kill", _):
                self._set_trap(act, whom, self.kill)
            case ("pause", _):
                self._set_trap(act, whom, lambda process: self._pause(process, act.for_s))
            case ("leave", _):
                self._tasks.append(asyncio.create_task(self._replace(whom, act.for_s)))
            case ("join", _):
                self.start_worker()
            case ("rebalance", _):
                self.group.shuffle()
            case ("commit", _):
                self.broker.is_slow = True
                self._later(act.for_s, self._hurry)
            case ("rewind", "for the paused"):
                self._set_trap(act, whom, self._rewind_for)
            case ("rewind", _):
                if self._is_written():
                    older = self._copy()
                    self._later(act.for_s, self._set_trap, act, None, lambda _: self._rewind(older))
            case ("redis", "full"):
                self.was("redis: full for a while")
                self.redis.fault = "full"
                self._later(act.for_s, self._empty)
            case ("topic", _):
                self._stall(act)
            case _:
                self._fail(act, what, how)

    def _set_trap(self, act: Act, whom: Worker | None, trap: Trap) -> None:
        self.traps.set.append((act.steps, whom, trap))
        self._later(2.0, self._spring, trap, whom)

    def _spring(self, trap: Trap, whom: Worker | None) -> None:
        """A trap that nothing has stepped on."""
        if any(each[2] is trap for each in self.traps.set):
            self.traps.set = [each for each in self.traps.set if each[2] is not trap]
            trap(whom)

    def kill(self, process: Process) -> None:
        """As by SIGKILL; its supervisor starts another one."""
        if not process.is_dead:
            self.was("worker: killed")
            process.die()
            self._later(RESTARTS_S * (1 + self.rng.random() * 4), self.start_worker)

    def _pause(self, process: Process, for_s: float) -> None:
        if not process.stands_still:
            self.was("worker: paused")
            process.stand_still()
            self._later(for_s, self._go_on, process)

    def _go_on(self, process: Process) -> None:
        if not process.is_dead:
            self.story.append((self.loop.time(), f"{process.name} goes on"))
            process.go_on()
            self.group.listens(process)

    async def _replace(self, worker: Worker, after_s: float) -> None:
        self.was("worker: left")
        await worker.leave()
        await asyncio.sleep(after_s)
        self.start_worker()

    def _rewind_for(self, process: Process) -> None:
        """Another one takes over and publishes, then Redis has lost all of that, and who stood still goes on."""
        if not process.stands_still and self._is_written():
            takes_s = SESSION_S + REBALANCE_S + self.rng.uniform(0.0, 4.0)
            older = self._copy()
            self._pause(process, takes_s + self.rng.uniform(0.0, 2.0))
            self._later(takes_s, self._rewind, older)

    def _is_written(self) -> bool:
        """Whether all lanes are in Redis: where they are not, an emptied one halts them, as it should."""
        return all("lineage" in self.redis.lane(each).meta for each in range(PARTITIONS))

    def _copy(self) -> Copy:
        """What Redis is going to be again."""
        self._rewinds += 1
        return Copy(self.redis.snapshot(), self.evidence["redis: rewound"])

    def _rewind(self, older: Copy) -> None:
        self._rewinds -= 1
        if older.rewinds != self.evidence["redis: rewound"]:
            return  # a copy of a history that was left before
        for partition in range(PARTITIONS):
            now, then = self.redis.lane(partition).meta, older.lanes[partition].meta
            if now["ver"] != then["ver"] and now["token"] == then["token"]:
                self._rewound_at_s[partition] = self.loop.time()
        self.was("redis: rewound")
        self.redis.restore(older.lanes)

    def _hurry(self) -> None:
        self.broker.is_slow = False

    def _empty(self) -> None:
        self.redis.fault = None

    def _stall(self, act: Act) -> None:
        tp = TopicPartition(TOPICS[act.whom % 2], act.steps % PARTITIONS)
        self.was("inputs: a topic stalls")
        self.broker.stalled.add(tp)
        self._later(act.for_s, self.broker.stalled.discard, tp)

    def _fail(self, act: Act, name: str, how: str) -> None:
        server = next(server for server in self.servers if server.name == name)
        self.was(f"{name}: {how} for a while")
        if how == "away":
            server.is_away = True
        else:
            server.fate = FATES[how]
        self._later(act.for_s, self._heal, server)

    def _heal(self, server: Server) -> None:
        server.is_away, server.fate = False, Fate.ARRIVES
