"""When a topic is exhausted: the one fact by which a lane goes on without waiting for more of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from aiokafka import TopicPartition

from streams.kafka.source import FRESH_MS, PartitionSource
from tests.support.doubles.bench import NOON_MS, StoppedClock
from tests.support.doubles.lane import GivenRecord

TOPIC = "email.opens"
PLACE = TopicPartition(TOPIC, 3)
BEGIN = 5


@dataclass
class Fetched:
    """A consumer, as far as a source asks one: of one partition, after one fetch that told these facts."""

    told_ms: int | None = NOON_MS
    stable: int | None = BEGIN
    high: int | None = BEGIN
    records: list[GivenRecord] = field(default_factory=list)
    stands: int = BEGIN

    def assignment(self) -> frozenset[TopicPartition]:
        """What the group has given it."""
        return frozenset({PLACE})

    def seek(self, place: TopicPartition, offset: int) -> None:
        """Stand there."""
        assert place == PLACE
        self.stands = offset

    async def position(self, place: TopicPartition) -> int:
        """Where it stands."""
        assert place == PLACE
        return self.stands

    async def getmany(self, *places: TopicPartition, timeout_ms: int) -> Mapping[TopicPartition, list[GivenRecord]]:
        """The records, once."""
        given, self.records = self.records, []
        self.stands += len(given)
        return {PLACE: given} if given else {}

    def last_poll_timestamp(self, place: TopicPartition) -> int | None:
        """When a fetch last told anything."""
        return self.told_ms

    def last_stable_offset(self, place: TopicPartition) -> int | None:
        """What it told of the last record of an ended transaction."""
        return self.stable

    def highwater(self, place: TopicPartition) -> int | None:
        """What it told of the last record."""
        return self.high


async def is_exhausted(consumer: Fetched, max_records: int = 10) -> bool:
    """What one pull says, after the fetch; and the watchdog is told the same."""
    source = PartitionSource(consumer, 3, [TOPIC], StoppedClock())
    source.seek({TOPIC: BEGIN})
    pull = await source.pull([TOPIC], max_records, 0.0)
    is_so = TOPIC in pull.exhausted
    left = len(pull.records[TOPIC]) + BEGIN < consumer.stands
    assert source.waiting() == ({} if is_so or left else {TOPIC: consumer.stands})
    return is_so


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(Fetched(), True, id="at the last stable offset"),
        pytest.param(Fetched(stable=BEGIN - 1), True, id="beyond it: the fetch told less than is known"),
        pytest.param(Fetched(stable=BEGIN + 1), False, id="before it"),
        pytest.param(Fetched(high=BEGIN + 9), True, id="what stands behind it is in open transactions"),
        pytest.param(Fetched(told_ms=None), False, id="no fetch has told anything yet"),
        pytest.param(Fetched(told_ms=NOON_MS - FRESH_MS), True, id="told just in time"),
        pytest.param(Fetched(told_ms=NOON_MS - FRESH_MS - 1), False, id="told too long ago"),
        pytest.param(Fetched(told_ms=NOON_MS + 1), False, id="told after now: the clock was set back"),
        pytest.param(Fetched(stable=None), True, id="a broker that tells no stable offset"),
        pytest.param(Fetched(stable=-1), True, id="a broker without transactions"),
        pytest.param(Fetched(stable=-1, high=BEGIN + 1), False, id="the same, with more to come"),
        pytest.param(Fetched(stable=None, high=None), False, id="a broker that tells no end at all"),
    ],
)
async def test_a_topic_is_exhausted_where_a_fresh_fetch_has_told_its_end(told: Fetched, expected: bool) -> None:
    """Not by an old word, not by none; the end is the last stable offset where the broker has one."""
    assert await is_exhausted(told) is expected


@pytest.mark.parametrize(("max_records", "expected"), [(2, True), (1, False)])
async def test_a_topic_with_records_in_hand_is_not_exhausted(max_records: int, expected: bool) -> None:
    """Although Kafka has no more of it: the lane has not been given all of them."""
    records = [GivenRecord(TOPIC, 3, BEGIN + number, NOON_MS, b"L-1", b"{}") for number in range(2)]
    assert await is_exhausted(Fetched(records=records, stable=BEGIN + 2), max_records) is expected
