"""The pure stages of the path in this process, without servers: CPU time per event of each.

One partition's records of the workload go through the very functions that a lane calls, batch by batch, with the
timers that come due in between. Fetch, load, the script and the publisher are I/O and not in here: the measured
run has them.
"""

from __future__ import annotations

import gc
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from heapq import heappop, heappush

from aiokafka import ConsumerRecord

from schemas.topics import INPUT_NAMES
from scoring.document import default_text
from scoring.lead import Lead
from scoring.state import decode_lead
from streams.kafka.placement import partition_of
from streams.lane.batch import Batch
from streams.lane.erasures import Erasures
from streams.lane.inputs import read_input
from streams.lane.outputs import Outputs
from streams.lane.ports import Commit, Pull
from streams.lane.position import Position
from streams.lane.steps import Steps
from streams.settings import Settings
from streams.store.commit import arguments
from streams.store.keys import Keys
from tests.benchmarks.generator import Event, Workload, events

PARTITION = 0
PASSES = 3
"""The best of so many: what the machine does besides only ever adds."""

MEANINGS = {
    "take": "records of all topics in the order of time",
    "decode": "bytes to signals",
    "fold": "signals and timers over leads in memory, with the changes that come of them",
    "encode": "the states of the leads touched, to bytes",
    "board, timers": "what else a commit writes of them",
    "arguments": "a commit as the arguments of the script",
    "read back": "the same states from bytes: what a lead costs that is not in memory",
}
STAGES = tuple(MEANINGS)

Records = dict[str, deque[ConsumerRecord]]


class StageTimes:
    """CPU seconds of each stage, and for how many events."""

    def __init__(self) -> None:
        self.events = 0
        self.seconds = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add what the block takes."""
        started_s = time.process_time()
        yield
        self.seconds[name] += time.process_time() - started_s


class Profile:
    """What the passes took and met. `best` and `second_half` are CPU µs an event by stage."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.best: dict[str, float] = {}
        self.second_half: dict[str, float] = {}
        self.facts: dict[str, float] = {}

    def add(self, lane: LaneInProcess, halves: Sequence[StageTimes]) -> None:
        """Keep the lower figure of each stage."""
        for name in STAGES:
            whole_us = sum(times.seconds[name] for times in halves) / lane.events * 1e6
            second_us = halves[1].seconds[name] / halves[1].events * 1e6
            self.best[name] = min(whole_us, self.best.get(name, whole_us))
            self.second_half[name] = min(second_us, self.second_half.get(name, second_us))
        self.facts = lane.facts()


class LaneInProcess:
    """A lane without its servers: the leads stay in memory, a commit ends as a list of arguments."""

    def __init__(self, records: Iterable[Event], workload: Workload) -> None:
        self.leads: dict[str, Lead] = {}
        self.outcomes: Counter[str] = Counter()
        self.events = self.batches = self.touched = self.state_bytes = self.changes = 0
        self._records = _by_topic(records)
        self._position = Position.read({"model_body": default_text()})
        self._position.offsets = dict.fromkeys(INPUT_NAMES, 0)
        self._batch_records = Settings().batch_records
        self._steps = Steps(self._position.offsets, self._batch_records, topic_wait_s=10)
        self._partition_of = partial(partition_of, partitions=workload.partitions)
        self._timers: list[tuple[int, str]] = []
        self._erasures = Erasures("", {})
        self._present_ms = workload.end_ms + 1

    def turn(self, times: StageTimes) -> int:
        """One batch, from records to arguments; how many records it had."""
        self._steps.add(self._pull())
        with times.stage("take"):
            taken = self._steps.take(self._present_ms)
        if not taken:
            return 0
        with times.stage("decode"):
            inputs = [read_input(record, timestamp_ms) for record, timestamp_ms in taken]
        due = self._due(inputs[-1].timestamp_ms)
        wanted = {given.said.lead_id for given in inputs if given.said} | {lead_id for lead_id, _ in due}
        found = {lead_id: self.leads[lead_id] for lead_id in wanted if lead_id in self.leads}
        outputs = Outputs(PARTITION, self._position, with_payload=False)
        batch = Batch(
            plan=self._position.plan,
            partition=PARTITION,
            leads=found,
            outputs=outputs,
            partition_of=self._partition_of,
            until_ms=inputs[-1].timestamp_ms,
            keeps_journal=False,
            erasures=self._erasures,
        )
        with times.stage("fold"):
            batch.fold(inputs, due)
        self._commit(batch, times)
        self.events += len(taken)
        times.events += len(taken)
        return len(taken)

    def facts(self) -> dict[str, float]:
        """What makes the figures comparable."""
        return {
            "events": self.events,
            "batches": self.batches,
            "leads": len(self.leads),
            "leads touched per event": self.touched / self.events,
            "bytes of a written state": self.state_bytes / self.touched,
            "changes per 1000 events": self.changes / self.events * 1000,
            **dict(sorted(self.outcomes.items())),
        }

    def _commit(self, batch: Batch, times: StageTimes) -> None:
        with times.stage("encode"):
            states = batch.states_of(batch.touched)
        with times.stage("board, timers"):
            board, timers = batch.board(), batch.timers()
        position, outputs = self._position, batch.outputs
        offsets = {topic: (position.offsets[topic], to) for topic, to in self._steps.next_offset.items()}
        with times.stage("arguments"):
            commit = Commit(
                f"{self.batches}", self.batches, offsets, states, board, timers, outputs.history, outputs.entries
            )
            arguments(Keys("ll", PARTITION), "token", commit)
        with times.stage("read back"):
            for state in states.values():
                decode_lead(state)
        position.offsets = dict(self._steps.next_offset)
        self.leads.update((lead_id, batch.leads[lead_id]) for lead_id in batch.touched)
        self._note(batch, states, timers)

    def _note(self, batch: Batch, states: dict[str, bytes], timers: dict[str, int | None]) -> None:
        for lead_id, wake_ms in timers.items():
            if wake_ms is not None:
                heappush(self._timers, (wake_ms, lead_id))
        for (_, outcome), count in batch.outcomes.items():
            self.outcomes[outcome] += count
        self.batches += 1
        self.touched += len(states)
        self.state_bytes += sum(map(len, states.values()))
        self.changes += len(batch.outputs.changes)

    def _due(self, until_ms: int) -> list[tuple[str, int]]:
        due = []
        while self._timers and self._timers[0][0] <= until_ms:
            wake_ms, lead_id = heappop(self._timers)
            if self.leads[lead_id].wake == wake_ms:
                due.append((lead_id, wake_ms))
        return due

    def _pull(self) -> Pull:
        pulled = {topic: _popped(self._records[topic], self._batch_records) for topic in self._steps.wanted}
        exhausted = frozenset(topic for topic, waiting in self._records.items() if not waiting)
        ends = {topic: records[-1].offset + 1 for topic, records in pulled.items() if records}
        return Pull(pulled, ends, exhausted, {})


def profile(workload: Workload) -> Profile:
    """Run one partition of the workload through all stages, several times."""
    records = [event for event in events(workload) if event.partition == PARTITION]
    result = Profile(workload)
    for _ in range(PASSES):
        lane = LaneInProcess(records, workload)
        gc.collect()
        gc.freeze()
        halves = (StageTimes(), StageTimes())
        _exhaust(lane, halves, len(records))
        gc.unfreeze()
        result.add(lane, halves)
    return result


def _exhaust(lane: LaneInProcess, halves: Sequence[StageTimes], count: int) -> None:
    while lane.events < count:
        lane.turn(halves[lane.events * 2 >= count])


def _by_topic(records: Iterable[Event]) -> Records:
    topics: Records = {topic: deque() for topic in INPUT_NAMES}
    for topic, partition, key, value, timestamp_ms in records:
        waiting = topics[topic]
        waiting.append(
            ConsumerRecord(
                topic, partition, len(waiting), timestamp_ms, 0, key, value, None, len(key), len(value), ()
            )
        )
    return topics


def _popped(records: deque[ConsumerRecord], count: int) -> list[ConsumerRecord]:
    return [records.popleft() for _ in range(min(count, len(records)))]
