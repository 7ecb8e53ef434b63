"""`make outages`: what goes wrong on real servers, and which alerts of a real Prometheus fire when.

    normal      traffic as always: nothing may fire
    redis       Redis is killed, and started again after a minute
    kafka       the only broker is killed, and started again after a minute
    flood       half of the records cannot be taken, for a hundred seconds
    slow        each answer of Redis takes 2.4 seconds, so that the worker falls behind

One worker, which a supervisor starts again when it ends, the rules as they are shipped, a scrape every 5 s. Takes
fifteen minutes; `make outages ARGS="redis slow"` does these alone. The table is made of what Prometheus has kept of
`ALERTS`, and goes to standard output.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from streams.clock import SystemClock
from tests.chaos.proxy import Mode, Proxy
from tests.operations.deployed import RULES
from tests.operations.site import REFUSED_SHARE, LiveTraffic
from tests.support.servers import KafkaServer, RedisServer, free_port
from tests.support.servers.prometheus import PrometheusServer, Series
from tests.support.servers.topics import make_topics_anew
from tests.support.workers import Site, Worker

PARTITIONS = 3
RECORDS_PER_S = 100
SCRAPE_S = 5

NORMAL_S = 60.0
AWAY_S = 60.0
FLOOD_S = 100.0
SLOW_S = 360.0
SLOW_S_EACH_WAY = 1.2
"""An answer for a batch of 20 records whose leads are in memory: 8 a second of the 33 that come to each lane."""

SETTLED_S = 45.0
"""After each outage, for what heals by itself."""

SETTINGS = {"batch_records": 20, "grace_s": 5, "journal": False}


class Phase(NamedTuple):
    """Something that goes wrong. `run` returns when it is over; then comes the time to recover."""

    word: str
    name: str
    run: Callable[[Stage], Awaitable[None]]


class Spell(NamedTuple):
    """An alert, when it began to be pending, when to fire, and when it was over, in seconds of the run."""

    alert: str
    pending_s: float
    fired_s: float | None
    over_s: float


@dataclass
class Stage:
    """Servers, worker, traffic, and what was noted of each phase: (name, began, over) in seconds of the run."""

    kafka: KafkaServer
    redis: RedisServer
    proxy: Proxy
    prometheus: PrometheusServer
    site: Site
    http: str
    traffic: LiveTraffic
    clock: SystemClock = field(default_factory=SystemClock)
    phases: list[tuple[str, float, float]] = field(default_factory=list)
    began_ms: int = 0

    def now_s(self) -> float:
        """Seconds since the run began."""
        return (self.clock.now_ms() - self.began_ms) / 1000

    async def passes(self, duration_s: float) -> None:
        """Returns after so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(duration_s):
                await asyncio.Event().wait()


async def normal(stage: Stage) -> None:
    """Nothing goes wrong."""
    await stage.passes(NORMAL_S)


async def redis_away(stage: Stage) -> None:
    """It is killed, and comes back with its append-only file."""
    await asyncio.to_thread(stage.redis.kill)
    await stage.passes(AWAY_S)
    await asyncio.to_thread(stage.redis.start)


async def kafka_away(stage: Stage) -> None:
    """It is killed, and comes back with its logs."""
    await asyncio.to_thread(stage.kafka.kill)
    await stage.passes(AWAY_S)
    await asyncio.to_thread(stage.kafka.start)


async def flood(stage: Stage) -> None:
    """A sender has forgotten how an instant is written."""
    stage.traffic.refused = 0.5
    await stage.passes(FLOOD_S)
    stage.traffic.refused = REFUSED_SHARE


async def slow(stage: Stage) -> None:
    """Redis answers, and late."""
    stage.proxy.set_mode(Mode.DELAY, SLOW_S_EACH_WAY)
    await stage.passes(SLOW_S)
    stage.proxy.set_mode(Mode.PASS)


PHASES = (
    Phase("normal", "normal traffic", normal),
    Phase("redis", "Redis away for 60 s", redis_away),
    Phase("kafka", "the broker away for 60 s", kafka_away),
    Phase("flood", "half of the records refused", flood),
    Phase("slow", "the worker falls behind", slow),
)


async def run(chosen: Sequence[Phase]) -> list[str]:
    """The lines of the table."""
    async with a_stage() as stage, supervised(stage), stage.traffic.flowing():
        await asyncio.to_thread(stage.prometheus.start)
        await stage.passes(4 * SCRAPE_S)
        stage.began_ms = stage.clock.now_ms()
        for phase in chosen:
            began_s = stage.now_s()
            say(f"{began_s:6.0f} s  {phase.name}")
            await phase.run(stage)
            stage.phases.append((phase.name, began_s, stage.now_s()))
            await stage.passes(SETTLED_S)
        end_s = stage.now_s()
        series = await asyncio.to_thread(
            stage.prometheus.history, "ALERTS", stage.began_ms / 1000, stage.began_ms / 1000 + end_s, SCRAPE_S
        )
    return list(table(stage.phases, spells(series, stage.began_ms / 1000), end_s))


@asynccontextmanager
async def a_stage() -> AsyncIterator[Stage]:
    """Everything but the worker is there; Prometheus is not started yet."""
    async with AsyncExitStack() as stack:
        kafka, redis = stack.enter_context(KafkaServer()), stack.enter_context(RedisServer())
        proxy = await stack.enter_async_context(Proxy(upstream=redis.port))
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leadline-outages-")))
        http = f"127.0.0.1:{free_port()}"
        prometheus = PrometheusServer(http, RULES.read_text(), SCRAPE_S)
        stack.callback(prometheus.close)
        await make_topics_anew(kafka.bootstrap, PARTITIONS)
        site = Site(kafka.bootstrap, f"redis://127.0.0.1:{proxy.port}/0", "ll", directory, PARTITIONS)
        yield Stage(kafka, redis, proxy, prometheus, site, http, LiveTraffic(site, RECORDS_PER_S))


@asynccontextmanager
async def supervised(stage: Stage) -> AsyncIterator[None]:
    """A worker that is started again when it ends, as systemd or Kubernetes would."""
    workers = [start(stage)]
    await stage.site.running(workers[0])

    async def watch() -> None:
        while True:
            if not workers[-1].running:
                say(f"{stage.now_s():6.0f} s  the worker has ended with {workers[-1].exit_code}")
                workers.append(start(stage))
            await asyncio.sleep(1.0)

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        workers[-1].stop()


def start(stage: Stage) -> Worker:
    """The worker that Prometheus asks."""
    return stage.site.start(http=stage.http, **SETTINGS)


def spells(series: Iterable[Series], began_s: float) -> list[Spell]:
    """What became of each alert, in the order in which they began; two that are a minute apart are two."""
    seen: dict[str, list[tuple[float, bool]]] = {}
    for each in series:
        fires = each.labels["alertstate"] == "firing"
        seen.setdefault(each.labels["alertname"], []).extend((at_s - began_s, fires) for at_s, _ in each.points)
    found = [spell for alert, points in seen.items() for spell in _spells(alert, sorted(points))]
    return sorted(found, key=lambda spell: spell.pending_s)


def _spells(alert: str, points: list[tuple[float, bool]]) -> list[Spell]:
    found: list[Spell] = []
    for at_s, fires in points:
        if not found or at_s - found[-1].over_s > AWAY_S:
            found.append(Spell(alert, at_s, at_s if fires else None, at_s))
            continue
        last = found[-1]
        fired_s = last.fired_s if last.fired_s is not None or not fires else at_s
        found[-1] = last._replace(fired_s=fired_s, over_s=at_s)
    return found


def table(phases: list[tuple[str, float, float]], found: list[Spell], end_s: float) -> list[str]:
    """Markdown: what goes wrong, and since its beginning, when an alert fired and when it was over."""
    rows = ["| what happens | lasts | alert | fires after | over after |", "| --- | --- | --- | --- | --- |"]
    ends = [*(began_s for _, began_s, _ in phases[1:]), end_s + 1]
    for (name, began_s, over_s), until_s in zip(phases, ends, strict=True):
        told = [spell for spell in found if began_s <= spell.pending_s < until_s]
        lasts = f"{over_s - began_s:.0f} s"
        rows += [_row(name, lasts, spell, began_s, end_s) for spell in told]
        if not told:
            rows.append(f"| {name} | {lasts} | none | | |")
    return rows


def _row(name: str, lasts: str, spell: Spell, began_s: float, end_s: float) -> str:
    fires = "does not: over before" if spell.fired_s is None else f"{spell.fired_s - began_s:.0f} s"
    over = "" if spell.over_s >= end_s - 2 * SCRAPE_S else f"{spell.over_s - began_s:.0f} s"
    return f"| {name} | {lasts} | `{spell.alert}` | {fires} | {over} |"


def say(text: str) -> None:
    """How far it is."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a producer that has lost its broker says so for ever
    words = sys.argv[1:]
    chosen = [phase for phase in PHASES if phase.word in words or not words]
    sys.stdout.write("\n".join([*asyncio.run(run(chosen)), ""]))
