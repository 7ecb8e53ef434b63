"""Reads what keeps lanes from going on, from Kafka and Redis: judged by the same functions as the lanes do it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from schemas.published import Published
from schemas.topics import INPUT_NAMES
from streams.kafka.cluster import Cluster
from streams.kafka.ends import Place, log_bounds, records_at
from streams.kafka.marks import read_marks
from streams.kafka.topics import check
from streams.lane.gaps import Gap, Inputs, input_gaps, output_gap, wanted
from streams.lane.ports import Bounds, Record
from streams.lane.position import Position
from streams.settings import Settings
from streams.store import Store
from streams.store.keys import layout
from streams.store.refusals import refusal

Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane as it stands in Redis. `left` is the number of the last entry that has left its outbox."""

    partition: int
    meta: Mapping[str, str]
    left: int
    position: Position

    @property
    def ver(self) -> str:
        """Where it stands."""
        return self.meta.get("ver", "")


@dataclass(frozen=True, slots=True)
class _Kafka:
    bounds: Mapping[Place, Bounds]
    found: Mapping[Place, Record | None]
    marks: list[Published | None] = field(default_factory=list)


async def find_gaps(given: Settings, store: Store) -> tuple[list[Lane], list[Gap]]:
    """All lanes that were ever taken, and what keeps them from going on.

    Raises KafkaFault, Halted, StoreUnavailable, StoreRefused.
    """
    marks, kafka = given.publishing == "exactly-once", Cluster.of(given)
    await check(kafka, given.partitions, marks=marks)
    lanes = [lane for number in range(given.partitions) if (lane := await _lane(given, store, number))]
    bounds = await log_bounds(kafka, INPUT_NAMES, given.partitions)
    asked = {
        (topic, lane.partition): offset
        for lane in lanes
        for topic, offset in wanted(lane.position, _of(bounds, lane)).items()
    }
    found = await records_at(kafka, asked) if asked else {}
    facts = _Kafka(bounds, found, await read_marks(kafka, given.partitions) if marks else [])
    return lanes, [gap for lane in lanes for gap in _gaps(given, lane, facts)]


def _gaps(given: Settings, lane: Lane, kafka: _Kafka) -> Iterator[Gap]:
    yield from input_gaps(lane.partition, lane.position, Inputs(_of(kafka.bounds, lane), _of(kafka.found, lane)))
    if kafka.marks:
        told = kafka.marks[lane.partition]
        gap = output_gap(lane.position, told, lane.left, given.environment, lane.partition)
        if gap is not None:
            yield gap


async def _lane(given: Settings, store: Store, partition: int) -> Lane | None:
    meta = await store.reader().meta(partition)
    if not meta:
        return None
    for what, ours in (("layout", layout(given.partitions)), ("environment", given.environment)):
        if meta[what] != ours:
            raise refusal(f"the Redis of partition {partition}", what, meta[what], ours)
    position = Position.read(meta)
    first = await store.lane(partition).outbox(0, 1)
    return Lane(partition, meta, first[0].number - 1 if first else position.outbox, position)


def _of(facts: Mapping[Place, Fact], lane: Lane) -> dict[str, Fact]:
    return {topic: fact for (topic, partition), fact in facts.items() if partition == lane.partition}
