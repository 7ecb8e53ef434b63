"""Records in the wrong partition: re-keyed, scored once each, and the scores are those of the raw topics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from schemas.instants import DAY_MS, MINUTE_MS
from schemas.topics import INPUT_NAMES, REKEYED
from scoring.document import read_model
from scoring.plan import Plan
from scoring.score import Curve
from scoring.state import decode_lead
from streams.clock import SystemClock
from streams.kafka.placement import partition_of
from tests.conftest import FreshTopics
from tests.support.journal import Run, fold, line, origin, read_run
from tests.support.traffic import (
    Event,
    Traffic,
    activate,
    events,
    model_without_limits,
    produce,
    produce_misplaced,
)
from tests.support.workers import Place, Site

PARTITIONS = 6
EVENTS, LEADS, DAYS = 200_000, 80_000, 2
"""No lead has more than 256 signals, all within 72 h: so a repeat is known as one, however late a re-keyed
record arrives."""

GRACE_S = 3_600
"""Idle lanes let no time pass beyond the traffic, which ends 30 minutes before now: so a run ends still."""

pytestmark = [pytest.mark.timeout(300), pytest.mark.real_kafka]


async def test_misplaced_records_are_scored_once_as_the_raw_topics_are(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """A quarter sent by librdkafka's own partitioner: no limits, so every score is that of the plain topics."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path)
    traffic = Traffic(SystemClock().now_ms() - 30 * MINUTE_MS, EVENTS, LEADS, DAYS)
    await activate(site, model_without_limits(), "without-limits", traffic.end_ms - DAYS * DAY_MS - 1)
    given = list(events(traffic))
    misplaced = given[::4]
    del given[::4]
    assert await produce_misplaced(site, misplaced) == len(misplaced)
    worker = site.start(grace_s=GRACE_S)
    await produce(site, given)
    await site.caught_up(worker)
    assert worker.stop() == 0
    run = await read_run(site)
    aside = expect_rekeyed(run, misplaced)
    for lane in run.lanes:
        assert run.uncovered(lane, set_aside=aside) == []
        assert run.differences(lane)[:5] == []
        assert lane.meta["model_version"] == "without-limits"
    expect_scores_of_the_topics(run)


def expect_rekeyed(run: Run, misplaced: Sequence[Event]) -> list[Place]:
    """The records in wrong partitions: more than half of the quarter, each once in `leadline.rekeyed`."""
    wrong = [place for place, record in run.records.items() if is_misplaced(place, record.key)]
    assert len(wrong) > len(misplaced) // 2
    rekeyed = [record for record in run.records.values() if record.topic == REKEYED.name]
    assert sorted(origin(record) for record in rekeyed) == sorted(wrong)
    assert {record.partition for record in rekeyed} == set(range(PARTITIONS))
    for record in rekeyed:
        first = run.records[origin(record)]
        assert (record.key, record.value, record.timestamp) == (first.key, first.value, first.timestamp)
    return wrong


def is_misplaced(place: Place, key: bytes | None) -> bool:
    """Whether a record of a signal topic is not where murmur2 puts its key."""
    topic, partition, _ = place
    return topic in INPUT_NAMES[:4] and partition_of(key or b"", PARTITIONS) != partition


def expect_scores_of_the_topics(run: Run) -> None:
    """The states in Redis score as the topics do when they are read one after the other, whatever the order."""
    plan = Plan(read_model(model_without_limits()), 2)
    originals = [place for place in run.records if place[0] in INPUT_NAMES[:4]]
    originals.sort(key=lambda place: INPUT_NAMES.index(place[0]))
    topics = fold((line(run.records[place]) for place in originals), plan)
    at_ms = max(run.records[place].timestamp for place in originals)
    expected = {lead_id: Curve(plan, lead).score(at_ms) for lead_id, lead in topics.leads.items()}
    streamed = {
        lead_id: Curve(plan, decode_lead(state)).score(at_ms)
        for lane in run.lanes
        for lead_id, state in lane.states.items()
    }
    assert streamed == pytest.approx(expected, abs=1e-6)
    assert len(streamed) == sum(len(lane.states) for lane in run.lanes) > LEADS // 2
