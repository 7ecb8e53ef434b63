"""What is measured of ours: workers through a backlog, and the latency of changes in each situation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from schemas.topics import OUTPUTS, PUBLISHED
from tests.benchmarks import known
from tests.benchmarks.generator import Workload, events
from tests.benchmarks.known import Pattern
from tests.benchmarks.latency import PAUSE_S, QUICK_PAUSE_S, Latency, are_prepared, latency, prepare, sample_leads
from tests.benchmarks.load import load
from tests.benchmarks.measure import START_TIMEOUT_S, Result, Servers, measure
from tests.benchmarks.progress import Progress
from tests.benchmarks.traffic import live_traffic
from tests.benchmarks.worker import PREFIX, running_worker
from tests.support.servers import KafkaServer, RedisServer, ServerFailed
from tests.support.servers.topics import make_topics_anew

UNREWRITTEN = ("--auto-aof-rewrite-percentage", "0")
"""So many leads are seven gigabytes: Redis rewrites such a file once in a long while, not in a minute."""

UNREWRITTEN_FROM = 3_000_000

BACKLOG_PARTITION = 0


@dataclass(frozen=True, slots=True)
class Case:
    """Which run of ours: how many workers, how many leads Redis knows before."""

    name: str
    workers: int = 1
    leads_known: range = range(0)


def score_backlog(kafka: KafkaServer, workload: Workload, case: Case, made: Sequence[Pattern] = ()) -> Result:
    """Workers through what Kafka holds, with a Redis of their own and outputs of their own."""
    asyncio.run(make_topics_anew(kafka.bootstrap, workload.partitions, (*OUTPUTS, PUBLISHED)))
    settings = UNREWRITTEN if len(case.leads_known) >= UNREWRITTEN_FROM else ()
    with _servers(kafka, workload.partitions, settings) as servers, ExitStack() as running:
        if case.leads_known:
            known.write(servers.redis.url, PREFIX, workload.partitions, case.leads_known, list(made))
        workers = [
            running.enter_context(running_worker(kafka, servers.redis, workload.partitions))
            for _ in range(case.workers)
        ]
        return measure(servers, workers, workload.events)


def live_latency(kafka: KafkaServer, workload: Workload, rate: int) -> Latency:
    """From event to change, with so many events a second of other leads around it. Raises ServerFailed if these
    did not come."""
    asyncio.run(make_topics_anew(kafka.bootstrap, workload.partitions))
    with (
        _servers(kafka, workload.partitions) as servers,
        running_worker(kafka, servers.redis, workload.partitions) as worker,
    ):
        worker.program.wait_until(servers.progress.is_begun, timeout_s=START_TIMEOUT_S)
        leads = sample_leads(workload.partitions, avoiding=None)
        with live_traffic(kafka, workload, rate):
            took = asyncio.run(_prepared_latency(kafka, servers.progress, leads))
    if took.around_per_s < 0.8 * rate:
        raise ServerFailed(f"{took.around_per_s:.0f} events a second were scored in place of {rate}")
    return took


def backlog_latency(kafka: KafkaServer, workload: Workload) -> Latency:
    """From event to change in the other partitions, while one has a backlog. Raises ServerFailed if that was eaten
    before the last sample."""
    asyncio.run(make_topics_anew(kafka.bootstrap, workload.partitions))
    load(kafka.bootstrap, events(replace(workload, only=BACKLOG_PARTITION)))
    leads = sample_leads(workload.partitions, avoiding=BACKLOG_PARTITION)
    with _servers(kafka, workload.partitions) as servers:
        asyncio.run(prepare(kafka.bootstrap, leads))
        with running_worker(kafka, servers.redis, workload.partitions) as worker:
            worker.program.wait_until(servers.progress.is_begun, timeout_s=START_TIMEOUT_S)
            took = asyncio.run(_latency(kafka, servers.progress, leads, QUICK_PAUSE_S))
            if servers.progress.look().records >= workload.events:
                raise ServerFailed("the backlog was eaten before the last sample: give it more events")
            return took


async def _prepared_latency(kafka: KafkaServer, progress: Progress, leads: Sequence[str]) -> Latency:
    await prepare(kafka.bootstrap, leads)
    return await _latency(kafka, progress, leads, PAUSE_S)


async def _latency(
    kafka: KafkaServer, progress: Progress, leads: Sequence[str], pause_s: tuple[float, float]
) -> Latency:
    await are_prepared(progress, leads)
    return await latency(kafka.bootstrap, progress, leads, pause_s)


@contextmanager
def _servers(kafka: KafkaServer, partitions: int, settings: Sequence[str] = ()) -> Iterator[Servers]:
    with RedisServer(*settings) as redis:
        progress = Progress(redis.url, PREFIX, partitions)
        try:
            yield Servers(kafka, redis, progress)
        finally:
            progress.close()
