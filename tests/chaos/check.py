"""The verdict on what a run has left behind: nothing lost, nothing counted twice, nothing said twice.

Everything is judged against the topics: what the lanes have applied (their journals) must cover the topics, and
states and changes must be what a fold of the journals makes of the records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from aiokafka import ConsumerRecord

from schemas.topics import CHANGES, REJECTED, REKEYED
from scoring.offline import TIMER, FileScorer
from scoring.state import decode_lead
from scoring.state import decode_lead
from streams.kafka.placement import partition_of
from tests.chaos.published import Reading, account, read_said
from tests.chaos.reader import OUTPUTS
from tests.chaos.stage import Stage
from tests.support.journal import LaneRun, Run, origin, read_run
from tests.support.workers import Place

SHOWN = 6
"""Of the problems of one kind."""

UNSCORED = frozenset({"key_missing", "key_mismatch", "bad_origin"})
"""Refusals that a journal leaves out."""


@dataclass
class Verdict:
    """Counts of what must be 0, what came out otherwise, and the first problems in words."""

    events: int = 0
    changes: int = 0
    lost: int = 0
    twice: int = 0
    changes_lost: int = 0
    changes_repeated: int = 0
    again: int = 0
    taken_back: int = 0
    timelines: int = 0
    problems: list[str] = field(default_factory=list)

    def complain(self, *problems: str) -> None:
        """Note what is wrong; of many the first ones."""
        self.problems.extend(problems[:SHOWN])
        if len(problems) > SHOWN:
            self.problems.append(f"... and {len(problems) - SHOWN} more like it")


async def check(stage: Stage) -> Verdict:
    """Everything that the run has left, once the workers have stopped."""
    verdict = Verdict()
    verdict.complain(*stage.complaints, *stage.watch.grown())
    run = await read_run(stage.site)
    outputs, _ = await stage.site.records(*OUTPUTS)
    verdict.events = len(run.records)
    _check_readers(verdict, stage.reader.records, outputs)
    aside = _set_aside(verdict, run, stage.site.partitions)
    for lane in run.lanes:
        _check_coverage(verdict, run, lane, aside)
        folded = run.fold(lane)
        _check_rejected(verdict, lane, folded, _reading(verdict, lane, outputs, REJECTED.name))
        _check_changes(verdict, run, lane, folded, _reading(verdict, lane, outputs, CHANGES.name))
    if not verdict.changes:
        verdict.complain("nothing was published: the run shows nothing")
    return verdict


def _check_readers(
    verdict: Verdict, during: dict[Place, ConsumerRecord], after: dict[Place, ConsumerRecord]
) -> None:
    """The same set for a reader during and a reader after."""
    only_during, only_after = during.keys() - after.keys(), after.keys() - during.keys()
    verdict.changes_lost += len(only_during)
    verdict.complain(*(f"{place} was read during, and is gone after" for place in sorted(only_during)))
    verdict.complain(*(f"{place} was passed over during, and is there after" for place in sorted(only_after)))


def _set_aside(verdict: Verdict, run: Run, partitions: int) -> list[Place]:
    """Records that no lane is to score where they stand; each misplaced one is re-keyed, and scored there once."""
    applied = {
        (topic, lane.partition, place)
        for lane in run.lanes
        for entry in lane.entries
        for topic, place, _ in entry.applied
        if topic != TIMER
    }
    rekeyed: dict[Place, list[Place]] = {}
    for place, record in run.records.items():
        if record.topic == REKEYED.name:
            rekeyed.setdefault(origin(record), []).append(place)
    misplaced = {
        place
        for place, record in run.records.items()
        if record.topic != REKEYED.name and record.key and partition_of(record.key, partitions) != record.partition
    }
    wanted = misplaced - applied  # a malformed one is refused where it stands
    missing = wanted - rekeyed.keys()
    verdict.lost += len(missing)
    verdict.complain(*(f"{place} is misplaced, and was not re-keyed" for place in sorted(missing)))
    repeats = [place for places in rekeyed.values() for place in _unapplied(places, applied)]
    verdict.complain(*(f"{place} was re-keyed, and not misplaced" for place in rekeyed.keys() - misplaced))
    return [*wanted, *repeats]


def _unapplied(places: list[Place], applied: set[Place]) -> list[Place]:
    """Of the copies of one re-keyed record all that were not scored, but one if none was: that one is lost."""
    left = [place for place in places if place not in applied]
    return left[1:] if len(left) == len(places) else left


def _check_coverage(verdict: Verdict, run: Run, lane: LaneRun, aside: Iterable[Place]) -> None:
    """Offsets without gap or overlap, every record applied once."""
    counted = Counter(
        (topic, lane.partition, place)
        for entry in lane.entries
        for topic, place, _ in entry.applied
        if topic != TIMER
    )
    counted.update(aside)
    here = [place for place in run.records if place[1] == lane.partition]
    verdict.lost += sum(counted[place] == 0 for place in here)
    verdict.twice += sum(counted[place] > 1 for place in here)
    verdict.complain(*run.uncovered(lane, set_aside=aside))


def _check_rejected(verdict: Verdict, lane: LaneRun, folded: FileScorer, reading: Reading) -> None:
    """Every record that the fold refuses is told of once."""
    told = Counter(one.identity for one in reading.stands if one.members["reason"] not in UNSCORED)
    applied = [one for entry in lane.entries for one in entry.applied]
    refused = set()
    for line in folded.rejected:
        topic, place, _ = applied[line["line"] - 1]
        refused.add(f"{topic}/{lane.partition}/{place}")
    verdict.changes_lost += len(refused - told.keys())
    verdict.complain(*(f"{place} was refused, and nobody told" for place in sorted(refused - told.keys())))
    verdict.complain(*(f"{place} was told as refused, and was not" for place in sorted(told.keys() - refused)))
    verdict.complain(*(f"{place} was told as refused {count} times" for place, count in told.items() if count > 1))


def _check_changes(verdict: Verdict, run: Run, lane: LaneRun, folded: FileScorer, reading: Reading) -> None:
    """States and changes are those of the fold, and the last change of a lead says its band."""
    stands = [one.members | {"timeline": 1} for one in reading.stands]
    verdict.changes += len(stands)
    verdict.changes_lost += max(0, len(folded.changes) - len(stands))
    verdict.complain(*run.differences(replace(lane, changes=stands)))
    verdict.complain(*_other_bands(lane, folded, stands))


def _reading(verdict: Verdict, lane: LaneRun, outputs: dict[Place, ConsumerRecord], topic: str) -> Reading:
    """The account of one partition of one output topic, added to the verdict."""
    here = [record for place, record in outputs.items() if place[:2] == (topic, lane.partition)]
    reading = account(read_said(here))
    verdict.changes_repeated += reading.repeated
    verdict.again += reading.again
    verdict.taken_back += reading.taken_back
    verdict.timelines = max(verdict.timelines, reading.timelines)
    verdict.complain(*(f"{topic}/{lane.partition}: {problem}" for problem in reading.problems))
    return reading


def _other_bands(lane: LaneRun, folded: FileScorer, changes: list[dict[str, Any]]) -> list[str]:
    """Leads whose state has another band than their last change."""
    names = folded.plan.names
    last = {change["lead_id"]: change["to"] for change in changes if change["kind"] == "band"}
    stored = {lead_id: names[decode_lead(state).band] for lead_id, state in lane.states.items()}
    return [
        f"{lead_id} is {band}, and its last change says {last.get(lead_id)}"
        for lead_id, band in stored.items()
        if band != last.get(lead_id, names[0])
    ]
