"""Workers that die, stop and come back amid publishing: a consumer of what is committed sees each change once.

Workers run the real command with one more line: at a point of publishing the process sends itself a signal. Then
nothing is left to chance, and the test sees in Kafka and in Redis that the fault has happened where it should.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.instants import MINUTE_MS
from schemas.topics import CHANGES, OUTPUTS, REKEYED
from streams.clock import SystemClock
from streams.kafka.marks import read_marks
from tests.conftest import FreshTopics
from tests.support.journal import origin, read_run
from tests.support.servers import until
from tests.support.traffic import Traffic, events, produce, produce_misplaced
from tests.support.workers import ROOT, Site, Worker

PARTITIONS = 2
EVENTS, LEADS = 12_000, 1_000

GRACE_S = 3_600
"""Idle lanes let no time pass beyond the traffic, which ends 30 minutes before now: so a run ends still."""

AT_PAGE = 4
"""The signal comes at the fourth page that the process publishes: by then the lanes are at work."""

FAULTY_WORKER = """
import os, signal, sys
from streams.kafka import transactions
from streams.cli import main

point, number, pages = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
send, transaction = transactions._send, transactions.LanePublisher._transaction

def strike():
    global pages
    pages -= 1
    if pages == 0:
        os.kill(os.getpid(), number)

async def striking_before(self, entries, mark):
    if point == "before":
        strike()
    failure = await transaction(self, entries, mark)
    if point == "after":
        strike()
    return failure

async def striking_amid(producer, records):
    failure = await send(producer, records)
    if point == "amid":
        strike()
    return failure

transactions._send, transactions.LanePublisher._transaction = striking_amid, striking_before
main(["worker"])
"""

POINTS = ("before", "amid", "after")
"""Before the transaction, with all acknowledged and nothing committed, and committed but not trimmed in Redis."""

pytestmark = [pytest.mark.timeout(300), pytest.mark.real_kafka]


def start_faulty(site: Site, point: str, number: signal.Signals, page: int = AT_PAGE) -> Worker:
    """A worker that sends itself this signal at this point of this page."""
    site.started += 1
    settings = {f"LEADLINE_{name.upper()}": str(value) for name, value in site.settings(grace_s=GRACE_S).items()}
    command = (sys.executable, "-c", FAULTY_WORKER, point, str(int(number)), str(page))
    log = site.directory / f"worker-{site.started}.log"
    return Worker(command, log=log, env={**os.environ, **settings}, cwd=ROOT)


async def a_site(bootstrap: str, redis_url: str, prefix: str, directory: Path, seed: int) -> Site:
    """With a backlog, a quarter of it in wrong partitions, so that all three output topics are written."""
    site = Site(bootstrap, redis_url, prefix, directory, PARTITIONS)
    traffic = Traffic(SystemClock().now_ms() - 30 * MINUTE_MS, EVENTS, LEADS, seed=seed)
    given = list(events(traffic))
    misplaced = given[::8]
    del given[::8]
    await produce_misplaced(site, misplaced)
    await produce(site, given)
    return site


async def unseen(site: Site) -> int:
    """Offsets of the output topics between what a consumer of committed records may read and what is written."""
    places = [TopicPartition(topic.name, number) for topic in (*OUTPUTS, REKEYED) for number in range(PARTITIONS)]
    ends = []
    for level in ("read_committed", "read_uncommitted"):
        async with AIOKafkaConsumer(bootstrap_servers=site.kafka, isolation_level=level) as consumer:
            ends.append(sum((await consumer.end_offsets(places)).values()))
    return int(ends[1] - ends[0])


async def waiting(site: Site) -> list[tuple[int, int, int]]:
    """Of each lane: the entry up to which it is published, the last one written, the length of the outbox."""
    marks = await read_marks(site.kafka, PARTITIONS)
    async with site.reader() as reader:
        metas = [await reader.meta(number) for number in range(PARTITIONS)]
        counts = [await reader.counts(number) for number in range(PARTITIONS)]
    return [
        (mark.outbox if mark else 0, int(meta["outbox"]), count.outbox)
        for mark, meta, count in zip(marks, metas, counts, strict=True)
    ]


async def expect_fault(site: Site, point: str) -> None:
    """The process was struck where it should be: seen from outside."""
    lanes = await waiting(site)
    match point:
        case "before":
            assert any(published < written for published, written, _ in lanes)
        case "amid":
            assert await unseen(site) > 0
        case "after":
            assert any(length > written - published for published, written, length in lanes)


async def expect_each_once(site: Site) -> None:
    """Every output topic: (timeline, seq) from 1 on without a gap; re-keyed records once; states as in the fold."""
    run = await read_run(site)
    for topic in OUTPUTS:
        records, _ = await site.records(topic.name)
        for number in range(PARTITIONS):
            places = [_place(dict(record.headers)) for (_, p, _), record in records.items() if p == number]
            assert places == [(1, seq) for seq in range(1, len(places) + 1)]
            assert places or topic is not CHANGES
    rekeyed = Counter(origin(record) for record in run.records.values() if record.topic == REKEYED.name)
    assert len(rekeyed) > EVENTS // 32
    assert set(rekeyed.values()) == {1}
    for lane in run.lanes:
        assert run.differences(lane)[:5] == []
        assert len(lane.changes) > EVENTS // 400


def _place(headers: dict[str, bytes]) -> tuple[int, int]:
    return int(headers["timeline"]), int(headers["seq"])


@pytest.mark.parametrize("point", POINTS)
async def test_a_worker_killed_at_publishing(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path, point: str
) -> None:
    """SIGKILL before, amid and after a transaction: the next worker publishes what is missing, nothing twice."""
    site = await a_site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, 1)
    victim = start_faulty(site, point, signal.SIGKILL)
    assert victim.wait(60) == -signal.SIGKILL
    await expect_fault(site, point)
    other = site.start(grace_s=GRACE_S)
    await site.caught_up(other)
    assert other.stop() == 0
    await expect_each_once(site)


@pytest.mark.parametrize("point", ["before", "amid"])
async def test_a_late_owner_at_publishing(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path, point: str
) -> None:
    """SIGSTOP before or amid a transaction until another worker has taken over, then on: it publishes no more."""
    site = await a_site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, 2)
    late = start_faulty(site, point, signal.SIGSTOP)
    until(lambda: is_stopped(late), timeout_s=60, what="it has stopped itself")
    await expect_fault(site, point)
    other = site.start(grace_s=GRACE_S)
    await site.running(other, timeout_s=60)
    assert not late.events("publisher.fenced")
    late.send(signal.SIGCONT)
    until(lambda: bool(late.events("publisher.fenced")), timeout_s=60, what="the late owner is fenced")
    await site.caught_up(other)
    assert (late.stop(), other.stop()) == (0, 0)
    await expect_each_once(site)


async def test_two_take_overs_one_after_the_other(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """Killed amid a transaction, and the successor amid the first one of its own: the third publishes the rest."""
    site = await a_site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, 3)
    for page in (AT_PAGE, 1):
        victim = start_faulty(site, "amid", signal.SIGKILL, page)
        assert victim.wait(60) == -signal.SIGKILL
        await expect_fault(site, "amid")
    third = site.start(grace_s=GRACE_S)
    await site.caught_up(third)
    assert third.stop() == 0
    await expect_each_once(site)


def is_stopped(worker: Worker) -> bool:
    """Whether the process is in the state "stopped"."""
    return Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
