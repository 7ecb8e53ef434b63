"""The whole benchmark: servers, events, the measured runs one after the other, the yardstick, the latency."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass, replace
from statistics import median

from schemas.topics import OUTPUTS, PUBLISHED
from tests.benchmarks import known
from tests.benchmarks.generator import Workload, events
from tests.benchmarks.latency import Latency, latency
from tests.benchmarks.load import load
from tests.benchmarks.machine import Machine, this_machine
from tests.benchmarks.measure import START_TIMEOUT_S, Result, Servers, measure
from tests.benchmarks.progress import Progress
from tests.benchmarks.raw_read import RawRead, raw_read
from tests.benchmarks.worker import PREFIX, running_worker
from tests.support.servers import THOROUGH_JVM, KafkaServer, RedisServer
from tests.support.servers.topics import make_topics_anew

RAW_READS = 3
"""The median of so many: one takes 2 s, and is what all else is compared with."""

ENDS_AGO_MS = 60_000
"""The backlog ends a minute ago: so no lane that is through has time to let pass while others still read."""

EMPTY, DORMANT, SPREAD = "Redis empty", "{:,} leads in Redis", "events of all {:,} leads"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: `known` leads are in Redis before the second run; `full`: and all of them have events."""

    events: int
    leads: int
    known: int
    full: bool


@dataclass(frozen=True, slots=True)
class Bench:
    """What it showed; `runs` by name. `load_s` is what Kafka took to take the events."""

    machine: Machine
    workload: Workload
    load_s: float
    runs: dict[str, Result]
    raw: RawRead
    latency: Latency

    @property
    def raw_us(self) -> float:
        """CPU µs to read one record."""
        return self.raw.cpu_s / self.workload.events * 1e6


def bench(plan: Plan) -> Bench:
    """Run all of it."""
    end_ms = time.time_ns() // 1_000_000 - ENDS_AGO_MS
    workload = Workload(end_ms=end_ms, events=plan.events, leads=plan.leads)
    with KafkaServer(jvm=THOROUGH_JVM) as kafka:
        machine = _machine()
        load_s = _load(kafka, workload)
        _tell("scoring the backlog")
        runs = {EMPTY: _run(kafka, workload, range(0))}
        _tell("reading the same topics raw")
        reads = [raw_read(kafka.bootstrap, workload.partitions, workload.events) for _ in range(RAW_READS)]
        raw = RawRead(median(read.cpu_s for read in reads), median(read.wall_s for read in reads))
        if plan.known > plan.leads:
            _tell(f"the same with {plan.known:,} leads in Redis")
            others = range(plan.leads, plan.known)
            runs[DORMANT.format(plan.known)] = _run(kafka, workload, others)
        if plan.full:
            spread = replace(workload, leads=plan.known)
            _load(kafka, spread)
            _tell(f"scoring the events of {plan.known:,} leads")
            runs[SPREAD.format(plan.known)] = _run(kafka, spread, range(plan.known))
        return Bench(machine, workload, load_s, runs, raw, _latency(kafka, workload))


def _machine() -> Machine:
    with RedisServer() as redis:
        return this_machine(redis.url)


def _load(kafka: KafkaServer, workload: Workload) -> float:
    """New topics with the events of this workload; how long it took."""
    _tell(f"producing {workload.events:,} events")
    asyncio.run(make_topics_anew(kafka.bootstrap, workload.partitions))
    started_s = time.monotonic()
    load(kafka.bootstrap, events(workload))
    return time.monotonic() - started_s


def _run(kafka: KafkaServer, workload: Workload, leads: range) -> Result:
    """One worker through the backlog, with a Redis of its own that knows these leads, and outputs of its own."""
    asyncio.run(make_topics_anew(kafka.bootstrap, workload.partitions, (*OUTPUTS, PUBLISHED)))
    with RedisServer() as redis:
        if leads:
            known.write(redis.url, PREFIX, workload.partitions, leads, known.patterns(workload))
        progress = Progress(redis.url, PREFIX, workload.partitions)
        with running_worker(kafka, redis, workload.partitions) as worker:
            return measure(Servers(kafka, redis, progress), worker, workload.events)


def _latency(kafka: KafkaServer, workload: Workload) -> Latency:
    _tell("measuring from event to change")
    asyncio.run(make_topics_anew(kafka.bootstrap, workload.partitions))
    with RedisServer() as redis:
        progress = Progress(redis.url, PREFIX, workload.partitions)
        with running_worker(kafka, redis, workload.partitions) as worker:
            worker.program.wait_until(progress.is_begun, timeout_s=START_TIMEOUT_S)
            return asyncio.run(latency(kafka.bootstrap, progress, workload.seed))


def _tell(what: str) -> None:
    print(f"{what} ...", file=sys.stderr, flush=True)
