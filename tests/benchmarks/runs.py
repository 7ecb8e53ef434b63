"""The whole benchmark: servers, events, then round after round the yardstick, ours, and the peers.

Everything is measured once in each round, so that what the machine does besides meets all alike.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import median

from tests.benchmarks.generator import Workload, events
from tests.benchmarks.known import Pattern, patterns
from tests.benchmarks.latency import Latency
from tests.benchmarks.load import load
from tests.benchmarks.machine import Machine, this_machine
from tests.benchmarks.measure import Result, Run
from tests.benchmarks.peers.field import FIELD, Peer
from tests.benchmarks.peers.follow import follow
from tests.benchmarks.peers.shelf import NotToBeHad
from tests.benchmarks.raw_read import RawRead, raw_read
from tests.benchmarks.scored import Case, backlog_latency, live_latency, score_backlog
from tests.benchmarks.sizes import Sizes, sizes
from tests.support.servers import THOROUGH_JVM, KafkaServer, RedisServer, ServerFailed
from tests.support.servers.topics import make_topics_anew

ENDS_AGO_MS = 60_000
"""The backlog ends a minute ago: so no lane that is through has time to let pass while others still read."""

ONE, TWO, KNOWN = "1 worker, Redis empty", "2 workers, Redis empty", "1 worker, {:,} leads in Redis"
SPREAD = "1 worker, {:,} leads in Redis, events of all"
IDLE, BACKLOG = "nothing else going on", "a backlog in another partition"
RATES = (500, 5_000)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. `known`: leads in Redis for one more run (0: none); `many`: the same, once, with so many.
    `full`: two workers, events of all known leads, peers, and all of latency and sizes."""

    events: int
    leads: int
    rounds: int
    known: int
    many: int
    full: bool


@dataclass(slots=True)
class Bench:
    """What it showed. Runs by name, as many of each as there were rounds; `notices`: what could not be measured."""

    machine: Machine
    workload: Workload
    load_s: float = 0.0
    raw: list[RawRead] = field(default_factory=list)
    ours: dict[str, list[Result]] = field(default_factory=dict)
    peers: dict[Peer, list[Run]] = field(default_factory=dict)
    latency: dict[str, Latency] = field(default_factory=dict)
    sizes: Sizes | None = None
    notices: list[str] = field(default_factory=list)

    @property
    def raw_us(self) -> list[float]:
        """CPU µs to read one record, of each round."""
        return [read.cpu_s / self.workload.events * 1e6 for read in self.raw]

    @property
    def raw_median_us(self) -> float:
        """What all is a multiple of."""
        return median(self.raw_us)

    @property
    def raw_wall_s(self) -> float:
        """What a read took by the clock on the wall."""
        return median(read.wall_s for read in self.raw)


def bench(plan: Plan) -> Bench:
    """Run all of it."""
    end_ms = time.time_ns() // 1_000_000 - ENDS_AGO_MS
    workload = Workload(end_ms=end_ms, events=plan.events, leads=plan.leads)
    shown = Bench(_machine(), workload)
    made = patterns(workload) if plan.known or plan.full else []
    prepared = dict(_prepared(shown)) if plan.full else {}
    with KafkaServer(jvm=THOROUGH_JVM) as kafka:
        shown.load_s = _load(kafka, workload)
        for number in range(1, plan.rounds + 1):
            _tell(f"round {number} of {plan.rounds}")
            _round(shown, kafka, plan, made)
            for peer, given in prepared.items():
                _peer(shown, kafka, peer, given)
        if plan.many:
            _ours(shown, kafka, Case(KNOWN.format(plan.many), leads_known=range(plan.leads, plan.many)), made)
        if plan.full and plan.known:
            spread = replace(workload, leads=plan.known)
            _load(kafka, spread)
            _ours(shown, kafka, Case(SPREAD.format(plan.known), leads_known=range(plan.known)), made)
        _latencies(shown, kafka, plan)
    if plan.full:
        shown.sizes = sizes(made)
    return shown


def _round(shown: Bench, kafka: KafkaServer, plan: Plan, made: list[Pattern]) -> None:
    _tell("reading the topics raw")
    shown.raw.append(raw_read(kafka.bootstrap, shown.workload.partitions, shown.workload.events))
    _ours(shown, kafka, Case(ONE), [])
    if plan.full:
        _ours(shown, kafka, Case(TWO, workers=2), [])
    if plan.known > plan.leads:
        _ours(shown, kafka, Case(KNOWN.format(plan.known), leads_known=range(plan.leads, plan.known)), made)


def _ours(shown: Bench, kafka: KafkaServer, case: Case, made: list[Pattern]) -> None:
    _tell(case.name)
    with _or_noticed(shown, case.name):
        shown.ours.setdefault(case.name, []).append(score_backlog(kafka, shown.workload, case, made))


def _peer(shown: Bench, kafka: KafkaServer, peer: Peer, prepared: str) -> None:
    _tell(peer.name)
    with _or_noticed(shown, peer.name):
        run = follow(kafka, peer, prepared, shown.workload.events, shown.workload.partitions)
        shown.peers.setdefault(peer, []).append(run)


def _prepared(shown: Bench) -> Iterator[tuple[Peer, str]]:
    """The peers that can be had here, each with what its command needs."""
    for peer in FIELD:
        _tell(f"preparing {peer.name}")
        try:
            yield peer, peer.prepare()
        except NotToBeHad as reason:
            shown.notices.append(f"NOT MEASURED: {peer.name}: {reason}")


def _latencies(shown: Bench, kafka: KafkaServer, plan: Plan) -> None:
    rates = (0, *RATES) if plan.full else (0,)
    for rate in rates:
        name = f"{rate:,} events a second" if rate else IDLE
        _tell(f"from event to change: {name}")
        with _or_noticed(shown, name):
            shown.latency[name] = live_latency(kafka, shown.workload, rate)
    if plan.full:
        _tell(f"from event to change: {BACKLOG}")
        with _or_noticed(shown, BACKLOG):
            shown.latency[BACKLOG] = backlog_latency(kafka, shown.workload)


@contextmanager
def _or_noticed(shown: Bench, what: str) -> Iterator[None]:
    """What fails is told with the figures of all else: they took a quarter of an hour."""
    try:
        yield
    except (ServerFailed, TimeoutError) as failure:
        shown.notices.append(f"NOT MEASURED: {what}: {failure or 'a change did not come in time'}")


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


def _tell(what: str) -> None:
    print(f"{what} ...", file=sys.stderr, flush=True)
