"""The verdict on what a run has left behind: nothing lost, nothing counted twice, nothing said twice.

Everything is judged against the topics: what the lanes have applied (their journals) must cover the topics, and
states and changes must be what a fold of the journals makes of the records.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aiokafka import ConsumerRecord

from schemas.topics import CHANGES, INPUT_NAMES, REJECTED, REKEYED
from scoring.offline import TIMER, FileScorer
from scoring.state import decode_lead
from streams.kafka.placement import partition_of
from tests.chaos.coverage import cover
from tests.chaos.past import Past
from tests.chaos.published import Reading, account, read_said
from tests.chaos.reader import OUTPUTS
from tests.chaos.stage import Stage
from tests.support.journal import LaneRun, Run, origin, read_run
from tests.support.workers import Place

SHOWN = 6
"""Of the problems of one kind."""

Sameness = tuple[Place, bytes | None]

CORRECTIONS = "leadline_corrections_total"

UNSCORED = frozenset({"key_missing", "key_mismatch", "bad_origin"})
"""Refusals that a journal leaves out."""


@dataclass
class Verdict:
    """Counts of what must be 0, what came out otherwise, and the first problems in words.

    `again` are changes made again under a higher timeline, `taken_back` changes that a higher timeline has not.
    """

    events: int = 0
    changes: int = 0
    lost: int = 0
    twice: int = 0
    changes_lost: int = 0
    changes_repeated: int = 0
    again: int = 0
    taken_back: int = 0
    outbox_max: int = 0
    resident_max_mib: int = 0
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What could not be judged, and why."""

    def complain(self, *problems: str) -> None:
        """Note what is wrong; of many the first ones."""
        self.problems.extend(problems[:SHOWN])
        if len(problems) > SHOWN:
            self.problems.append(f"... and {len(problems) - SHOWN} more like it")


async def check(stage: Stage) -> Verdict:
    """Everything that the run has left, once the workers have stopped."""
    run = stage.past.joined(await read_run(stage.site))
    outputs, _ = await stage.site.records(*OUTPUTS)
    verdict = Verdict(
        events=len(run.records),
        outbox_max=stage.watch.outbox_max,
        resident_max_mib=stage.watch.resident_max_kb >> 10,
    )
    verdict.complain(*stage.complaints, *stage.watch.grown())
    if stage.reader.twice:
        verdict.complain(f"the reader that was there has met {stage.reader.twice} records twice")
    Examination(verdict, run, outputs, stage.past, stage.is_halted).examine(stage.reader.records)
    verdict.complain(*uncounted(verdict, sum(hand.metric(CORRECTIONS) for hand in stage.crew.hands)))
    return verdict


def uncounted(verdict: Verdict, corrections: float) -> list[str]:
    """What is said again or taken back under a higher timeline is counted by a metric (with refusals beside)."""
    if verdict.again and corrections < verdict.again:
        return [f"{verdict.again} changes came again, and {CORRECTIONS} says {corrections:g}"]
    return []


@dataclass
class Examination:
    """One look at everything. `is_halted`: the lanes were to stop where they stood, and something is unread."""

    verdict: Verdict
    run: Run
    outputs: Mapping[Place, ConsumerRecord]
    past: Past
    is_halted: bool = False

    def examine(self, during: Mapping[Place, ConsumerRecord]) -> None:
        """Fill the verdict; `during` is what a reader has seen that was there all the time."""
        self._compare_readers(during)
        aside = [*self._misplaced(), *(place for place in self.run.records if self.past.given_up(place))]
        for lane in self.run.lanes:
            self._check_coverage(lane, aside)
            folded = self.run.fold(lane)
            self._check_rejected(lane, folded)
            self._check_changes(lane, folded)
        if not self.verdict.changes:
            self.verdict.complain("nothing was published: the run shows nothing")

    def _compare_readers(self, during: Mapping[Place, ConsumerRecord]) -> None:
        """The same set for a reader during and a reader after."""
        gone, unseen = during.keys() - self.outputs.keys(), self.outputs.keys() - during.keys()
        self.verdict.changes_lost += len(gone)
        self.verdict.complain(*(f"{place} was read during, and is gone after" for place in sorted(gone)))
        self.verdict.complain(*(f"{place} was passed over during, and is there after" for place in sorted(unseen)))
        for place in sorted(during.keys() & self.outputs.keys()):
            if (during[place].key, during[place].value) != (self.outputs[place].key, self.outputs[place].value):
                self.verdict.changes_lost += 1
                self.verdict.complain(f"{place} was read during, and says something else after")

    def _misplaced(self) -> list[Place]:
        """Records that no lane is to score where they stand: each misplaced one is re-keyed, and scored there once;
        copies of a re-keyed one are not scored again."""
        applied = {
            (topic, lane.partition, place)
            for lane in self.run.lanes
            for entry in lane.entries
            for topic, place, _ in entry.applied
            if topic != TIMER
        }
        copies: dict[Sameness, list[Place]] = defaultdict(list)
        for place, record in self.run.records.items():
            if record.topic == REKEYED.name:
                copies[_sameness(record)].append(place)
        misplaced = {place: record for place, record in self.run.records.items() if self._is_misplaced(record)}
        # A malformed one is refused where it stands, and so applied there.
        wanted = {place for place in misplaced.keys() - applied if not self.past.given_up(place)}
        missing = {place for place in wanted if _sameness(misplaced[place]) not in copies}
        if not self.is_halted:
            self.verdict.lost += len(missing)
            self.verdict.complain(*(f"{place} is misplaced, and was not re-keyed" for place in sorted(missing)))
        surplus = [place for places in copies.values() for place in _unapplied(places, applied)]
        return [*wanted, *surplus]

    def _is_misplaced(self, record: ConsumerRecord) -> bool:
        right = partition_of(record.key or b"", len(self.run.lanes))
        return record.topic != REKEYED.name and bool(record.key) and right != record.partition

    def _check_coverage(self, lane: LaneRun, aside: Collection[Place]) -> None:
        """Offsets without gap or overlap, every record applied once."""
        ends = {topic: self.run.ends[topic, lane.partition] for topic in INPUT_NAMES}
        if self.is_halted:
            ends = {topic: _stand(lane, topic) for topic in INPUT_NAMES}
        there = [place for place in self.run.records if place[1] == lane.partition and place[2] < ends[place[0]]]
        known = [place for place in aside if place[1] == lane.partition and place[2] < ends[place[0]]]
        coverage = cover(
            lane.partition, lane.entries, there, ends=ends, aside=known, jumps=self.past.jumps(self.run)
        )
        self.verdict.lost += coverage.lost
        self.verdict.twice += coverage.twice
        self.verdict.complain(*coverage.problems)

    def _check_rejected(self, lane: LaneRun, folded: FileScorer) -> None:
        """Every record that the fold refuses is told of once."""
        stands = self._reading(lane, REJECTED.name).stands
        told = Counter(one.identity for one in stands if one.members["reason"] not in UNSCORED)
        applied = [one for entry in lane.entries for one in entry.applied]
        refused = {_name(self.run.records, lane, applied[line["line"] - 1]) for line in folded.rejected}
        untold = set() if self.is_halted else refused - told.keys()
        self.verdict.changes_lost += len(untold)
        self.verdict.complain(*(f"{place} was refused, and nobody told" for place in sorted(untold)))
        self.verdict.complain(*(f"{place} was not refused, and told so" for place in sorted(told.keys() - refused)))

    def _check_changes(self, lane: LaneRun, folded: FileScorer) -> None:
        """States and changes are those of the fold, a lead's last change says its band, no state is too large."""
        stands = [one.members | {"timeline": 1} for one in self._reading(lane, CHANGES.name).stands]
        if self.is_halted:
            stands = lane.changes  # with those that wait in the outbox
        self.verdict.changes += len(stands)
        made = Counter(change.change_id for change in folded.changes)
        self.verdict.changes_lost += (made - Counter(change["change_id"] for change in stands)).total()
        self.verdict.complain(*self.run.differences(replace(lane, changes=stands), folded))
        self.verdict.complain(*_other_bands(lane, folded, stands))
        self.verdict.complain(
            *(
                f"{lead_id} takes {len(state)} bytes"
                for lead_id, state in lane.states.items()
                if len(state) > folded.plan.state_worst_bytes
            )
        )

    def _reading(self, lane: LaneRun, topic: str) -> Reading:
        """The account of one partition of one output topic, added to the verdict."""
        here = [record for place, record in self.outputs.items() if place[:2] == (topic, lane.partition)]
        reading = account(read_said(here))
        self.verdict.changes_repeated += reading.repeated
        self.verdict.again += reading.again
        self.verdict.taken_back += reading.taken_back
        self.verdict.complain(*(f"{topic}/{lane.partition}: {problem}" for problem in reading.problems))
        return reading


def _sameness(record: ConsumerRecord) -> Sameness:
    """What a misplaced record and its copies have in common: where it first was, and what it says."""
    return origin(record), record.value


def _unapplied(places: list[Place], applied: Collection[Place]) -> list[Place]:
    """Of the copies of one re-keyed record all that were not scored, but one if none was: that one is lost."""
    left = [place for place in places if place not in applied]
    return left[1:] if len(left) == len(places) else left


def _stand(lane: LaneRun, topic: str) -> int:
    """Where the lane's journal stands in a topic."""
    return next((entry.offsets[topic][1] for entry in reversed(lane.entries) if topic in entry.offsets), 0)


def _name(records: Mapping[Place, ConsumerRecord], lane: LaneRun, applied: tuple[str, Any, int]) -> str:
    """The place of a record as a refusal names it."""
    record = records[applied[0], lane.partition, applied[1]]
    return f"{record.topic}/{record.partition}/{record.offset}"


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
