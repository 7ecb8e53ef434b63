"""The consumer group: who holds which partition, as Kafka's coordinator and its members agree on it.

A member that stands still is missed after its session, one that does not give up its lanes in time is left out;
both hear of it only when they listen again. Until then they are owners that are none any more.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from tests.simulation.loop import NOBODY

if TYPE_CHECKING:
    from tests.simulation.worker import Worker

SESSION_S = 2.0
HEARTBEAT_S = 1.0
REBALANCE_S = 3.0
"""A third of what workers ask for: a run is short."""

LOOK_S = 0.25


class Word(NamedTuple):
    """What a member is told. `generation` counts the rebalances; who acknowledges a revocation takes part in it."""

    generation: int
    gives_up: bool
    partitions: tuple[int, ...] = ()
    is_out: bool = False


class Group:
    """The coordinator."""

    def __init__(self, partitions: int, rng: Random) -> None:
        self.members: list[Worker] = []
        self._partitions = partitions
        self._rng = rng
        self._generation = 0
        self._is_gathering = False
        self._ready: set[Worker] = set()
        self._still_since: dict[Worker, float] = {}
        self._changed = asyncio.Event()
        self._gave_up = asyncio.Event()

    def join(self, worker: Worker) -> None:
        """A new member, or one that was left out: it holds nothing that it would have to give up first."""
        if worker in self.members:
            return
        self.members.append(worker)
        if self._is_gathering:
            self._ready.add(worker)
            self._gave_up.set()
        else:
            self._changed.set()

    def leave(self, worker: Worker) -> None:
        """A member that says so."""
        if worker in self.members:
            self.members.remove(worker)
            self._gave_up.set()
            self._changed.set()

    def gave_up(self, worker: Worker, generation: int) -> None:
        """A member has let its partitions go."""
        if generation == self._generation:
            self._ready.add(worker)
            self._gave_up.set()

    def shuffle(self) -> None:
        """Another assignment, without a reason."""
        self._changed.set()

    def listens(self, worker: Worker) -> None:
        """A worker that has stood still goes on: at its next heartbeat it hears whether it is a member."""
        if worker not in self.members and not worker.is_dead:
            self._tell(worker, Word(self._generation, gives_up=True, is_out=True), HEARTBEAT_S)

    async def run(self) -> None:
        """Rebalance whenever something has changed."""
        watching = asyncio.create_task(self._watch())
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                await self._rebalance()
        finally:
            watching.cancel()

    async def _rebalance(self) -> None:
        self._generation += 1
        self._is_gathering = True
        self._ready.clear()
        for worker in self.members:
            self._tell(worker, Word(self._generation, gives_up=True), HEARTBEAT_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(REBALANCE_S):
                while not self._ready.issuperset(self.members):
                    await self._gave_up.wait()
                    self._gave_up.clear()
        for worker in [worker for worker in self.members if worker not in self._ready]:
            self.members.remove(worker)
            self.listens(worker)
        self._is_gathering = False
        order = list(self.members)
        self._rng.shuffle(order)
        for place, worker in enumerate(order):
            shares = tuple(range(place, self._partitions, len(order)))
            self._tell(worker, Word(self._generation, gives_up=False, partitions=shares), 0.05)

    async def _watch(self) -> None:
        """Miss those that stand still."""
        while True:
            await asyncio.sleep(LOOK_S)
            now_s = asyncio.get_running_loop().time()
            for worker in list(self.members):
                if not worker.stands_still:
                    self._still_since.pop(worker, None)
                elif now_s - self._still_since.setdefault(worker, now_s) > SESSION_S:
                    self.leave(worker)

    def _tell(self, worker: Worker, word: Word, within_s: float) -> None:
        asyncio.get_running_loop().call_later(within_s * self._rng.random(), worker.hear, word, context=NOBODY)
