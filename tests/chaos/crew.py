"""The workers of a run: real processes, each with a proxy of its own before Redis, all behind Kafka's proxy."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.exposition import Exposition
from tests.chaos.proxy import Proxy
from tests.chaos.wire import FENCED, REWOUND
from tests.support.deadly import DEADLY_WORKER
from tests.support.servers import Program
from tests.support.workers import ROOT, Site, Worker, eventually

STARTED_S = 40.0
"""For a worker to start and take over, on a machine that runs everything else too, and after others have died."""

GRACE_S = 1
"""Idle lanes let time pass almost to the present: leads fall while faults are at work."""

SETTINGS: dict[str, object] = {
    "grace_s": GRACE_S,
    "batch_records": 200,
    "lane_cache_leads": 60,
    "outbox_limit": 1_000,
}
"""Small bounds, so that a run of half a minute reaches them: states go to Redis and back all the time."""

SKEWED = (sys.executable, "-m", "tests.chaos.skewed")
"""A worker whose clock is wrong: see there."""


@dataclass
class Hand:
    """One worker and its way to Redis. `is_over`: it has ended, or is about to, as the run wants it."""

    worker: Worker
    redis: Proxy
    http: str
    is_over: bool = False
    last_metrics: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What its log is called."""
        return self.worker.log.stem

    @property
    def state(self) -> str:
        """What the kernel says that it does: S sleeps, R runs, T stands still by a signal; empty once gone."""
        with contextlib.suppress(OSError):
            return (Path("/proc") / str(self.worker.pid) / "stat").read_text().rpartition(")")[2].split()[0]
        return ""

    def said(self, event: str) -> list[dict[str, Any]]:
        """The lines of its log with this event."""
        return self.worker.events(event)

    @property
    def lanes(self) -> set[int]:
        """The partitions of its last assignment that it has taken over."""
        assigned = self.said("ingest.assigned")
        return set(assigned[-1]["partitions"]) & set(self.worker.taken) if assigned else set()

    async def suspend(self) -> None:
        """SIGSTOP; returns once it stands still."""
        self.worker.send(signal.SIGSTOP)
        await eventually(self._stands_still, timeout_s=5.0, what=f"{self.name} stands still")

    async def kill(self) -> None:
        """SIGKILL; returns once it is gone."""
        self.is_over = True
        await asyncio.to_thread(self.worker.kill)

    async def stop(self) -> int:
        """SIGTERM; its exit code."""
        self.is_over = True
        return await asyncio.to_thread(self.worker.stop)

    def resume(self) -> None:
        """SIGCONT."""
        self.worker.send(signal.SIGCONT)

    def metric(self, name: str) -> float:
        """The sum of one of its metrics over all labels, as last read."""
        return self.last_metrics.get(name, 0.0)

    async def read_metrics(self, names: Sequence[str]) -> None:
        """Read them again; those of a worker that does not answer stay as they were."""
        with contextlib.suppress(OSError):
            page = await asyncio.to_thread(Exposition.read, self.http)
            for name in names:
                self.last_metrics[name] = page.total(name)

    async def _stands_still(self) -> bool:
        return self.state == "T"


class Crew:
    """All workers that a run has started, in order. `crashes` counts those that ended by themselves.

    `deadly`: from now on those that start are killed by a certain record (tests.support.deadly).
    """

    def __init__(self, site: Site, kafka_front: str, redis_port: Callable[[], int]) -> None:
        self.hands: list[Hand] = []
        self.crashes = 0
        self.deadly = False
        self._site = site
        self._kafka_front = kafka_front
        self._redis_port = redis_port
        self._exits = contextlib.AsyncExitStack()

    @property
    def alive(self) -> list[Hand]:
        """Those whose process is there, also one that stands still."""
        return [hand for hand in self.hands if hand.worker.running]

    async def start(self, *, skewed_s: int = 0, **settings: object) -> Hand:
        """One more worker; does not wait for it to take anything over."""
        redis = Proxy(self._redis_port(), seen=(FENCED, REWOUND))
        await self._exits.enter_async_context(redis)
        given = self._site.settings(
            kafka=self._kafka_front, redis=f"redis://127.0.0.1:{redis.port}/0", **SETTINGS, **settings
        )
        hand = Hand(self._started(skewed_s, given), redis, str(given["http"]))
        self.hands.append(hand)
        return hand

    async def started(self, count: int) -> list[Hand]:
        """So many workers more; returns once every lane is taken over, and each of them has some."""
        new = [await self.start() for _ in range(count)]
        await eventually(self._all_held, timeout_s=STARTED_S, what="all lanes are held", workers=self._programs())
        return new

    def replies(self, start: bytes) -> int:
        """How often Redis has answered so, to any of them."""
        return sum(hand.redis.replies[start] for hand in self.hands)

    def said(self, event: str) -> int:
        """How many lines of all logs have this event."""
        return sum(len(hand.said(event)) for hand in self.hands)

    async def replace_crashed(self) -> None:
        """What a supervisor does: a worker that has ended by itself is started again."""
        for hand in [hand for hand in self.hands if not hand.is_over and not hand.worker.running]:
            hand.is_over = True
            self.crashes += 1
            await self.start()

    async def stop(self) -> list[int]:
        """SIGTERM for all that are alive; their exit codes."""
        for hand in self.alive:
            hand.resume()
        return list(await asyncio.gather(*(hand.stop() for hand in self.alive)))

    async def close(self) -> None:
        """Kill what is left, and close the proxies."""
        for hand in self.alive:
            await hand.kill()
        await self._exits.aclose()

    def _programs(self) -> tuple[Worker, ...]:
        return tuple(hand.worker for hand in self.alive)

    def _started(self, skewed_s: int, given: Mapping[str, object]) -> Worker:
        """As the site starts one, perhaps with another program."""
        if not skewed_s and not self.deadly:
            return self._site.start(**given)
        argv = (*DEADLY_WORKER, "kill", "worker") if self.deadly else (*SKEWED, str(skewed_s))
        self._site.started += 1
        environ = {f"LEADLINE_{name.upper()}": str(value) for name, value in given.items()}
        log = self._site.directory / f"worker-{self._site.started}.log"
        return Worker(argv, log=log, env={**os.environ, **environ}, cwd=ROOT)

    async def _all_held(self) -> bool:
        held = [hand.lanes for hand in self.alive]
        return all(held) and set().union(*held) == set(range(self._site.partitions))


def resident_kb(program: Program) -> int:
    """What a process holds in memory; 0 once it is gone."""
    with contextlib.suppress(OSError):
        for line in (Path("/proc") / str(program.pid) / "status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0
