"""What a run left behind, and the fold that must have made it.

A lane's journal says what each commit applied: records by topic and offset, and timers. Joined with the records
it is the file from which `leadline score` makes the same states and the same changes.

    run = await read_run(site)
    for lane in run.lanes:
        assert run.uncovered(lane) == []    # offsets without gap or overlap, each record once
        assert run.differences(lane) == []  # states and changes are those of the fold
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiokafka import ConsumerRecord

from schemas.codec import encode
from schemas.instants import format_ms
from schemas.topics import CHANGES, INPUT_NAMES, REKEYED
from scoring.document import default_text, read_model
from scoring.lead import Lead
from scoring.offline import TIMER, FileScorer
from scoring.plan import Plan
from scoring.state import decode_lead, encode_lead
from streams.lane.inputs import ORIGIN_HEADER
from streams.lane.ports import OutboxEntry
from streams.store import Reader, Store
from tests.support.workers import Place, Site

BOARD_PAGE = 5_000

OUTBOX_MAX = 20_000
"""More than a lane lets wait."""

UNSCORED = frozenset({"key_missing", "key_mismatch"})
"""A file has no keys, so a journal leaves these records out."""


@dataclass(frozen=True)
class Entry:
    """One commit: (from, to) of each topic, and what was applied: (topic, offset or lead, instant)."""

    offsets: dict[str, tuple[int, int]]
    applied: list[tuple[str, Any, int]]


@dataclass(frozen=True)
class LaneRun:
    """One lane: its leads' states, its changes as published, its meta and its journal.

    `tombstones` are the leads that tombstones among the changes are about, by seq: one for each erasure, and one in
    the place of each change that was not yet published then.
    """

    partition: int
    states: dict[str, bytes]
    changes: list[dict[str, Any]]
    meta: dict[str, str]
    entries: list[Entry]
    tombstones: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """All lanes, and the records of the input topics with the end of each partition."""

    lanes: list[LaneRun]
    records: dict[Place, ConsumerRecord]
    ends: dict[tuple[str, int], int]

    def lines(self, lane: LaneRun) -> Iterator[bytes]:
        """The lane's journal as a file for `leadline score`."""
        for topic, place, instant_ms in (one for entry in lane.entries for one in entry.applied):
            if topic == TIMER:
                yield json.dumps({"topic": TIMER, "lead_id": place, "timestamp": format_ms(instant_ms)}).encode()
            else:
                yield line(self.records[topic, lane.partition, place], instant_ms)

    def fold(self, lane: LaneRun) -> FileScorer:
        """The lane's journal, scored as a file from the packaged default model on."""
        return fold(self.lines(lane))

    def differences(self, lane: LaneRun, folded: FileScorer | None = None) -> list[str]:
        """What the lane's states and changes have that the fold of its journal has not, and the other way.

        `folded` is that fold where it is known already, of a lane without erasures.
        """
        scorer, erasures = (folded, Counter[str]()) if folded else self._fold_and_erasures(lane)
        states = {lead_id: encode_lead(lead) for lead_id, lead in scorer.leads.items()}
        found = [
            f"{lead_id}: {told(lane.states.get(lead_id), states.get(lead_id))}"
            for lead_id in sorted(lane.states.keys() | states.keys())
            if lane.states.get(lead_id) != states.get(lead_id)
        ]
        made = [members(change) for change in scorer.changes]
        if lane.tombstones or erasures:
            return found + _differences_beside_erasures(lane, made, erasures)
        return found + _change_differences(lane.changes, made)

    def _fold_and_erasures(self, lane: LaneRun) -> tuple[FileScorer, Counter[str]]:
        """The lane's journal, scored as a file, and how often each lead was erased on the way."""
        scorer, erasures = FileScorer(Plan(read_model(default_text()))), Counter[str]()
        for number, text in enumerate(self.lines(lane), start=1):
            before = dict(scorer.erased) if b'"erase"' in text else scorer.erased
            scorer.feed(number, text)
            erasures.update(lead_id for lead_id, at in scorer.erased.items() if before.get(lead_id) != at)
        return scorer, erasures

    def uncovered(self, lane: LaneRun, *, set_aside: Iterable[Place] = ()) -> list[str]:
        """Gaps and overlaps of the journal, and records that were not applied exactly once.

        `set_aside` are the records that no lane was to score: misplaced ones, those without their lead's key,
        repeats of re-keyed ones.
        """
        found = []
        stands = dict.fromkeys(INPUT_NAMES, 0)
        applied: Counter[Place] = Counter(set_aside)
        for entry in lane.entries:
            for topic, (start, end) in entry.offsets.items():
                if start != stands[topic] or end < start:
                    found.append(f"{topic}/{lane.partition}: {start} to {end} after {stands[topic]}")
                stands[topic] = end
            for topic, place, _ in entry.applied:
                if topic == TIMER:
                    continue
                applied[topic, lane.partition, place] += 1
                start, end = entry.offsets[topic]
                if not start <= place < end:
                    found.append(f"{topic}/{lane.partition}: {place} outside of {start} to {end}")
        found += [
            f"{topic}/{lane.partition}: ends at {self.ends[topic, lane.partition]}, journal at {stand}"
            for topic, stand in stands.items()
            if stand != self.ends[topic, lane.partition]
        ]
        here = {place for place in self.records if place[1] == lane.partition}
        wrong = {place: applied[place] for place in here if applied[place] != 1}
        return found + [f"{place}: applied {times} times" for place, times in wrong.items()]


def instants(lane: LaneRun) -> list[int]:
    """The instant of everything applied, records and timers, in the order in which the lane applied it."""
    return [instant_ms for entry in lane.entries for _, _, instant_ms in entry.applied]


def fold(lines: Iterable[bytes], plan: Plan | None = None) -> FileScorer:
    """The lines, scored as a file; by the packaged default model unless another is given."""
    scorer = FileScorer(plan or Plan(read_model(default_text())))
    for number, text in enumerate(lines, start=1):
        scorer.feed(number, text)
    return scorer


def line(record: ConsumerRecord, timestamp_ms: int | None = None) -> bytes:
    """A record as a line of a file, under the place that it first had."""
    topic, partition, offset = origin(record)
    head = {
        "topic": topic,
        "partition": partition,
        "offset": offset,
        "timestamp": format_ms(record.timestamp if timestamp_ms is None else timestamp_ms),
    }
    value = b"null" if record.value is None else record.value
    return json.dumps(head).encode()[:-1] + b', "value": ' + value + b"}"


def origin(record: ConsumerRecord) -> Place:
    """Where the record was before it was re-keyed; else where it is."""
    if record.topic == REKEYED.name:
        for name, value in record.headers:
            if name == ORIGIN_HEADER:
                topic, partition, offset = value.decode().split("/")
                return topic, int(partition), int(offset)
    return record.topic, record.partition, record.offset


def members(change: Any) -> dict[str, Any]:
    """A change as it stands on the topic."""
    return dict(json.loads(encode(change)))


def told(streamed: bytes | None, folded: bytes | None) -> str:
    """What two states of a lead do not have in common, for a failure."""
    if streamed is None or folded is None:
        return "only folded" if streamed is None else "only streamed"
    ours, theirs = decode_lead(streamed), decode_lead(folded)
    names = [name for name in Lead.__slots__ if getattr(ours, name) != getattr(theirs, name)]
    return "; ".join(f"{name} {getattr(ours, name)} against {getattr(theirs, name)}" for name in names) or "order"


async def read_run(site: Site) -> Run:
    """Everything, once the workers have stopped."""
    records, ends = await site.records(*INPUT_NAMES)
    published, _ = await site.records(CHANGES.name)
    store = await Store.connect(
        site.redis, prefix=site.prefix, partitions=site.partitions, environment="default", volatile=True
    )
    try:
        lanes = [await _read_lane(store, partition, published) for partition in range(site.partitions)]
    finally:
        await store.close()
    return Run(lanes, records, ends)


async def _read_lane(store: Store, partition: int, published: dict[Place, ConsumerRecord]) -> LaneRun:
    """One lane. A change whose commit was the worker's last may still be in the outbox."""
    reader = store.reader()
    outbox = await store.lane(partition).outbox(0, OUTBOX_MAX)
    seen = [record for place, record in published.items() if place[1] == partition]
    left = [entry for entry in outbox if entry.topic == CHANGES.name]
    told = list(first_sightings([*seen, *left]))
    return LaneRun(
        partition,
        await read_states(reader, partition),
        [json.loads(record.value) for record in told if record.value is not None],
        await reader.meta(partition),
        [read_entry(json.loads(text)) async for text in reader.journal(partition)],
        {_seq(record): (record.key or b"").decode() for record in told if record.value is None},
    )


async def read_states(reader: Reader, partition: int) -> dict[str, bytes]:
    """The state of every lead on the lane's board."""
    states: dict[str, bytes] = {}
    while page := await reader.board(partition, len(states), BOARD_PAGE):
        found = await reader.states(partition, [lead_id for lead_id, _ in page])
        states.update((lead_id, state) for (lead_id, _), state in zip(page, found, strict=True) if state)
    return states


def first_sightings(records: Iterable[ConsumerRecord | OutboxEntry]) -> Iterator[ConsumerRecord | OutboxEntry]:
    """The records of one partition as a consumer takes them that drops what is not above the last place."""
    last = (0, 0)
    for record in records:
        headers = dict(record.headers)
        place = (int(headers["timeline"]), int(headers["seq"]))
        if place > last:
            last = place
            yield record


def _seq(record: ConsumerRecord | OutboxEntry) -> int:
    return int(dict(record.headers)["seq"])


def _differences_beside_erasures(lane: LaneRun, folded: list[dict[str, Any]], erasures: Counter[str]) -> list[str]:
    """Of each lead in order: tombstones stand for what is lacking of the fold, and for each erasure."""
    numbers = sorted([*(one["seq"] for one in lane.changes), *lane.tombstones])
    found = [] if numbers == list(range(1, len(numbers) + 1)) else ["seq has a gap"]
    streamed, made = _by_lead(lane.changes), _by_lead(folded)
    silent = Counter(lane.tombstones.values())
    for lead_id in sorted(streamed.keys() | made.keys() | silent.keys()):
        known = {one["change_id"] for one in streamed[lead_id]}
        kept = [one for one in made[lead_id] if one["change_id"] in known]
        if kept != streamed[lead_id]:
            found.append(f"{lead_id}: {streamed[lead_id]} against {kept}")
        lacking = len(made[lead_id]) - len(kept)
        if lacking + erasures[lead_id] != silent[lead_id]:
            found.append(
                f"{lead_id}: {silent[lead_id]} tombstones for {lacking} changes and {erasures[lead_id]} erasures"
            )
    return found


def _by_lead(changes: list[dict[str, Any]]) -> defaultdict[str, list[dict[str, Any]]]:
    by_lead: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for change in changes:
        by_lead[change["lead_id"]].append(change | {"seq": 0})
    return by_lead


def _change_differences(streamed: list[dict[str, Any]], folded: list[dict[str, Any]]) -> list[str]:
    """In order; where another model came into force, in order for each lead: a lane takes its leads in pages."""
    found = [] if [one["seq"] for one in streamed] == list(range(1, len(streamed) + 1)) else ["seq has a gap"]
    if any(one["cause"] == "model" for one in folded):
        streamed, folded = (
            sorted((one | {"seq": 0} for one in changes), key=lambda one: str(one["lead_id"]))
            for changes in (streamed, folded)
        )
    found += [
        f"change {number}: {ours} against {theirs}"
        for number, (ours, theirs) in enumerate(zip(streamed, folded, strict=False), start=1)
        if ours != theirs
    ]
    if len(streamed) != len(folded):
        found.append(f"{len(streamed)} changes against {len(folded)}")
    return found


def read_entry(members: dict[str, Any]) -> Entry:
    """A commit, as its journal tells it."""
    offsets = {topic: (start, end) for topic, (start, end) in members["offsets"].items()}
    return Entry(offsets, [(topic, place, instant_ms) for topic, place, instant_ms in members["applied"]])
