"""A record that kills or hangs the process is isolated within three restarts; its neighbours are scored once."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from schemas.instants import MINUTE_MS, SECOND_MS, format_ms
from schemas.topics import REJECTED
from streams.clock import SystemClock
from streams.kafka.placement import partition_of
from tests.conftest import FreshTopics
from tests.support.deadly import DEADLY, DEADLY_WORKER
from tests.support.journal import read_run
from tests.support.traffic import Event, produce
from tests.support.workers import ROOT, Site, Worker, eventually

PARTITIONS = 2
EVENTS = 400
BATCH_RECORDS = 60
"""The deadly record comes when each lane has made some commits."""

RESTARTS_MAX = 3
DIES_S = 90.0
"""A start, a take-over, a batch, and the ten seconds after which a hung loop is noticed, on a busy machine."""

pytestmark = [pytest.mark.timeout(300), pytest.mark.real_kafka]


def events(end_ms: int) -> list[Event]:
    """Opens of twenty leads, one a second; the one in the middle is deadly."""
    made = []
    for number in range(EVENTS):
        at_ms = end_ms - (EVENTS - number) * SECOND_MS
        lead_id = f"L-{number % 20}"
        signal_id = DEADLY if number == EVENTS // 2 else f"e-{number}"
        value = {"id": signal_id, "lead_id": lead_id, "occurred_at": format_ms(at_ms), "message_id": signal_id}
        made.append(Event("email.opens", lead_id.encode(), json.dumps(value).encode(), at_ms))
    return made


def start(site: Site, how: str) -> Worker:
    """A worker that the record kills or hangs."""
    site.started += 1
    settings = site.settings(grace_s=3_600, batch_records=BATCH_RECORDS)
    environ = {f"LEADLINE_{name.upper()}": str(value) for name, value in settings.items()}
    log = site.directory / f"worker-{site.started}.log"
    argv = (*DEADLY_WORKER, how, "worker")
    return Worker(argv, log=log, env={**os.environ, **environ}, cwd=ROOT)


async def death(worker: Worker) -> int | None:
    """The exit code of a worker that ends by itself, in its time."""

    async def is_dead() -> bool:
        return not worker.running

    await eventually(is_dead, timeout_s=DIES_S, what="the worker dies")
    return worker.exit_code


@pytest.mark.parametrize(("how", "exit_code"), [("kill", -9), ("hang", 1)])
async def test_a_deadly_record_is_isolated(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path, how: str, exit_code: int
) -> None:
    """Three processes die of it; the fourth refuses it as poison, and every other record is scored once."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    made = events(SystemClock().now_ms() - 30 * MINUTE_MS)
    await produce(site, made)
    deaths = []
    for _ in range(RESTARTS_MAX):
        deaths.append(await death(start(site, how)))
    assert deaths == [exit_code] * RESTARTS_MAX
    worker = start(site, how)
    await site.caught_up(worker)
    assert worker.stop() == 0

    run = await read_run(site)
    assert len(run.records) == EVENTS
    for lane in run.lanes:
        assert run.uncovered(lane) == []
    rejected, _ = await site.records(REJECTED.name)
    refusals = [json.loads(record.value) for record in rejected.values()]
    partition = partition_of(made[EVENTS // 2].key, PARTITIONS)
    offset = sum(partition_of(event.key, PARTITIONS) == partition for event in made[: EVENTS // 2])
    told = [(one["reason"], one["topic"], one["partition"], one["offset"]) for one in refusals]
    assert told == [("poison", "email.opens", partition, offset)]
