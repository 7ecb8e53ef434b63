"""Profiles and commands through a worker on real servers, a part of them sent to wrong partitions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.instants import HOUR_MS, SECOND_MS, format_ms
from schemas.topics import INPUT_NAMES, REKEYED
from scoring.lead import Lead
from scoring.state import decode_lead
from streams.clock import SystemClock
from streams.kafka.placement import partition_of
from streams.kafka.producer import RecordProducer
from tests.conftest import FreshTopics
from tests.support.journal import Run, origin, read_run
from tests.support.traffic import activate
from tests.support.workers import Place, Site

PARTITIONS = 3
LEADS = [f"L-{number}" for number in range(30)]
ANY, PROFILES, COMMANDS = "engagements", "lead.profiles", "lead.commands"

MODEL = """
version: people
rules: [{id: open, kind: email.opened, points: 60}]
fit:
  - {id: vp, where: {job_title: VP}, points: 15}
  - {id: rival, where: {domain: rival.example}, flag: competitor}
flag_cap: 10
segments: [{name: large, where: {size: {min: 1000}}, bands: {hot: {enter: 70, leave: 65}}}]
bands: [{name: hot, enter: 50, leave: 40, alert: true}]
"""

GRACE_S = 3_600
"""Idle lanes let no time pass beyond the inputs of the last half hour."""

pytestmark = [pytest.mark.timeout(120), pytest.mark.real_kafka]

Sent = tuple[str, dict[str, Any], int, bool]


def inputs(start_ms: int) -> Iterator[Sent]:
    """Topic, value, Kafka timestamp, and whether it goes to a wrong partition: of each lead by its number.

    All are opened for, every second one's profile and all commands go astray: to raise a flag, to lift it, to
    retract the open, to erase.
    """
    for number, lead_id in enumerate(LEADS):
        acts: list[tuple[str, dict[str, Any], bool]] = [
            (ANY, {"kind": "email.opened"}, False),
            (PROFILES, {"job_title": "VP", "size": 5_000 if number % 3 else 5}, number % 2 == 0),
            (COMMANDS, {"command": "flag", "reason": "doubt", "cap": 20}, True),
        ]
        match number % 5:
            case 1:
                acts.append((COMMANDS, {"command": "unflag", "reason": "doubt"}, True))
            case 2:
                acts.append(
                    (COMMANDS, {"command": "retract", "kind": "email.opened", "signal_id": f"{lead_id}-0"}, True)
                )
            case 3:
                acts.append((COMMANDS, {"command": "erase"}, True))
            case 4:
                acts.append((PROFILES, {"domain": "rival.example"}, True))
        for place, (topic, members, is_astray) in enumerate(acts):
            at_ms = start_ms + (place * len(LEADS) + number) * SECOND_MS
            known = {"id": f"{lead_id}-{place}", "lead_id": lead_id, "occurred_at": format_ms(at_ms)}
            yield topic, known | members, at_ms, is_astray


async def send(site: Site, start_ms: int) -> int:
    """Every input; how many to a wrong partition."""
    astray = 0
    async with RecordProducer(site.kafka) as producer:
        for topic, value, at_ms, is_astray in inputs(start_ms):
            key = value["lead_id"].encode()
            partition = (partition_of(key, site.partitions) + is_astray) % site.partitions
            content = json.dumps(value).encode()
            await producer.send(topic, key=key, value=content, partition=partition, timestamp_ms=at_ms)
            astray += is_astray
        await producer.flush()
    return astray


def misplaced(run: Run) -> list[Place]:
    """The records of leads that are not where murmur2 puts their key."""
    return [
        place
        for place, record in run.records.items()
        if place[0] != REKEYED.name and record.key and partition_of(record.key, PARTITIONS) != place[1]
    ]


async def test_people_are_known_and_spoken_of_wherever_it_arrives(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """Profiles and commands in wrong partitions are re-keyed, each applied once, and the states are those meant."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    start_ms = (SystemClock().now_ms() - HOUR_MS // 2) // SECOND_MS * SECOND_MS
    await activate(site, MODEL, "people", start_ms - 1)
    astray = await send(site, start_ms)
    worker = site.start(grace_s=GRACE_S)
    await site.caught_up(worker)
    assert worker.stop() == 0
    run = await read_run(site)
    aside = misplaced(run)
    assert len(aside) == astray
    rekeyed = [record for record in run.records.values() if record.topic == REKEYED.name]
    assert sorted(origin(record) for record in rekeyed) == sorted(aside)
    assert {origin(record)[0] for record in rekeyed} == {PROFILES, COMMANDS} <= set(INPUT_NAMES)
    for lane in run.lanes:
        assert run.uncovered(lane, set_aside=aside) == []
        assert run.differences(lane)[:5] == []
    expect_leads({lead_id: decode_lead(state) for lane in run.lanes for lead_id, state in lane.states.items()})
    await expect_erased(site, run)


def expect_leads(leads: dict[str, Lead]) -> None:
    """Flagged, lifted, retracted, erased or a rival's: each lead is what was said of it."""
    assert set(leads) == {lead_id for number, lead_id in enumerate(LEADS) if number % 5 != 3}
    for number, lead_id in enumerate(LEADS):
        if number % 5 == 3:
            continue
        lead = leads[lead_id]
        assert [flag.reason for flag in lead.flags] == ([] if number % 5 == 1 else ["doubt"])
        assert lead.segment == (1 if number % 3 else 0)
        assert lead.fit == (0b11 if number % 5 == 4 else 0b01)
        assert sum(lead.counts) == (0 if number % 5 == 2 else 1)


async def expect_erased(site: Site, run: Run) -> None:
    """Of each lead that was to be forgotten the changes end with a tombstone, and nothing is kept."""
    gone = {lead_id for number, lead_id in enumerate(LEADS) if number % 5 == 3}
    assert {lead_id for lane in run.lanes for lead_id in lane.tombstones.values()} == gone
    async with site.reader() as reader:
        kept = [await reader.remains(partition_of(lead_id.encode(), PARTITIONS), lead_id) for lead_id in gone]
        erased = [await reader.erased(partition) for partition in range(PARTITIONS)]
    assert not any(any(remains) for remains in kept)
    assert sum(len(one) for one in erased) == len(gone)
