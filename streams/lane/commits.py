"""One commit of a lane: sent with one id until Redis has answered, then counted.

A commit whose answer was lost is sent again with the same id, and answered as before: so it is written once. It
is never given up half-way: only the end of the lane ends the trying.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from streams.clock import Clock
from streams.lane.ports import Commit, LaneStore, Standing, StoreUnavailable
from streams.metrics import Metrics

RETRY_FIRST_S = 0.05
RETRY_MAX_S = 2.0
"""Redis is back within seconds as a rule; asking it more often than this helps nobody."""

Answer = TypeVar("Answer")

log = structlog.get_logger("leadline.lane")


@dataclass(slots=True)
class Committer:
    """Sends commits of one lane. `is_stopped` says whether the lane was told to end."""

    partition: int
    store: LaneStore
    clock: Clock
    metrics: Metrics
    is_stopped: Callable[[], bool]
    jitter: random.Random
    is_waiting: bool = False

    async def send(self, commit: Commit) -> Standing:
        """Where the lane stands after it. Raises Rewound, Fenced, or StoreUnavailable once the lane is stopped."""
        started_s = self.clock.monotonic_s()
        standing = await self.until_available(lambda: self.store.commit(commit))
        self.metrics.commit_seconds.observe(self.clock.monotonic_s() - started_s)
        return standing

    async def until_available(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer to a call of the store, tried again for as long as Redis is away."""
        wait_s = RETRY_FIRST_S
        while True:
            try:
                answer = await call()
                self.is_waiting = False
                return answer
            except StoreUnavailable as error:
                self.is_waiting = True
                if self.is_stopped():
                    raise
                self.metrics.store_retries.inc()
                log.warning("redis_away", partition=self.partition, error=str(error), again_in_s=round(wait_s, 2))
                await asyncio.sleep(wait_s * (0.5 + self.jitter.random()))
                wait_s = min(wait_s * 2, RETRY_MAX_S)


def new_commit_id() -> str:
    """An id that no other commit has."""
    return uuid.uuid4().hex
