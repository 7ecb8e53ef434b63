"""Servers that hang, die or restart under traffic, and a worker told to stop amid its backlog: nothing is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from schemas.instants import MINUTE_MS
from streams.clock import SystemClock
from tests.conftest import FreshTopics
from tests.support.journal import Run, read_run
from tests.support.servers import KafkaServer, RedisServer
from tests.support.servers.topics import make_topics_anew
from tests.support.traffic import Traffic, events, produce
from tests.support.workers import Site, Worker, eventually

PARTITIONS = 3
EVENTS, LEADS = 30_000, 2_000

GRACE_S = 3_600
"""Idle lanes let no time pass beyond the traffic, which ends 30 minutes before now: so a run ends still."""

NOTICED_S = 20.0
"""A command that gets no answer is given up after 5 s; this is for a machine that runs everything else too."""

pytestmark = [pytest.mark.timeout(300), pytest.mark.real_kafka]


def traffic(seed: int) -> Traffic:
    """Traffic of the last month that ended half an hour ago."""
    return Traffic(SystemClock().now_ms() - 30 * MINUTE_MS, EVENTS, LEADS, seed=seed)


async def amid(site: Site, worker: Worker, least: float) -> None:
    """Returns once more than this share of the events is applied; some must be left."""

    async def is_amid() -> bool:
        return await site.applied() > least * EVENTS

    await eventually(is_amid, timeout_s=60, what=f"{least:.0%} are applied", workers=(worker,))
    assert await site.applied() < EVENTS


async def said(worker: Worker, event: str, times: int) -> None:
    """Returns once the worker has logged the event so often."""

    async def is_logged() -> bool:
        return len(worker.events(event)) >= times

    await eventually(is_logged, timeout_s=NOTICED_S, what=f"{times} times {event}", workers=(worker,))


def expect_nothing_lost(run: Run) -> None:
    """Every record once, states, changes and seq those of the fold."""
    assert len(run.records) == EVENTS
    for lane in run.lanes:
        assert run.uncovered(lane) == []
        assert run.differences(lane)[:5] == []
    assert sum(len(lane.changes) for lane in run.lanes) > EVENTS // 100


async def test_a_redis_that_hangs_and_then_dies_is_waited_for(
    fresh_topics: FreshTopics, prefix: str, tmp_path: Path
) -> None:
    """Suspended until the lanes complain, then killed amid the backlog: the same worker goes on, in its group."""
    with RedisServer() as redis:
        site = Site(await fresh_topics(PARTITIONS), redis.url, prefix, tmp_path, PARTITIONS)
        await produce(site, events(traffic(1)))
        worker = site.start(grace_s=GRACE_S)
        await amid(site, worker, 0.05)
        redis.suspend()
        await said(worker, "redis_away", 1)
        redis.resume()
        await amid(site, worker, 0.3)
        complaints = len(worker.events("redis_away"))
        redis.kill()
        await said(worker, "redis_away", complaints + 1)
        await asyncio.to_thread(redis.start)
        await site.caught_up(worker)
        assert worker.stop() == 0
        assert len(worker.events("ingest.assigned")) == 1
        expect_nothing_lost(await read_run(site))


async def test_a_kafka_that_restarts_is_waited_for(redis_url: str, prefix: str, tmp_path: Path) -> None:
    """Stopped and started amid the backlog: the same worker goes on reading and publishing."""
    with KafkaServer() as kafka:
        await make_topics_anew(kafka.bootstrap, PARTITIONS)
        site = Site(kafka.bootstrap, redis_url, prefix, tmp_path, PARTITIONS)
        await produce(site, events(traffic(2)))
        worker, pid = site.start(grace_s=GRACE_S), kafka.pid
        await amid(site, worker, 0.2)
        await asyncio.to_thread(kafka.stop)
        assert not kafka.running
        await asyncio.to_thread(kafka.start)
        assert kafka.pid != pid
        await site.caught_up(worker)
        assert worker.stop() == 0
        expect_nothing_lost(await read_run(site))


async def test_a_worker_told_to_stop_leaves_its_backlog_in_order(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """At SIGTERM amid the backlog it ends with 0 within 5 s, and the next one goes on at once from there.

    With a small memory: most states go to Redis and back between two signals of a lead.
    """
    small = {"grace_s": GRACE_S, "lane_cache_leads": 20, "batch_records": 200}
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    await produce(site, events(traffic(3)))
    worker = site.start(**small)
    await amid(site, worker, 0.2)
    assert worker.stop() == 0
    assert await site.applied() < EVENTS
    other = site.start(**small)
    await site.caught_up(other)
    assert other.stop() == 0
    expect_nothing_lost(await read_run(site))
