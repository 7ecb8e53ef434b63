"""What Redis runs out of, and what a replica has not heard of."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path

from redis import Redis

from tests.chaos.faults.fault import Evidence, Fault
from tests.chaos.proxy import Mode, Proxy
from tests.chaos.stage import Stage
from tests.chaos.wire import REWOUND
from tests.support.servers import RedisServer, until

ROOM_BYTES = 64 * 1024
"""What is left when a bound is set: some commits."""

COMPLAINTS = 6
"""Of lanes that wait: the bound has been met, and met again."""

REWRITTEN_S = 30.0

FORGOTTEN_COMMITS = 8
"""What every lane makes while the replica's link is cut."""


class Full(Fault):
    """Redis can take no more, and later can again: lanes wait, and commits stay whole."""

    word: str

    async def inject(self, stage: Stage) -> None:
        """Set a bound a little above what there is."""
        self.stage = stage
        self.redis, self.before = Redis(port=stage.servers.redis.port), self._answers()
        await asyncio.to_thread(self.bound)
        await stage.until(self._is_met, f"lanes meet {self.word}")

    async def heal(self, stage: Stage) -> None:
        """Take the bound away."""
        await asyncio.to_thread(self.unbound)
        await stage.mark(f"back after {self.name}")

    def evidence(self, stage: Stage) -> Evidence:
        """The logs' word: what Redis has answered."""
        return {f"answers {self.word}": self._answers() - self.before}

    def bound(self) -> None:
        """Set it."""
        raise NotImplementedError

    def unbound(self) -> None:
        """Take it away."""
        raise NotImplementedError

    def _answers(self) -> int:
        return sum(self.word in line["error"] for hand in self.stage.crew.hands for line in hand.said("redis_away"))

    async def _is_met(self) -> bool:
        return self._answers() - self.before >= COMPLAINTS


def is_rewritten(redis: Redis) -> bool:
    """Whether it writes its file anew no more."""
    told = redis.info("persistence")
    return not told["aof_rewrite_in_progress"] and not told["aof_rewrite_scheduled"]


class RedisOutOfMemory(Full):
    """`maxmemory` is reached."""

    name, word = "redis-out-of-memory", "OOM"

    def bound(self) -> None:
        """As much as there is."""
        self.redis.config_set("maxmemory", self.redis.info("memory")["used_memory"])

    def unbound(self) -> None:
        """As much as the machine has."""
        self.redis.config_set("maxmemory", 0)


class RedisDiskFull(Full):
    """Its file can grow no further: what the kernel answers is another number than for a full disk, no more."""

    name, word = "redis-disk-full", "MISCONF"

    def bound(self) -> None:
        """A little more than there is."""
        directory: Path = self.stage.servers.redis.directory / "appendonlydir"
        size = max(path.stat().st_size for path in directory.iterdir())
        self._set(size + ROOM_BYTES)

    def unbound(self) -> None:
        """As much as the disk has; and the file is written anew, as who runs it should: Redis 7.0 may leave a hole
        in it where a write came short soon after it had written it anew by itself."""
        self._set(resource.RLIM_INFINITY)
        self.redis.bgrewriteaof()
        until(lambda: is_rewritten(self.redis), timeout_s=REWRITTEN_S, what="Redis has written its file anew")

    def _set(self, size_bytes: int) -> None:
        limits = (size_bytes, resource.RLIM_INFINITY)
        resource.prlimit(self.stage.servers.redis.pid, resource.RLIMIT_FSIZE, limits)


class ReplicaPromoted(Fault):
    """The link to a replica is cut, later Redis dies, and the replica takes its place: commits are gone."""

    name = "replica-promoted"
    loses_commits = True

    async def inject(self, stage: Stage) -> None:
        """Cut, let the lanes go on, kill, promote, and send the workers there."""
        self.stage, first = stage, stage.servers.redis
        async with Proxy(first.port) as link:
            self.replica = RedisServer("--replicaof", "127.0.0.1", str(link.port))
            await asyncio.to_thread(self.replica.start)
            await stage.until(self._is_in_step, "the replica is in step")
            link.set_mode(Mode.BLACKHOLE)
            self.cut_at = await stage.lanes.read()
            await stage.until(self._have_gone_on, "every lane has gone on since the cut")
            for hand in stage.crew.hands:
                hand.redis.set_mode(Mode.RESET)
            self.lost = await stage.lanes.read()
            await asyncio.to_thread(first.kill)
        await asyncio.to_thread(lambda: Redis(port=self.replica.port).replicaof("NO", "ONE"))

    async def heal(self, stage: Stage) -> None:
        """The workers find the other one at the same address."""
        stage.move_redis(self.replica)
        self.found = await stage.lanes.read()
        for hand in stage.crew.hands:
            hand.redis.set_mode(Mode.PASS)
        await stage.mark("back after a promotion")

    def evidence(self, stage: Stage) -> Evidence:
        """Both Redis's word."""
        pairs = list(zip(self.lost, self.found, strict=True))
        return {
            "commits forgotten, least of a lane": min(lost.ver - found.ver for lost, found in pairs),
            "REWOUND from Redis": stage.crew.replies(REWOUND),
        }

    async def _is_in_step(self) -> bool:
        told = await asyncio.to_thread(lambda: Redis(port=self.replica.port).info("replication"))
        return bool(told["master_link_status"] == "up")

    async def _have_gone_on(self) -> bool:
        lanes = await self.stage.lanes.look()
        return bool(lanes) and all(
            now.ver - then.ver > FORGOTTEN_COMMITS for now, then in zip(lanes, self.cut_at, strict=True)
        )
