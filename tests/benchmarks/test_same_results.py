"""On the benchmark's own events the product comes to what the slow reference comes to, lead by lead.

The product scores them twice: line by line as `leadline score` does, and batch by batch as a lane does, timers
included. Leads know nothing of each other, so each partition of the events is a comparison of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import yaml

from schemas.changes import Change
from schemas.instants import format_ms
from scoring.document import default_text
from scoring.offline import FileScorer
from streams.lane.batch import Batch
from tests.benchmarks.generator import Event, Workload, events
from tests.benchmarks.stages import LaneInProcess, StageTimes
from tests.laws.drive import finished, plan_of, scored
from tests.support.reference import differences, score

WORKLOAD = Workload(end_ms=1_795_000_000_000, events=100_000, leads=50_000, partitions=6)

TIMEOUT_S = 600
"""The reference takes the square of a lead's events: 10 to 30 s a partition, more on a busy machine."""


class Lane(LaneInProcess):
    """A lane that keeps what it publishes."""

    def __init__(self, records: Sequence[Event]) -> None:
        super().__init__(records, replace(WORKLOAD, partitions=1))
        self.published: list[Change] = []

    def _note(self, batch: Batch, states: dict[str, bytes], timers: dict[str, int | None]) -> None:
        super()._note(batch, states, timers)
        self.published += batch.outputs.changes


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize("partition", range(WORKLOAD.partitions))
def test_the_benchmarks_events_come_to_what_the_reference_says(partition: int) -> None:
    """Score, band, windows, each rule's points, and all changes of every lead of 100,000 events."""
    records = [event for event in _events() if event.partition == partition]
    model, lines = yaml.safe_load(default_text()), [_line(event) for event in records]
    expected = score(lines, model, WORKLOAD.end_ms)
    assert len(expected["changes"]) > 100
    assert differences(expected, scored(model, lines, WORKLOAD.end_ms)) == []
    assert differences(expected, _by_lane(model, records)) == []


def _by_lane(model: Mapping[str, Any], records: Sequence[Event]) -> dict[str, Any]:
    """The same answer from the batches of a lane."""
    lane = Lane(records)
    while lane.events < len(records):
        lane.turn(StageTimes())
    scorer = FileScorer(plan_of(model))
    scorer.leads, scorer.changes = lane.leads, lane.published
    scorer.ignored.update({outcome: lane.outcomes[outcome.value] for outcome in scorer.ignored})
    return finished(scorer, WORKLOAD.end_ms)


@cache
def _events() -> Sequence[Event]:
    return list(events(WORKLOAD))


def _line(event: Event) -> dict[str, Any]:
    return {"topic": event.topic, "timestamp": format_ms(event.timestamp_ms), "value": json.loads(event.value)}
