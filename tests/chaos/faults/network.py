"""What happens on the way between workers and servers."""

from __future__ import annotations

from tests.chaos.faults.fault import Evidence, Fault
from tests.chaos.proxy import Rule
from tests.chaos.stage import Stage
from tests.chaos.wire import COMMITS, Api, asks_kafka

DROPPED = 10
"""Replies lost of each worker: with chance, so that repeats come through once in a while."""

CHANCE = 0.4


class CommitRepliesDropped(Fault):
    """Redis commits, and its answer is lost: the same commit comes again, and is not written twice."""

    name = "commit-replies-dropped"

    async def inject(self, stage: Stage) -> None:
        """Until ten answers of each worker are lost."""
        self.rules = [
            hand.redis.drop_replies(COMMITS, times=DROPPED, choose=lambda: stage.rng.random() < CHANCE)
            for hand in stage.crew.hands
        ]
        await stage.until(self._are_lost, "ten answers of each worker are lost")

    async def heal(self, stage: Stage) -> None:
        """It is over by itself."""
        await stage.mark("back after lost answers")

    def evidence(self, stage: Stage) -> Evidence:
        """The proxies' word."""
        return {"answers lost, least of a worker": min(rule.dropped for rule in self.rules)}

    async def _are_lost(self) -> bool:
        return all(rule.dropped >= DROPPED for rule in self.rules)


class TransactionRepliesDropped(Fault):
    """Kafka commits a transaction, and its answer is lost."""

    name = "transaction-replies-dropped"

    async def inject(self, stage: Stage) -> None:
        """Until ten answers are lost."""
        self.rule: Rule = stage.kafka_proxy.drop_replies(
            asks_kafka(Api.END_TRANSACTION), times=DROPPED, choose=lambda: stage.rng.random() < CHANCE
        )
        await stage.until(self._are_lost, "ten answers are lost")

    async def heal(self, stage: Stage) -> None:
        """It is over by itself."""
        await stage.mark("back after lost answers")

    def evidence(self, stage: Stage) -> Evidence:
        """The proxy's word."""
        return {"answers lost": self.rule.dropped}

    async def _are_lost(self) -> bool:
        return self.rule.dropped >= DROPPED
