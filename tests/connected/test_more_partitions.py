"""Partitions are added: scores are computed anew in the new layout, and every lead stands where it stood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from schemas.topics import ALL, REKEYED
from tests.conftest import FreshTopics
from tests.connected.test_cli_scores import answer, leadline
from tests.support.workers import Site, Worker, eventually

BEFORE, AFTER = 2, 4
EVENTS = 2_000

FADED = 0.001
"""Points, between two looks: seconds."""

pytestmark = [pytest.mark.timeout(180), pytest.mark.real_kafka]


async def test_a_layout_with_more_partitions_comes_to_the_same_scores(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """The steps of deploy/README.md: workers stopped, partitions added, a new prefix, `accept-gap`."""
    bootstrap = await fresh_topics(BEFORE)
    old = Site(bootstrap, redis_url, prefix, tmp_path, BEFORE)
    new = Site(bootstrap, redis_url, f"{prefix}-{AFTER}", tmp_path, AFTER, started=1)
    await answer(old, "simulate", "--leads", "100", "--rate", "0", "--events", f"{EVENTS}")
    await score(old)
    await add_partitions(bootstrap)
    assert (await leadline(old, "topics", "check")).code == 5
    assert (await leadline(new, "topics", "check")).code == 0
    worker = new.start()
    await eventually(lambda: halted(worker), timeout_s=30, what="lanes that had published halt", workers=(worker,))
    assert (await leadline(new, "accept-gap", "--yes")).code == 0
    await new.caught_up(worker)
    stood, stands = await leads_of(old), await leads_of(new)
    assert worker.stop() == 0
    assert len(stands) == len(stood) > 50
    assert differences(stood, stands) == []
    records, _ = await new.records(REKEYED.name)
    assert {partition for _, partition, _ in records} >= set(range(BEFORE, AFTER))


async def score(site: Site) -> None:
    """A worker takes all that is there; it has ended then."""
    worker = site.start()
    await site.caught_up(worker)
    assert worker.stop() == 0


async def leads_of(site: Site) -> dict[str, dict[str, Any]]:
    """Every lead as it stands now."""
    ended = await leadline(site, "leads", "--json")
    assert ended.code == 0
    return {row["lead_id"]: row for row in map(json.loads, ended.out.splitlines())}


def differences(stood: dict[str, dict[str, Any]], stands: dict[str, dict[str, Any]]) -> list[str]:
    """Leads of which anything is told otherwise."""
    found = []
    for lead_id, before in stood.items():
        after = stands[lead_id]
        same = {name for name in before if before[name] == after[name]}
        score = pytest.approx(after["score"], abs=FADED)
        if set(before) - same - {"score", "falls_at"} or before["score"] != score:
            found.append(f"{before}\n  {after}")
    return found


async def halted(worker: Worker) -> bool:
    """Whether each lane that has published under the old layout waits for the operator."""
    return {line["partition"] for line in worker.events("lane.halted")} >= set(range(BEFORE))


async def add_partitions(bootstrap: str) -> None:
    """As `kafka-topics.sh --alter --partitions` does, for every topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_partitions({topic.name: NewPartitions(AFTER) for topic in ALL})
    finally:
        await admin.close()
