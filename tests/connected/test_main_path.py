"""The main path on a real Kafka and a real Redis: what was streamed is what a fold of the journals makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.instants import MINUTE_MS
from streams.clock import SystemClock
from tests.conftest import FreshTopics
from tests.support.journal import Run, instants, read_run
from tests.support.traffic import Traffic, events, produce
from tests.support.workers import Site, Worker, eventually

PARTITIONS = 6
EVENTS, LEADS = 200_000, 10_000

GRACE_S = 3_600
"""Idle lanes let no time pass beyond the traffic, which ends 30 minutes before now: so a run ends still."""

KILL_AT = 0.4
"""The share of the events after which one worker is killed."""

KILL_BELOW = 0.8
"""Less than this must be applied when it is dead: else the kill has shown nothing."""

pytestmark = [pytest.mark.timeout(300), pytest.mark.real_kafka]


def ended_traffic(count: int, leads: int) -> Traffic:
    """Traffic of the last month that ended half an hour ago."""
    return Traffic(SystemClock().now_ms() - 30 * MINUTE_MS, count, leads)


async def kill_half_way(site: Site, victim: Worker, other: Worker) -> list[int]:
    """Kill a worker that holds half of the lanes amid its backlog; the lanes that it held."""

    async def is_half_way() -> bool:
        return len(held(victim)) == len(held(other)) == PARTITIONS // 2 and await site.applied() >= KILL_AT * EVENTS

    await eventually(is_half_way, timeout_s=60, what="half of the events are applied", workers=(victim, other))
    victim.kill()
    assert victim.exit_code == -9
    assert await site.applied() < KILL_BELOW * EVENTS
    return held(victim)


def held(worker: Worker) -> list[int]:
    """The partitions of its last assignment that it has taken over."""
    assigned = worker.events("ingest.assigned")
    wanted = set(assigned[-1]["partitions"]) if assigned else set()
    return sorted(wanted & set(worker.taken))


async def test_two_workers_one_killed_come_to_the_fold_of_their_journals(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """200,000 events with repeats and late ones, a SIGKILL half-way: states, changes and offsets are exact."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path)
    traffic = ended_traffic(EVENTS, LEADS)
    assert await produce(site, events(traffic)) == EVENTS
    assert traffic.repeated > 0.009 * EVENTS
    assert traffic.late > 0.018 * EVENTS
    victim, other = site.start(grace_s=GRACE_S), site.start(grace_s=GRACE_S)
    lost = await kill_half_way(site, victim, other)
    before = len(other.taken)
    again = site.start(grace_s=GRACE_S)
    await site.caught_up(other, again)
    assert set(lost) <= set(again.taken + other.taken[before:])
    assert (other.stop(), again.stop()) == (0, 0)
    run = await read_run(site)
    assert len(run.records) == EVENTS
    expect_fold(run)


def expect_fold(run: Run) -> None:
    """Every lane: offsets without gap or overlap, each record once and in the order of time, all as in the fold."""
    for lane in run.lanes:
        assert run.uncovered(lane) == []
        assert run.differences(lane)[:5] == []
        assert instants(lane) == sorted(instants(lane))
    assert sum(len(lane.changes) for lane in run.lanes) > len(run.records) // 100
    assert {change["direction"] for lane in run.lanes for change in lane.changes} == {"up", "down"}
