"""How much memory a run takes while it goes on, by the kernel's word and Redis's, and whether that grows."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import linear_regression
from typing import NamedTuple

from redis import Redis, RedisError

from streams.clock import Clock
from tests.chaos.crew import Crew, resident_kb
from tests.support.servers import RedisServer
from tests.support.tasks import ended

EVERY_S = 2.0

SLOPE_MAX_MB = 1.0
"""A minute, over the second half. A leak of one record in a hundred would be more."""

SEEN_SHARE = 0.9
"""Of the second half, that a process must have been there for its slope to tell anything."""

REDIS = "Redis, less its data"


class Sample(NamedTuple):
    """How much it was, and when."""

    minute: float
    megabytes: float


class Growth(NamedTuple):
    """One process over the second half of a run."""

    name: str
    first_mb: float
    last_mb: float
    slope_mb: float
    """A minute, by least squares."""


@dataclass
class MemoryWatch:
    """Samples from `start` on, by the name of what is looked at."""

    crew: Crew
    redis: RedisServer
    clock: Clock
    samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """From now on."""
        self._began_s = self.clock.monotonic_s()
        self._task = asyncio.create_task(self._run(), name="memory")

    async def stop(self) -> None:
        """No more. Raises what has ended it before."""
        await ended(self._task)

    async def _run(self) -> None:
        while True:
            for hand in self.crew.alive:
                self._note(hand.name, resident_kb(hand.worker) / 1_024)
            overhead = await asyncio.to_thread(redis_overhead_bytes, self.redis.port)
            self._note(REDIS, overhead / 1_048_576)
            await asyncio.sleep(EVERY_S)

    def _note(self, name: str, megabytes: float) -> None:
        if megabytes:
            minute = (self.clock.monotonic_s() - self._began_s) / 60
            self.samples[name].append(Sample(minute, megabytes))


def redis_overhead_bytes(port: int) -> int:
    """What Redis takes beside its data: keys' places, clients, buffers, scripts. 0 while it is away."""
    try:
        with Redis(port=port, socket_timeout=EVERY_S) as redis:
            return int(redis.info("memory")["used_memory_overhead"])
    except (RedisError, OSError):
        return 0


def growths(samples: Mapping[str, Sequence[Sample]]) -> list[Growth]:
    """Of everything that was there throughout the second half."""
    end = max((series[-1].minute for series in samples.values() if series), default=0.0)
    found = []
    for name, series in samples.items():
        half = [sample for sample in series if sample.minute >= end / 2]
        if len(half) > 1 and half[-1].minute - half[0].minute >= SEEN_SHARE * end / 2:
            slope, _ = linear_regression(*zip(*half, strict=True))
            found.append(Growth(name, half[0].megabytes, half[-1].megabytes, slope))
    return found


def grown(found: Sequence[Growth]) -> list[str]:
    """What grows, or what cannot be told."""
    if not {growth.name for growth in found} - {REDIS}:
        return ["no worker was there throughout the second half: nothing is known of its memory"]
    return [
        f"{growth.name} grows by {growth.slope_mb:.2f} MB a minute, more than {SLOPE_MAX_MB:g}"
        for growth in found
        if growth.slope_mb > SLOPE_MAX_MB
    ]
