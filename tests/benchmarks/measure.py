"""One measured run: a backlog in Kafka, workers started, and what it took until all of it was committed.

The whole run goes from the first commit of the first lane to the last: what came before is start-up, and told
apart. The second half begins when half of the events are committed: leads are as old by then as they are in a
system that has run for a while.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.benchmarks.accounting import cpu_time, peak_memory_mib
from tests.benchmarks.exposition import Exposition, Histogram
from tests.benchmarks.progress import Progress, Standing
from tests.benchmarks.rhythm import Rhythm, rhythm
from tests.benchmarks.worker import Worker
from tests.support.servers import KafkaServer, RedisServer, ServerFailed

LOOK_S = 0.05
"""Between two looks at how far the workers have come: twenty a second cost Redis 0.2 % of a core."""

START_TIMEOUT_S = 60.0
"""From the process's start to the first commit; 2 s when nobody else is working."""

RUN_TIMEOUT_S = 900.0
"""A million events take half a minute on two cores; the bound is for one that crawls."""


class Mark(NamedTuple):
    """One look: when, how many records were done, and the CPU seconds that each side had used by then."""

    at_s: float
    records: int
    own_s: float
    redis_s: float
    redis_children_s: float
    kafka_s: float


class Cost(NamedTuple):
    """A stretch of a run. CPU in µs an event; Redis's includes what its children took to rewrite its file."""

    events: int
    wall_s: float
    own_us: float
    redis_us: float
    rewrite_us: float
    kafka_us: float

    @property
    def path_us(self) -> float:
        """The processes that score and their Redis together."""
        return self.own_us + self.redis_us

    @property
    def events_per_s(self) -> float:
        """By the clock on the wall."""
        return self.events / self.wall_s

    @property
    def cores(self) -> float:
        """How many cores all of them kept busy, Kafka too."""
        return (self.path_us + self.kafka_us) * self.events / 1e6 / self.wall_s


@dataclass(frozen=True, slots=True)
class Run:
    """What one run showed, ours or a peer's. `start_s` and `start_cpu_s`: until the first event was done."""

    whole: Cost
    second_half: Cost
    start_s: float
    start_cpu_s: float
    peak_mib: float
    changes: int


@dataclass(frozen=True, slots=True)
class Result(Run):
    """The same of ours. `together`: while all workers had lanes and every lane had work. `peak_mib` is that of the
    worker with most, the histograms are the first one's."""

    together: Cost
    rhythm: Rhythm
    redis_mib: float
    leads: int
    commit_seconds: Histogram
    batch_records: Histogram
    counters: dict[str, float] = field(default_factory=dict)


class Servers(NamedTuple):
    """What a run is measured on."""

    kafka: KafkaServer
    redis: RedisServer
    progress: Progress


class Looks:
    """The looks at one run, in order: what each process had used when so much was committed."""

    def __init__(self, servers: Servers, workers: Sequence[Worker]) -> None:
        self.servers = servers
        self.workers = workers
        self.marks: list[Mark] = []
        self.standings: list[Standing] = []
        self.together_from: int | None = None if len(workers) > 1 else 0

    def look(self) -> Standing:
        """One more."""
        standing = self.servers.progress.look()
        own_s = sum(cpu_time(worker.pid).total_s for worker in self.workers)
        self.marks.append(mark(standing.records, own_s, self.servers.kafka, self.servers.redis))
        self.standings.append(standing)
        if self.together_from is None and all(worker.has_lanes() for worker in self.workers):
            self.together_from = len(self.marks) - 1
        return standing

    def together(self) -> Cost:
        """The stretch in which all workers had lanes, up to the end of the first lane. Raises ServerFailed."""
        final = self.standings[-1].lanes
        until = next(
            place
            for place, standing in enumerate(self.standings)
            if any(lane.records == end.records for lane, end in zip(standing.lanes, final, strict=True))
        )
        if self.together_from is None or self.together_from >= until:
            raise ServerFailed("the first lane was through before every worker had lanes: measure more events")
        return cost(self.marks[self.together_from], self.marks[until])

    def rhythm(self) -> Rhythm:
        """How far apart the commits of a lane were."""
        return rhythm([one.at_s for one in self.marks], [one.lanes for one in self.standings])


def measure(servers: Servers, workers: Sequence[Worker], records: int) -> Result:
    """Follow workers that were just started until all records are committed and what came of them is published."""
    started_s, first = time.monotonic(), workers[0].program
    looks = Looks(servers, workers)
    first.wait_until(servers.progress.is_begun, timeout_s=START_TIMEOUT_S)
    looks.look()

    def is_done() -> bool:
        standing = looks.standings[-1]
        if time.monotonic() - looks.marks[-1].at_s >= LOOK_S:
            standing = looks.look()
        return standing.records >= records and standing.outbox == 0

    first.wait_until(is_done, timeout_s=RUN_TIMEOUT_S)
    return _result(looks, records, started_s)


def mark(records: int, own_s: float, kafka: KafkaServer, redis: RedisServer | None) -> Mark:
    """A look at what the servers have used, now."""
    redis_s = cpu_time(redis.pid) if redis else None
    return Mark(
        time.monotonic(),
        records,
        own_s,
        redis_s.total_s if redis_s else 0.0,
        redis_s.children_s if redis_s else 0.0,
        cpu_time(kafka.pid).total_s,
    )


def cost(begin: Mark, end: Mark) -> Cost:
    """What was used between two looks."""
    events = end.records - begin.records
    per_event = 1e6 / max(1, events)
    return Cost(
        events=events,
        wall_s=end.at_s - begin.at_s,
        own_us=(end.own_s - begin.own_s) * per_event,
        redis_us=(end.redis_s - begin.redis_s) * per_event,
        rewrite_us=(end.redis_children_s - begin.redis_children_s) * per_event,
        kafka_us=(end.kafka_s - begin.kafka_s) * per_event,
    )


def half_of(marks: Sequence[Mark], records: int) -> Mark:
    """The first look by which half of the records were done."""
    return next(one for one in marks if one.records * 2 >= records)


def _result(looks: Looks, records: int, started_s: float) -> Result:
    begun, done, progress = looks.marks[0], looks.marks[-1], looks.servers.progress
    expositions = [worker.metrics() for worker in looks.workers]
    counters = _counters(expositions)
    return Result(
        whole=cost(begun, done),
        second_half=cost(half_of(looks.marks, records), done),
        start_s=begun.at_s - started_s,
        start_cpu_s=begun.own_s,
        peak_mib=max(peak_memory_mib(worker.pid) for worker in looks.workers),
        changes=int(counters["changes"]),
        together=looks.together(),
        rhythm=looks.rhythm(),
        redis_mib=progress.memory_mib(),
        leads=progress.leads(),
        commit_seconds=expositions[0].histogram("leadline_commit_seconds"),
        batch_records=expositions[0].histogram("leadline_batch_records"),
        counters=counters,
    )


def _counters(expositions: Sequence[Exposition]) -> dict[str, float]:
    counters: dict[str, float] = {}
    for exposition in expositions:
        told = {
            **exposition.by("leadline_records_total", "outcome"),
            "changes": exposition.total("leadline_changes_total"),
            "alerts": exposition.total("leadline_alerts_total"),
            "retries": exposition.total("leadline_store_retries_total"),
            "rewound": exposition.total("leadline_rewound_total"),
        }
        for name, count in told.items():
            counters[name] = counters.get(name, 0.0) + count
    return counters
