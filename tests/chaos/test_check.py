"""The verdict sees what it is there for: every wrong that it names is done to a good run, one at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from schemas.topics import CHANGES, INPUT_NAMES, REJECTED, REKEYED
from scoring.state import decode_lead, encode_lead
from streams.lane.lane import Lane
from streams.lane.surroundings import Surroundings
from streams.metrics import new_metrics
from streams.settings import Settings
from tests.chaos.check import Examination, Verdict, uncounted
from tests.chaos.faults.workers import BOUNDS_S, KILLED, TOLD
from tests.chaos.past import Past
from tests.chaos.run import Result, judge_times, late, result_of
from tests.support.doubles.bench import NOON_MS, StoppedClock
from tests.support.doubles.lane import GivenRecords, HeldPublisher
from tests.support.doubles.memory_redis import MemoryRedis
from tests.support.doubles.store import MemoryStore
from tests.support.journal import LaneRun, Run, read_entry
from tests.support.workers import Place, eventually

LEADS = 6
SIGNUPS = 3
HOME = {f"L-{number}": number % 2 for number in range(LEADS)}
"""Which partition is right for which lead."""


def partition_of(key: bytes, partitions: int = 2) -> int:
    """In place of the hash."""
    return HOME[key.decode()]


@dataclass
class Left:
    """What a run of two lanes has left, as the checker gets it."""

    run: Run
    outputs: dict[Place, ConsumerRecord]
    during: dict[Place, ConsumerRecord]

    def verdict(self) -> Verdict:
        """What the checker says of it."""
        verdict = Verdict()
        Examination(verdict, self.run, self.outputs, Past()).examine(self.during)
        return verdict

    def change_lane(self, number: int, **differences: Any) -> None:
        """One lane is otherwise."""
        self.run.lanes[number] = replace(self.run.lanes[number], **differences)

    def without(self, place: Place) -> None:
        """A record of the outputs is nowhere."""
        for records in (self.outputs, self.during):
            del records[place]

    def last(self, topic: str) -> Place:
        """Of a topic of partition 0."""
        return max(place for place in self.outputs if place[:2] == (topic, 0))


def consumed(topic: str, partition: int, offset: int, record: Any, timestamp_ms: int) -> ConsumerRecord:
    """A record as a consumer sees it."""
    return ConsumerRecord(
        topic, partition, offset, timestamp_ms, 0, record.key, record.value, None, 0, 0, tuple(record.headers)
    )


async def lived() -> Left:
    """Two lanes score signups and a repeat; one record is bad, one misplaced and re-keyed."""
    redis, publisher = MemoryRedis(StoppedClock()), HeldPublisher()
    publisher.let_go.set()
    given = [GivenRecords(number) for number in range(2)]
    add_signals(given)
    around = Surroundings(
        settings=Settings(journal=True),
        open_publisher=lambda _: publisher,
        metrics=new_metrics(),
        clock=StoppedClock(),
        partition_of=partition_of,
    )
    store = MemoryStore(redis, partitions=2)
    lanes = [Lane(each, store.lane(each.partition), around) for each in given]
    tasks = [asyncio.create_task(lane.run()) for lane in lanes]

    async def is_over() -> bool:
        are_applied = all(lane.offsets() == each.ends() for lane, each in zip(lanes, given, strict=True))
        return are_applied and not any(redis.lane(number).outbox for number in range(2))

    await eventually(is_over, timeout_s=30, what="all is applied and published")
    for entry in [entry for entry in publisher.published if entry.topic == REKEYED.name]:
        value = json.loads(entry.value or b"")
        given[entry.partition].add(REKEYED.name, value, NOON_MS, headers=entry.headers)
    await eventually(is_over, timeout_s=30, what="what was re-keyed is applied")
    for lane in lanes:
        lane.stop()
    await asyncio.gather(*tasks)
    return left(redis, publisher, given)


def add_signals(given: list[GivenRecords]) -> None:
    """To partition 0 and 1."""
    for number in range(LEADS * SIGNUPS):
        lead_id = f"L-{number % LEADS}"
        value = {"id": f"e-{number}", "lead_id": lead_id, "occurred_at": "2025-11-23T11:00:00Z"}
        at_ms = NOON_MS - 60_000 + number
        given[HOME[lead_id]].add("webinar.signups", value | {"webinar_id": f"w-{number}"}, at_ms)
    bad = {"id": "bad", "lead_id": "L-0"}
    misplaced = {"id": "m", "lead_id": "L-1", "occurred_at": "2025-11-23T11:30:00Z", "webinar_id": "w-m"}
    given[0].add("engagements", bad, NOON_MS - 50_000)
    given[0].add("webinar.signups", misplaced, NOON_MS - 40_000)


def left(redis: MemoryRedis, publisher: HeldPublisher, given: list[GivenRecords]) -> Left:
    """As the readers of Kafka and Redis tell it."""
    records = {
        (topic, each.partition, offset): consumed(topic, each.partition, offset, record, record.timestamp)
        for each in given
        for topic, log in each.logs.items()
        for offset, record in enumerate(log)
    }
    ends = {(topic, each.partition): end for each in given for topic, end in each.ends().items()}
    outputs: dict[Place, ConsumerRecord] = {}
    for entry in publisher.published:
        offset = sum(place[:2] == (entry.topic, entry.partition) for place in outputs)
        if entry.topic != REKEYED.name:
            place = (entry.topic, entry.partition, offset)
            outputs[place] = consumed(*place, entry, NOON_MS)
    lanes = [
        LaneRun(
            number,
            dict(keys.states),
            [json.loads(record.value) for place, record in outputs.items() if place[:2] == (CHANGES.name, number)],
            dict(keys.meta),
            [read_entry(json.loads(entry)) for entry in keys.journal],
        )
        for number in range(2)
        if (keys := redis.lane(number))
    ]
    return Left(Run(lanes, records, ends), outputs, dict(outputs))


@pytest.fixture
async def good(monkeypatch: pytest.MonkeyPatch) -> Left:
    """Nothing is wrong with it."""
    monkeypatch.setattr("tests.chaos.check.partition_of", partition_of)
    return await lived()


async def test_a_good_run_is_good(good: Left) -> None:
    """Else the wrongs below show nothing."""
    verdict = good.verdict()
    assert verdict == Verdict(changes=verdict.changes)
    assert verdict.changes >= LEADS
    assert any(place[0] == REJECTED.name for place in good.outputs)
    assert any(place[0] == REKEYED.name for place in good.run.records)


def forget_a_change(good: Left) -> None:
    good.without(good.last(CHANGES.name))


def forget_a_refusal(good: Left) -> None:
    good.without(good.last(REJECTED.name))


def refuse_a_good_record(good: Left) -> None:
    place = good.last(REJECTED.name)
    value = json.loads(good.outputs[place].value) | {"topic": "webinar.signups", "offset": 0}
    for records in (good.outputs, good.during):
        records[place] = replace(records[place], value=json.dumps(value).encode())


def repeat_a_change(good: Left) -> None:
    topic, partition, offset = place = good.last(CHANGES.name)
    for records in (good.outputs, good.during):
        records[topic, partition, offset + 1] = replace(records[place], offset=offset + 1)


def skip_a_seq(good: Left) -> None:
    place = good.last(CHANGES.name)
    headers = (("timeline", b"1"), ("seq", b"99"))
    for records in (good.outputs, good.during):
        records[place] = replace(records[place], headers=headers)


def see_less_during(good: Left) -> None:
    del good.during[good.last(CHANGES.name)]


def see_more_during(good: Left) -> None:
    del good.outputs[good.last(CHANGES.name)]


def see_otherwise_during(good: Left) -> None:
    place = good.last(CHANGES.name)
    good.during[place] = replace(good.during[place], value=b"{}")


def lose_a_record(good: Left) -> None:
    *entries, last = good.run.lanes[0].entries
    applying = next(entry for entry in good.run.lanes[0].entries if entry.applied)
    entries = [replace(one, applied=one.applied[1:]) if one is applying else one for one in (*entries, last)]
    good.change_lane(0, entries=entries)


def count_a_record_twice(good: Left) -> None:
    applying = next(entry for entry in good.run.lanes[0].entries if entry.applied)
    twice = replace(applying, applied=[*applying.applied, applying.applied[0]])
    good.change_lane(0, entries=[twice if one is applying else one for one in good.run.lanes[0].entries])


def stop_early(good: Left) -> None:
    good.run.ends["webinar.signups", 0] += 1


def score_otherwise(good: Left) -> None:
    lead_id, state = next(iter(good.run.lanes[0].states.items()))
    lead = decode_lead(state)
    lead.as_of += 1
    good.change_lane(0, states=good.run.lanes[0].states | {lead_id: encode_lead(lead)})


def know_nobody(good: Left) -> None:
    good.change_lane(0, states={})


def stand_in_another_band(good: Left) -> None:
    lead_id, state = next(iter(good.run.lanes[0].states.items()))
    lead = decode_lead(state)
    lead.band = 0
    good.change_lane(0, states=good.run.lanes[0].states | {lead_id: encode_lead(lead)})


def rekey_nothing(good: Left) -> None:
    place = next(place for place in good.run.records if place[0] == REKEYED.name)
    del good.run.records[place]
    good.run.ends[REKEYED.name, place[1]] = 0
    entries = [
        replace(
            one,
            applied=[line for line in one.applied if line[0] != REKEYED.name],
            offsets=one.offsets | {REKEYED.name: (0, 0)},
        )
        for one in good.run.lanes[place[1]].entries
    ]
    good.change_lane(place[1], entries=entries)


def publish_nothing(good: Left) -> None:
    good.outputs.clear()
    good.during.clear()


WRONGS: dict[Callable[[Left], None], tuple[dict[str, int], str]] = {
    forget_a_change: ({"changes_lost": 1}, "changes against"),
    forget_a_refusal: ({"changes_lost": 1}, "was refused, and nobody told"),
    refuse_a_good_record: ({"changes_lost": 1}, "was not refused, and told so"),
    repeat_a_change: ({"changes_repeated": 1}, "once more"),
    skip_a_seq: ({}, "timeline 1 seq 99 follows"),
    see_less_during: ({}, "was passed over during"),
    see_more_during: ({"changes_lost": 2}, "was read during, and is gone after"),
    see_otherwise_during: ({"changes_lost": 1}, "says something else after"),
    lose_a_record: ({"lost": 1}, "was applied 0 times"),
    count_a_record_twice: ({"twice": 1}, "was applied 2 times"),
    stop_early: ({}, "and the journal at"),
    score_otherwise: ({}, "as_of"),
    know_nobody: ({}, "only folded"),
    stand_in_another_band: ({}, "and its last change says"),
    rekey_nothing: ({"lost": 1}, "is misplaced, and was not re-keyed"),
    publish_nothing: ({}, "nothing was published"),
}


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: wrong.__name__)
async def test_a_wrong_is_seen(good: Left, wrong: Callable[[Left], None]) -> None:
    """By its count, where it has one, and in words."""
    counts, words = WRONGS[wrong]
    wrong(good)
    verdict = good.verdict()
    assert any(words in problem for problem in verdict.problems), verdict.problems
    assert {name: getattr(verdict, name) for name in counts} == counts
    assert result_of(verdict, {"bitten": 1}) is Result.FAILED


def test_what_came_again_is_to_be_counted() -> None:
    """The metric says as many at least; refusals are among them."""
    assert uncounted(Verdict(again=3), 3.0) == []
    assert uncounted(Verdict(again=3), 2.0) == ["3 changes came again, and leadline_corrections_total says 2"]


def test_a_fault_that_left_no_evidence_is_vacuous() -> None:
    """Whatever else is right or wrong: one kind of evidence that is missing is enough."""
    assert result_of(Verdict(), {"bitten": 1}) is Result.HELD
    assert result_of(Verdict(), {"bitten": 1, "fenced": 0}) is Result.VACUOUS
    assert result_of(Verdict(), {"bitten": 1, "fenced": -1}) is Result.VACUOUS
    assert result_of(Verdict(problems=["wrong"]), {"bitten": 0}) is Result.VACUOUS


def test_a_take_over_that_takes_too_long_is_told() -> None:
    """After SIGTERM 2 s, after SIGKILL the session and 2 s."""
    assert (BOUNDS_S[TOLD], BOUNDS_S[KILLED]) == (2.0, 12.0)
    assert late({KILLED: [11.9], TOLD: [0.6], "back after a storm": [99.0]}) == []
    assert late({TOLD: [0.6, 2.1]}) == [f"{TOLD} took 2.1 s, more than 2 s"]


def test_a_take_over_is_judged_unless_the_machine_is_busy() -> None:
    """And then it is said that it was not."""
    quiet, busy = Verdict(), Verdict()
    judge_times(quiet, {TOLD: [2.1]}, load=2.0)
    judge_times(busy, {TOLD: [2.1]}, load=1_000.0)
    assert (len(quiet.problems), quiet.remarks) == (1, [])
    assert (busy.problems, len(busy.remarks)) == ([], 1)


def test_all_inputs_are_checked() -> None:
    """The checker's list of topics is the product's."""
    assert REKEYED.name in INPUT_NAMES
