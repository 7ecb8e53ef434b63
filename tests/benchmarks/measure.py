"""One measured run: a backlog in Kafka, a worker started, and what it took until all of it was committed.

The whole run goes from the first commit of the worker's first lane to the last: what came before is start-up,
and told apart. The second half begins when half of the events are committed: leads are as old by then as they
are in a system that has run for a while.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.benchmarks.accounting import cpu_time, peak_memory_mib
from tests.benchmarks.exposition import Exposition, Histogram
from tests.benchmarks.progress import Progress, Standing
from tests.benchmarks.worker import Worker
from tests.support.servers import KafkaServer, RedisServer

LOOK_S = 0.2
"""Between two looks at how far the worker has come: five a second cost Redis 0.05 % of a core."""

START_TIMEOUT_S = 60.0
"""From the process's start to the first commit; 2 s when nobody else is working."""

RUN_TIMEOUT_S = 900.0
"""A million events take half a minute on two cores; the bound is for one that crawls."""


class Mark(NamedTuple):
    """One look: when, how far the lanes had come, and the CPU seconds that each process had used by then."""

    at_s: float
    standing: Standing
    worker_s: float
    redis_s: float
    redis_children_s: float
    kafka_s: float


class Cost(NamedTuple):
    """A stretch of the run. CPU in µs an event; Redis's includes what its children took to rewrite its file."""

    events: int
    wall_s: float
    worker_us: float
    redis_us: float
    rewrite_us: float
    kafka_us: float

    @property
    def path_us(self) -> float:
        """Worker and Redis together."""
        return self.worker_us + self.redis_us

    @property
    def events_per_s(self) -> float:
        """By the clock on the wall."""
        return self.events / self.wall_s


@dataclass(frozen=True, slots=True)
class Result:
    """What one run showed. `start_s` and `start_cpu_s`: from the start of the process to the first commit."""

    whole: Cost
    second_half: Cost
    start_s: float
    start_cpu_s: float
    peak_mib: float
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


def measure(servers: Servers, worker: Worker, records: int) -> Result:
    """Follow a worker that was just started until all records are committed and what came of them is published."""
    started_s, wait_until = time.monotonic(), worker.program.wait_until
    wait_until(servers.progress.is_begun, timeout_s=START_TIMEOUT_S)
    begun = _mark(servers, worker)
    marks = [begun]

    def is_done() -> bool:
        if time.monotonic() - marks[-1].at_s >= LOOK_S:
            marks.append(_mark(servers, worker))
        return marks[-1].standing.records >= records and marks[-1].standing.outbox == 0

    wait_until(is_done, timeout_s=RUN_TIMEOUT_S)
    half = next(mark for mark in marks if mark.standing.records * 2 >= records)
    exposition = worker.metrics()
    return Result(
        whole=_cost(begun, marks[-1]),
        second_half=_cost(half, marks[-1]),
        start_s=begun.at_s - started_s,
        start_cpu_s=begun.worker_s,
        peak_mib=peak_memory_mib(worker.pid),
        redis_mib=servers.progress.memory_mib(),
        leads=servers.progress.leads(),
        commit_seconds=exposition.histogram("leadline_commit_seconds"),
        batch_records=exposition.histogram("leadline_batch_records"),
        counters=_counters(exposition),
    )


def _mark(servers: Servers, worker: Worker) -> Mark:
    standing = servers.progress.look()
    redis, kafka = cpu_time(servers.redis.pid), cpu_time(servers.kafka.pid)
    return Mark(
        time.monotonic(), standing, cpu_time(worker.pid).total_s, redis.total_s, redis.children_s, kafka.total_s
    )


def _cost(begin: Mark, end: Mark) -> Cost:
    events = end.standing.records - begin.standing.records
    per_event = 1e6 / max(1, events)
    return Cost(
        events=events,
        wall_s=end.at_s - begin.at_s,
        worker_us=(end.worker_s - begin.worker_s) * per_event,
        redis_us=(end.redis_s - begin.redis_s) * per_event,
        rewrite_us=(end.redis_children_s - begin.redis_children_s) * per_event,
        kafka_us=(end.kafka_s - begin.kafka_s) * per_event,
    )


def _counters(exposition: Exposition) -> dict[str, float]:
    return {
        **exposition.by("leadline_records_total", "outcome"),
        "changes": exposition.total("leadline_changes_total"),
        "alerts": exposition.total("leadline_alerts_total"),
        "retries": exposition.total("leadline_store_retries_total"),
        "rewound": exposition.total("leadline_rewound_total"),
    }
