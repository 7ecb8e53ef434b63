"""What happens on the way between workers and servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from tests.chaos.faults.fault import Evidence, Fault
from tests.chaos.proxy import Mode, Proxy, Rule
from tests.chaos.stage import Stage
from tests.chaos.wire import COMMITS, Api, Matches, asks_kafka

DROPPED = 10
"""Replies lost on each way: by chance, so that repeats come through once in a while."""

CHANCE = 0.4

SILENT_S = 15.0
"""A way is closed for as long: more than a command's time-out (5 s) and a session's (10 s)."""

SLOW_S = 0.2
"""Each unit comes so much later: forty times what a commit takes."""


class RepliesDropped(Fault):
    """The server does it, and its answer is lost."""

    async def inject(self, stage: Stage) -> None:
        """Until ten answers on each way are lost."""
        self.rules: list[Rule] = [
            proxy.drop_replies(self.matches(), times=DROPPED, choose=lambda: stage.rng.random() < CHANCE)
            for proxy in self.ways(stage)
        ]
        await stage.until(self._are_lost, "ten answers are lost on each way")

    async def heal(self, stage: Stage) -> None:
        """It is over by itself."""
        await stage.mark("back after lost answers")

    def evidence(self, stage: Stage) -> Evidence:
        """The proxies' word."""
        return {"answers lost, least of a way": min(rule.dropped for rule in self.rules)}

    def matches(self) -> Matches:
        """The requests whose answers are lost."""
        raise NotImplementedError

    def ways(self, stage: Stage) -> Sequence[Proxy]:
        """The proxies on which answers are lost."""
        raise NotImplementedError

    async def _are_lost(self) -> bool:
        return all(rule.dropped >= DROPPED for rule in self.rules)


class CommitRepliesDropped(RepliesDropped):
    """Redis commits, and its answer is lost: the same commit comes again, and is not written twice."""

    name = "commit-replies-dropped"

    def matches(self) -> Matches:
        """Commits of lanes."""
        return COMMITS

    def ways(self, stage: Stage) -> Sequence[Proxy]:
        """Each worker's."""
        return [hand.redis for hand in stage.crew.alive]


class TransactionRepliesDropped(RepliesDropped):
    """Kafka commits a transaction, and its answer is lost."""

    name = "transaction-replies-dropped"

    def matches(self) -> Matches:
        """Ends of transactions."""
        return asks_kafka(Api.END_TRANSACTION)

    def ways(self, stage: Stage) -> Sequence[Proxy]:
        """All workers'."""
        return [stage.kafka_proxy]


class Disturbed(Fault):
    """A way that is not as it should be, for a while."""

    mode: ClassVar[Mode]

    async def inject(self, stage: Stage) -> None:
        """Close it, or make it slow."""
        self.proxies = self.ways(stage)
        self.before = sum(proxy.kept for proxy in self.proxies)
        for proxy in self.proxies:
            proxy.set_mode(self.mode, SLOW_S)
        await stage.spend(SILENT_S)

    async def heal(self, stage: Stage) -> None:
        """What has waited on it arrives now."""
        for proxy in self.proxies:
            proxy.set_mode(Mode.PASS)
        await stage.mark(f"back after {self.name}")

    def evidence(self, stage: Stage) -> Evidence:
        """The proxies' word."""
        return {"units kept back": sum(proxy.kept for proxy in self.proxies) - self.before}

    def ways(self, stage: Stage) -> Sequence[Proxy]:
        """The proxies that are disturbed."""
        raise NotImplementedError


class RedisDisturbed(Disturbed):
    """The way of all workers to Redis."""

    def ways(self, stage: Stage) -> Sequence[Proxy]:
        """Each worker's."""
        return [hand.redis for hand in stage.crew.alive]


class BrokerDisturbed(Disturbed):
    """The way of all workers to Kafka."""

    def ways(self, stage: Stage) -> Sequence[Proxy]:
        """All workers'."""
        return [stage.kafka_proxy]


class RedisUnreachable(RedisDisturbed):
    """Nothing arrives; what was sent arrives when the way is open again, long after its time."""

    name, mode = "redis-unreachable", Mode.BLACKHOLE


class RedisOneWay(RedisDisturbed):
    """Commits arrive, answers do not."""

    name, mode = "redis-one-way", Mode.ONE_WAY


class RedisSlow(RedisDisturbed):
    """Everything takes 0.2 s each way."""

    name, mode = "redis-slow", Mode.DELAY


class BrokerUnreachable(BrokerDisturbed):
    """Nothing arrives, for longer than a session lasts."""

    name, mode = "broker-unreachable", Mode.BLACKHOLE


class BrokerOneWay(BrokerDisturbed):
    """Requests arrive, answers do not: heartbeats count, transactions are done, and nobody knows."""

    name, mode = "broker-one-way", Mode.ONE_WAY


class BrokerSlow(BrokerDisturbed):
    """Everything takes 0.2 s each way."""

    name, mode = "broker-slow", Mode.DELAY
