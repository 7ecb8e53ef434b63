"""What happens to Redis and Kafka themselves."""

from __future__ import annotations

import asyncio
import resource
import shutil
from pathlib import Path

from redis import Redis

from tests.chaos.faults.fault import Evidence, Fault
from tests.chaos.faults.redis_limits import REWRITTEN_S, is_rewritten
from tests.chaos.proxy import Mode
from tests.chaos.stage import Stage
from tests.chaos.wire import REWOUND
from tests.support.servers import RedisServer, until

FORGOTTEN_COMMITS, FORGOTTEN_CHANGES = 8, 4
"""What every lane makes between the copy and the loss."""


ROOM_BYTES = 64 * 1024
"""What is left when a bound is set: a second of the load."""


class RedisKilled(Fault):
    """SIGKILL of Redis under load, and a start with the same files: a kill alone loses nothing."""

    name = "redis-killed"

    async def inject(self, stage: Stage) -> None:
        """Kill it; every worker notices."""
        redis = stage.servers.redis
        self.pid, self.before = redis.pid, {hand.name: len(hand.said("redis_away")) for hand in stage.crew.alive}
        await asyncio.to_thread(redis.kill)
        for hand in stage.crew.alive:
            await stage.until_said(hand, "redis_away", self.before[hand.name] + 1)

    async def heal(self, stage: Stage) -> None:
        """Start it."""
        await asyncio.to_thread(stage.servers.redis.start)
        await stage.mark("back after Redis is")

    def evidence(self, stage: Stage) -> Evidence:
        """The kernel's word, and the logs'."""
        return {
            "processes of Redis": int(stage.servers.redis.pid != self.pid),
            "complaints": stage.crew.said("redis_away") - sum(self.before.values()),
        }


class RedisOlder(Fault):
    """Redis comes back with an older copy of its file: acknowledged commits and published changes are gone."""

    name = "redis-older"
    loses_commits = True

    async def inject(self, stage: Stage) -> None:
        """Copy its file, let the lanes go on, kill it, and put the copy in the place of the file."""
        redis = stage.servers.redis
        file, copy = redis.directory / "appendonlydir", redis.directory / "copy"
        await asyncio.to_thread(copy_files, redis, file, copy)
        self.stage, self.copied, self.before = stage, await stage.lanes.read(), stage.crew.replies(REWOUND)
        await stage.until(self._have_gone_on, "every lane has gone on since the copy", timeout_s=60)
        _set_all(stage, Mode.RESET)
        self.lost = await stage.lanes.read()
        await asyncio.to_thread(redis.kill)
        shutil.rmtree(file)
        copy.rename(file)

    async def heal(self, stage: Stage) -> None:
        """Start it; only when it has been looked at may the workers reach it."""
        await asyncio.to_thread(stage.servers.redis.start)
        self.found = await stage.lanes.read()
        _set_all(stage, Mode.PASS)
        await stage.mark("back after Redis is older")

    def evidence(self, stage: Stage) -> Evidence:
        """Redis's word."""
        pairs = list(zip(self.lost, self.found, strict=True))
        return {
            "commits forgotten, least of a lane": min(lost.ver - found.ver for lost, found in pairs),
            "changes forgotten, least of a lane": min(lost.seq - found.seq for lost, found in pairs),
            "REWOUND from Redis": stage.crew.replies(REWOUND) - self.before,
        }

    async def _have_gone_on(self) -> bool:
        lanes = await self.stage.lanes.look()
        return bool(lanes) and all(
            now.ver - then.ver > FORGOTTEN_COMMITS and now.seq - then.seq - now.outbox > FORGOTTEN_CHANGES
            for now, then in zip(lanes, self.copied, strict=True)
        )


class BrokerKilled(Fault):
    """SIGKILL of Kafka under load, and a start with the same files."""

    name = "broker-killed"

    async def inject(self, stage: Stage) -> None:
        """Kill it; the workers find nobody."""
        self.pid, self.before = stage.servers.broker.pid, stage.kafka_proxy.refused
        await asyncio.to_thread(stage.servers.broker.kill)
        self.proxy = stage.kafka_proxy
        await stage.until(self._is_missed, "workers look for the broker")

    async def heal(self, stage: Stage) -> None:
        """Start it."""
        await asyncio.to_thread(stage.servers.broker.start)
        await stage.mark("back after the broker is")

    def evidence(self, stage: Stage) -> Evidence:
        """The kernel's word, and the proxy's."""
        return {
            "processes of Kafka": int(stage.servers.broker.pid != self.pid),
            "connections in vain": self.proxy.refused - self.before,
        }

    async def _is_missed(self) -> bool:
        return self.proxy.refused > self.before + 1


class BrokerRestarted(BrokerKilled):
    """Kafka is told to stop, which it does in order, and started again."""

    name = "broker-restarted"

    async def inject(self, stage: Stage) -> None:
        """Stop it; the workers find nobody."""
        self.proxy = stage.kafka_proxy
        self.pid, self.before = stage.servers.broker.pid, self.proxy.refused
        await asyncio.to_thread(stage.servers.broker.stop)
        await stage.until(self._is_missed, "workers look for the broker")


class BrokerDiskFull(Fault):
    """Kafka's disk has no room: a broker without a folder that it can write to ends; with room it starts again.

    What the kernel answers is another number than for a full disk, no more.
    """

    name = "broker-disk-full"

    async def inject(self, stage: Stage) -> None:
        """A bound a little above its largest file; it ends by itself."""
        self.broker = stage.servers.broker
        self.pid, self.before = self.broker.pid, self._words()
        largest = max(path.stat().st_size for path in self.broker.directory.glob("logs/*/*.log"))
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (largest + ROOM_BYTES, resource.RLIM_INFINITY))
        await stage.until(self._has_ended, "the broker has ended", timeout_s=60)
        self.code = self.broker.program.exit_code

    async def heal(self, stage: Stage) -> None:
        """There is room; it is started."""
        await asyncio.to_thread(self.broker.start)
        await stage.mark("back after the broker has room")

    def evidence(self, stage: Stage) -> Evidence:
        """The kernel's word, and the broker's: it was not ended by us, and says what it could not write."""
        return {"ended by itself": (self.code or 0) > 0, "words about a file": self._words() - self.before}

    def _words(self) -> int:
        return self.broker.log.read_text(errors="replace").count("File too large")

    async def _has_ended(self) -> bool:
        return not self.broker.running


def copy_files(redis: RedisServer, file: Path, copy: Path) -> None:
    """As they are at one moment: Redis must not write them anew meanwhile."""
    with Redis(port=redis.port) as asked:
        asked.config_set("auto-aof-rewrite-percentage", 0)
        until(lambda: is_rewritten(asked), timeout_s=REWRITTEN_S, what="Redis has written its file anew")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(file, copy)
        asked.config_set("auto-aof-rewrite-percentage", 100)


def _set_all(stage: Stage, mode: Mode) -> None:
    for hand in stage.crew.alive:
        hand.redis.set_mode(mode)
