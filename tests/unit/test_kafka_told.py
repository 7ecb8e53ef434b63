"""What a source tells of what Kafka has told: where each topic ends, and for how long nothing was heard."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from aiokafka import TopicPartition

from streams.kafka.ingest import Ingest
from streams.kafka.source import PartitionSource, Told
from streams.lane.ports import Pull
from streams.settings import Settings
from tests.support.doubles.bench import NOON_MS, HandClock, StoppedClock
from tests.support.doubles.lane import GivenRecord

OPENS = "email.opens"
PLACE = TopicPartition(OPENS, 0)


@dataclass
class Consumer:
    """As much of aiokafka's as a source asks: what it has fetched is given once."""

    clock: HandClock
    end: int | None = None
    log_end: int | None = None
    told_ms: int | None = None
    fetched: list[GivenRecord] = field(default_factory=list)
    at: int = 0
    held: frozenset[TopicPartition] = frozenset({PLACE})

    def assignment(self) -> frozenset[TopicPartition]:
        """As aiokafka's."""
        return self.held

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """As aiokafka's."""
        self.at = offset

    async def position(self, tp: TopicPartition) -> int:
        """As aiokafka's."""
        return self.at

    async def getmany(self, *places: TopicPartition, timeout_ms: int) -> dict[TopicPartition, list[GivenRecord]]:
        """As aiokafka's; waiting takes its time by the clock."""
        self.clock.passed_s += max(1, timeout_ms) / 1000
        given, self.fetched = self.fetched, []
        self.at += len(given)
        return {PLACE: given}

    def highwater(self, tp: TopicPartition) -> int | None:
        """As aiokafka's."""
        return self.log_end

    def last_stable_offset(self, tp: TopicPartition) -> int | None:
        """As aiokafka's."""
        return self.end

    def last_poll_timestamp(self, tp: TopicPartition) -> int | None:
        """As aiokafka's."""
        return self.told_ms


class Stage:
    """A source that stands at 0 of one topic."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.consumer = Consumer(self.clock)
        self.source = PartitionSource(self.consumer, 0, (OPENS,), self.clock)
        self.source.seek({OPENS: 0})

    async def pull(self, most: int = 10) -> Pull:
        """One pull that does not wait long."""
        return await self.source.pull((OPENS,), most, 0.1)

    def told(self) -> Told:
        """Of the only topic."""
        return self.source.told()[OPENS]


async def test_ends_are_as_kafka_told_last() -> None:
    """Unknown at first; what lies behind an open transaction is withheld; a broker without any tells one end."""
    stage = Stage()
    assert (stage.told().end, stage.told().withheld) == (None, 0)
    stage.consumer.end, stage.consumer.log_end = 7, 9
    assert (stage.told().end, stage.told().withheld) == (7, 2)
    stage.consumer.end = -1
    assert (stage.told().end, stage.told().withheld) == (9, 0)


async def test_a_record_that_the_lane_has_not_taken_tells_how_old_it_is() -> None:
    """The first of those that lie in the source."""
    stage = Stage()
    stage.consumer.fetched = [GivenRecord(OPENS, 0, n, NOON_MS + n, b"L", b"{}") for n in range(3)]
    await stage.pull(most=1)
    assert stage.told().oldest_ms == NOON_MS + 1
    await stage.pull()
    assert stage.told().oldest_ms is None


async def test_silence_is_counted_while_the_lane_asks() -> None:
    """News ends it; a lane that is busy elsewhere, or waits for Redis, hears nothing for want of asking."""
    stage = Stage()
    await stage.pull()
    stage.clock.passed_s = 30.0
    await stage.pull()
    assert stage.told().silent_s == pytest.approx(30.1, abs=0.2)
    stage.consumer.told_ms = NOON_MS
    await stage.pull()
    assert stage.told().silent_s == pytest.approx(0.0, abs=0.2)
    stage.clock.passed_s += 60.0
    assert stage.told().silent_s == 0.0


async def test_a_partition_that_is_given_up_tells_nothing() -> None:
    """What was known of it is another worker's to tell."""
    stage = Stage()
    stage.consumer.held = frozenset()
    assert stage.source.told() == {}


async def test_each_assignment_is_counted() -> None:
    """Also one that gives nothing."""
    counted: list[None] = []
    ingest = Ingest(Settings(), lambda *_: pytest.fail("no lane"), StoppedClock(), lambda: counted.append(None))
    await ingest.on_partitions_assigned(set())
    await ingest.on_partitions_assigned(set())
    assert len(counted) == 2
