"""The verdict on a run: what the chaos suite asks of real servers, and what only the simulation can know.

The first is `tests/chaos/check.py` itself, on what the doubles hold. The second is about time: whether a record was
applied before one that the lane must have known of, and whether time alone has made a lead fall too early.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from unittest.mock import patch

from aiokafka import TopicPartition

from schemas.topics import INPUT_NAMES, REKEYED
from scoring.document import read_model
from scoring.offline import TIMER, FileScorer
from streams.kafka.source import FRESH_MS
from tests.chaos.check import Examination, Verdict
from tests.chaos.past import Past
from tests.chaos.reader import OUTPUTS
from tests.simulation.ledger import Known
from tests.simulation.load import TOPICS
from tests.simulation.worker import SETTINGS
from tests.simulation.world import World
from tests.support.doubles.lane import GivenRecord
from tests.support.journal import Entry, LaneRun, Run
from tests.support.workers import Place

FRESH_S = FRESH_MS / 1_000

FOLDS = ("scoring.offline.read_model", "tests.support.journal.read_model")


@contextmanager
def models_kept() -> Iterator[None]:
    """Meanwhile a model's text is read once, and not again for each fold."""
    kept = lru_cache(maxsize=8)(read_model)
    with ExitStack() as stack:
        for name in FOLDS:
            stack.enter_context(patch(name, kept))
        yield


@dataclass(frozen=True)
class FoldedOnce(Run):
    """A run that folds each journal once, although two examinations ask for it. Nobody is erased."""

    folds: dict[int, FileScorer] = field(default_factory=dict)

    def fold(self, lane: LaneRun) -> FileScorer:
        """See Run."""
        if lane.partition not in self.folds:
            self.folds[lane.partition] = super().fold(lane)
        return self.folds[lane.partition]

    def _fold_and_erasures(self, lane: LaneRun) -> tuple[FileScorer, Counter[str]]:
        return self.fold(lane), Counter()


def judge(world: World) -> Verdict:
    """Everything that the run has left."""
    verdict = Verdict()
    verdict.complain(*world.complaints)
    records, ends = _read(world, TOPICS)
    outputs, _ = _read(world, OUTPUTS)
    lanes = [_lane(world, partition) for partition in range(world.partitions)]
    run = FoldedOnce(
        lanes, records, {**{(topic, each.partition): 0 for topic in INPUT_NAMES for each in lanes}, **ends}
    )
    verdict.events = len(records)
    Examination(verdict, run, outputs, Past()).examine(outputs)
    if verdict.again + verdict.taken_back and not world.evidence["redis: rewound"]:
        verdict.complain(f"{verdict.again + verdict.taken_back} changes again, though Redis lost nothing")
    for lane in lanes:
        verdict.complain(*_wrong_times(world, lane))
    _count(world, verdict, run)
    return verdict


def _read(world: World, topics: tuple[str, ...]) -> tuple[dict[Place, GivenRecord], dict[tuple[str, int], int]]:
    """What a `read_committed` consumer sees."""
    records: dict[Place, GivenRecord] = {}
    ends: dict[tuple[str, int], int] = {}
    for topic in topics:
        for partition in range(world.partitions):
            log = world.broker.logs[TopicPartition(topic, partition)]
            ends[topic, partition] = log.end
            for offset in range(log.end):
                if record := log.visible(offset):
                    records[topic, partition, offset] = record
    return records, ends


def _lane(world: World, partition: int) -> LaneRun:
    keys = world.redis.lane(partition)
    return LaneRun(partition, dict(keys.states), [], dict(keys.meta), [_entry(journal) for journal in keys.journal])


def _entry(journal: bytes) -> Entry:
    members = json.loads(journal)
    offsets = {topic: (start, end) for topic, (start, end) in members["offsets"].items()}
    return Entry(offsets, [(topic, place, instant_ms) for topic, place, instant_ms in members["applied"]])


def _wrong_times(world: World, lane: LaneRun) -> Iterator[str]:
    """Records after later ones although the lane must have known of them, and timers ahead of the time."""
    journals = world.redis.lane(lane.partition).journal
    latest: tuple[int, Known | None] = 0, None
    queues = {topic: _Queue(world, TopicPartition(topic, lane.partition)) for topic in TOPICS}
    stream_ms = 0
    for journal, entry in zip(journals, lane.entries, strict=True):
        known = world.ledger.known(journal)
        passed = {topic: queues[topic].instants(end, known.made_at_ms) for topic, (_, end) in entry.offsets.items()}
        stream_ms = max(stream_ms, *(max(instants.values(), default=0) for instants in passed.values()))
        for topic, place, at_ms in entry.applied:
            if topic == TIMER:
                if at_ms > max(stream_ms, known.made_at_ms - SETTINGS.grace_s * 1_000):
                    yield f"{place} falls at {at_ms}, and it is {known.made_at_ms}"
            elif at_ms >= latest[0]:
                latest = at_ms, known
            elif passed[topic][place] < latest[0] and _must_be_known(world, lane, (topic, place), latest[1]):
                yield f"{topic}/{lane.partition}/{place} of {at_ms} comes after a record of {latest[0]}"


class _Queue:
    """When the records of a topic are due: nothing overtakes within it; what is ahead of the time is due now."""

    def __init__(self, world: World, tp: TopicPartition) -> None:
        self._log = world.broker.logs[tp]
        self._stands = 0
        self._due_ms = 0

    def instants(self, end: int, now_ms: int) -> dict[int, int]:
        """By offset, those that are set aside included; of the records up to `end` that were not asked for yet."""
        found: dict[int, int] = {}
        while self._stands < end:
            if record := self._log.visible(self._stands):
                self._due_ms = max(self._due_ms, min(record.timestamp, now_ms))
                found[self._stands] = self._due_ms
            self._stands += 1
        return found


def _must_be_known(world: World, lane: LaneRun, record: tuple[str, int], known: Known) -> bool:
    """Whether the lane had to wait for this record, by what it could know when it made that commit."""
    topic, offset = record
    told_at_s, heard_at_s = known.told_at_s.get(topic, (-1.0, -1.0))
    silent_s = known.pulled_at_s - heard_at_s
    if silent_s > SETTINGS.topic_wait_s:
        return False
    stable_at_s = world.broker.logs[TopicPartition(topic, lane.partition)].slots[offset].stable_at_s
    return stable_at_s < told_at_s or silent_s > FRESH_S


def _count(world: World, verdict: Verdict, run: Run) -> None:
    """What has happened, as far as it is seen afterwards only."""
    world.evidence["changes published again under a higher timeline"] += verdict.again
    world.evidence["changes taken back by a higher timeline"] += verdict.taken_back
    for lane in run.lanes:
        world.evidence["lane: began a timeline"] += int(lane.meta.get("timeline", "1")) - 1
        kinds = [topic for entry in lane.entries for topic, _, _ in entry.applied]
        world.evidence["lane: fired a timer"] += kinds.count(TIMER)
        applied = kinds.count(REKEYED.name)
        there = sum(place[:2] == (REKEYED.name, lane.partition) for place in run.records)
        world.evidence["lane: applied a re-keyed record"] += applied
        world.evidence["lane: dropped a repeat of a re-keyed record"] += there - applied
        world.evidence["lane: put a model in force"] += int(lane.meta.get("model_ordinal", "1")) - 1
