"""What happens to worker processes."""

from __future__ import annotations

from collections.abc import Mapping

from streams.kafka.consumer import SESSION_TIMEOUT_S
from tests.chaos.faults.fault import Evidence, Fault
from tests.chaos.lanes import Lane
from tests.chaos.stage import Stage
from tests.chaos.wire import ACQUIRES, COMMITS, FENCED, Api, asks_kafka

KILLED = "take-over after SIGKILL"
TOLD = "take-over after SIGTERM"
STOPPED = "take-over after SIGSTOP"
"""Figures: from the signal until others have committed something in each lane of that worker."""

BOUNDS_S: Mapping[str, float] = {KILLED: SESSION_TIMEOUT_S + 2.0, STOPPED: SESSION_TIMEOUT_S + 2.0, TOLD: 2.0}
"""A run whose take-over takes longer has failed."""

ROUNDS = 3
"""Of joining and leaving."""

WAITING = 3
"""Entries of an outbox that are committed and not published."""


class Killed(Fault):
    """SIGKILL amid the load: its lanes go to the other."""

    name = "worker-killed"

    async def inject(self, stage: Stage) -> None:
        """Kill one of two."""
        self.victim, self.other = stage.crew.alive
        self.lost = self.victim.lanes
        await stage.mark(KILLED, self.lost, by_another=True)
        await self.victim.kill()

    async def heal(self, stage: Stage) -> None:
        """The other holds what it held."""
        await stage.recovered()
        await stage.until_held(self.lost, self.other)

    def evidence(self, stage: Stage) -> Evidence:
        """The kernel's word, and whose the lanes were."""
        return {"killed by signal 9": self.victim.worker.exit_code == -9, "lanes taken over": len(self.lost)}


class KilledBeforePublishing(Fault):
    """SIGKILL between commit and publish: what is in the outbox is published by the next owner, once."""

    name = "killed-before-publishing"

    async def inject(self, stage: Stage) -> None:
        """Nothing is published any more; what is committed waits; then kill."""
        self.victim, _ = stage.crew.alive
        self.lost = self.victim.lanes
        self.stage = stage
        self.held = stage.kafka_proxy.hold(asks_kafka(Api.PRODUCE, Api.ADD_PARTITIONS))
        await stage.until(self._entries_wait, "changes are committed and not published")
        await stage.mark(KILLED, self.lost, by_another=True)
        await self.victim.kill()
        self.left = sum(lane.outbox for lane in await self._lanes())

    async def heal(self, stage: Stage) -> None:
        """What was held never arrives; the other may publish again."""
        self.held.throw_away()

    def evidence(self, stage: Stage) -> Evidence:
        """Redis's word, and the proxy's."""
        return {"entries left unpublished": self.left, "requests held": self.held.caught}

    async def _lanes(self) -> list[Lane]:
        return [lane for number, lane in enumerate(await self.stage.lanes.look()) if number in self.lost]

    async def _entries_wait(self) -> bool:
        return all(lane.outbox >= WAITING for lane in await self._lanes())


class KilledInTransaction(Fault):
    """SIGKILL with records in Kafka and their transaction open: nobody sees them, the next owner sends them."""

    name = "killed-in-transaction"
    workers = 1

    async def inject(self, stage: Stage) -> None:
        """Keep the request that ends a transaction, and kill whoever has sent it."""
        (self.victim,) = stage.crew.alive
        self.held = stage.kafka_proxy.hold(asks_kafka(Api.END_TRANSACTION))
        await stage.until(self._is_open, "a transaction is about to end")
        await stage.mark("start after SIGKILL in a transaction", by_another=True)
        await self.victim.kill()
        self.open = self.held.holding

    async def heal(self, stage: Stage) -> None:
        """The request never arrives; another worker starts."""
        self.held.throw_away()
        await stage.crew.started(1)
        await stage.recovered()
        self.unseen = await stage.aborted()

    def evidence(self, stage: Stage) -> Evidence:
        """The proxy's word, and Kafka's."""
        return {"transactions open at the kill": self.open, "records that nobody may see": self.unseen}

    async def _is_open(self) -> bool:
        return self.held.holding > 0


class Suspended(Fault):
    """SIGSTOP with a commit on its way, until others own its lanes; the commit arrives, and it wakes up."""

    name = "worker-suspended"

    async def inject(self, stage: Stage) -> None:
        """Keep its next commit on the way, stop it, and wait until its session is over."""
        self.victim, self.other = stage.crew.alive
        lost, self.fenced_before = self.victim.lanes, self.victim.redis.replies[FENCED]
        self.held = self.victim.redis.hold(COMMITS)
        await stage.until(self._is_held, "a commit is on its way")
        await stage.mark(STOPPED, lost, by_another=True)
        await self.victim.suspend()
        await stage.until_held(lost, self.other)
        await stage.recovered()

    async def heal(self, stage: Stage) -> None:
        """The commit arrives late; then the worker goes on where it was."""
        self.held.let_go()
        await stage.until(self._is_fenced, "the late commit is refused")
        await stage.mark("back after SIGCONT")
        self.victim.resume()

    def evidence(self, stage: Stage) -> Evidence:
        """The proxy's word, and Redis's."""
        return {"commits held": self.held.caught, "FENCED from Redis": self._fenced()}

    def _fenced(self) -> int:
        return self.victim.redis.replies[FENCED] - self.fenced_before

    async def _is_held(self) -> bool:
        return self.held.holding > 0

    async def _is_fenced(self) -> bool:
        return self._fenced() > 0


class LateAcquirer(Fault):
    """A worker is given lanes, and its claims reach Redis when others have long taken the lanes over again."""

    name = "late-acquirer"

    async def inject(self, stage: Stage) -> None:
        """A third worker's claims are held, and the worker stopped beyond its session."""
        self.others = tuple(stage.crew.alive)
        self.late = await stage.crew.start()
        self.held = self.late.redis.hold(ACQUIRES)
        await stage.until(self._is_held, "a claim is on its way")
        self.assigned = set(self.late.said("ingest.assigned")[-1]["partitions"])
        await stage.mark(STOPPED, self.assigned, by_another=True)
        await self.late.suspend()
        await stage.recovered()
        self.fenced_before = self._fenced()

    async def heal(self, stage: Stage) -> None:
        """The claims arrive: the true owners are fenced, and take over again."""
        await stage.mark("back after a late claim", self.assigned, by_another=True)
        self.held.let_go()
        await stage.until(self._have_fenced, "true owners are fenced")
        self.late.resume()

    def evidence(self, stage: Stage) -> Evidence:
        """The proxies' word, and Redis's."""
        return {"claims held": self.held.caught, "owners FENCED": self._fenced() - self.fenced_before}

    def _fenced(self) -> int:
        return sum(hand.redis.replies[FENCED] for hand in self.others)

    async def _is_held(self) -> bool:
        return self.held.holding > 0

    async def _have_fenced(self) -> bool:
        return self._fenced() > self.fenced_before


class RollingRestart(Fault):
    """Each worker in turn is told to stop, once another has come."""

    name = "rolling-restart"

    async def inject(self, stage: Stage) -> None:
        """For each that is there one joins, and it leaves."""
        self.codes = []
        for leaving in tuple(stage.crew.alive):
            await stage.crew.started(1)
            await stage.mark(TOLD, leaving.lanes, by_another=True)
            self.codes.append(await leaving.stop())
            await stage.recovered()

    async def heal(self, stage: Stage) -> None:
        """It is over by itself."""

    def evidence(self, stage: Stage) -> Evidence:
        """The kernel's word, and Redis's."""
        return {"ended with code 0": self.codes.count(0), "assignments": stage.crew.said("ingest.assigned")}


class RebalanceStorm(Fault):
    """Workers join and leave, some by SIGKILL, faster than the group comes to rest."""

    name = "rebalance-storm"

    async def inject(self, stage: Stage) -> None:
        """Three join one after the other, and go as soon as they have been given something."""
        self.before = stage.crew.said("ingest.assigned")
        for number in range(ROUNDS):
            passing = await stage.crew.start()
            await stage.until_said(passing, "ingest.assigned")
            await (passing.kill() if number == 1 else passing.stop())
        await stage.mark("back after a storm")

    async def heal(self, stage: Stage) -> None:
        """It is over by itself."""

    def evidence(self, stage: Stage) -> Evidence:
        """The logs' word: only a worker knows what it was assigned."""
        return {"assignments": stage.crew.said("ingest.assigned") - self.before}
