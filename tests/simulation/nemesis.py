"""Does what the schedule says: each act at its time, each fault undone after its time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from aiokafka import TopicPartition

from tests.simulation.group import REBALANCE_S, SESSION_S
from tests.simulation.load import TOPICS
from tests.simulation.loop import pass_time
from tests.simulation.schedule import FATES, Act
from tests.simulation.wire import Fate, Server, Trap
from tests.simulation.worker import Worker
from tests.support.doubles.memory_redis import LaneKeys

if TYPE_CHECKING:
    from tests.simulation.world import World

SPRINGS_S = 2.0
"""A trap that nothing has stepped on by then strikes by itself."""

PULL_S = 0.5
"""In the place of a lane's own: an idle lane takes half as many turns, and a run a tenth less time."""


class Copy(NamedTuple):
    """All of Redis, and how often it had been rewound when the copy was made."""

    lanes: dict[int, LaneKeys]
    rewinds: int


class Nemesis:
    """What breaks things in one run."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rewinds = 0

    @property
    def is_done(self) -> bool:
        """Whether nothing more is to come, and nothing is broken of Redis and the logs."""
        world = self._world
        return not (world.traps.set or self._rewinds or world.redis.fault or world.broker.stalled)

    def begin(self, act: Act) -> None:
        """Its time has come."""
        alive = [worker for worker in self._world.workers if not worker.is_dead]
        if not alive:
            return
        whom = alive[act.whom % len(alive)]
        self._world.story.append((self._world.loop.time(), f"{act.kind}: {whom.name}, in {act.steps} steps"))
        what, _, how = act.kind.partition(" ")
        match what, how:
            case ("kill", _):
                self._set_trap(act, whom, self._world.kill)
            case ("pause", _):
                self._set_trap(act, whom, lambda worker: self._pause(worker, act.for_s))
            case ("leave", _):
                self._world.tasks.append(asyncio.create_task(self._replace(whom, act.for_s)))
            case ("join", _):
                self._world.start_worker()
            case ("rebalance", _):
                self._world.group.shuffle()
            case ("commit", _):
                self._world.broker.is_slow = True
                self._world.later(act.for_s, self._hurry)
            case ("rewind", "for the paused"):
                self._set_trap(act, whom, self._rewind_for)
            case ("rewind", _):
                if self._is_written():
                    older = self._copy()
                    self._world.later(act.for_s, self._set_trap, act, None, lambda _: self._rewind(older))
            case ("redis", "full"):
                self._world.was("redis: full for a while")
                self._world.redis.fault = "full"
                self._world.later(act.for_s, self._empty)
            case ("topic", _):
                self._stall(act)
            case _:
                self._fail(act, what, how)

    def _set_trap(self, act: Act, whom: Worker | None, trap: Trap) -> None:
        self._world.traps.set.append((act.steps, whom, trap))
        self._world.later(SPRINGS_S, self._spring, trap, whom)

    def _spring(self, trap: Trap, whom: Worker | None) -> None:
        """A trap that nothing has stepped on."""
        if any(each[2] is trap for each in self._world.traps.set):
            self._world.traps.set = [each for each in self._world.traps.set if each[2] is not trap]
            trap(whom)

    def _pause(self, worker: Worker, for_s: float) -> None:
        if not worker.stands_still:
            self._world.was("worker: paused")
            worker.stand_still()
            self._world.later(for_s, self._go_on, worker)

    def _go_on(self, worker: Worker) -> None:
        if not worker.is_dead:
            self._world.story.append((self._world.loop.time(), f"{worker.name} goes on"))
            worker.go_on()
            self._world.group.listens(worker)

    async def _replace(self, worker: Worker, after_s: float) -> None:
        self._world.was("worker: left")
        await worker.leave()
        await pass_time(after_s)
        self._world.start_worker()

    def _rewind_for(self, worker: Worker) -> None:
        """Another one takes over and publishes, then Redis has lost all of that, and who stood still goes on."""
        if not worker.stands_still and self._is_written():
            takes_s = SESSION_S + REBALANCE_S + self._world.rng.uniform(0.0, 4.0)
            older = self._copy()
            self._pause(worker, takes_s + self._world.rng.uniform(0.0, 2.0))
            self._world.later(takes_s, self._rewind, older)

    def _is_written(self) -> bool:
        """Whether all lanes are in Redis: where they are not, an emptied one halts them, as it should."""
        return all("lineage" in self._world.redis.lane(each).meta for each in range(self._world.partitions))

    def _copy(self) -> Copy:
        """What Redis is going to be again."""
        self._rewinds += 1
        return Copy(self._world.redis.snapshot(), self._world.evidence["redis: rewound"])

    def _rewind(self, older: Copy) -> None:
        self._rewinds -= 1
        if older.rewinds != self._world.evidence["redis: rewound"]:
            return  # a copy of a history that was left before
        self._world.was("redis: rewound")
        self._world.redis.restore(older.lanes)

    def _hurry(self) -> None:
        self._world.broker.is_slow = False

    def _empty(self) -> None:
        self._world.redis.fault = None

    def _stall(self, act: Act) -> None:
        tp = TopicPartition(TOPICS[act.whom % 2], act.steps % self._world.partitions)
        self._world.was("inputs: a topic stalls")
        self._world.broker.stalled.add(tp)
        self._world.later(act.for_s, self._world.broker.stalled.discard, tp)

    def _fail(self, act: Act, name: str, how: str) -> None:
        server = next(server for server in self._world.servers if server.name == name)
        self._world.was(f"{name}: {how} for a while")
        if how == "away":
            server.is_away = True
        else:
            server.fate = FATES[how]
        self._world.later(act.for_s, self._heal, server)

    def _heal(self, server: Server) -> None:
        server.is_away, server.fate = False, Fate.ARRIVES
