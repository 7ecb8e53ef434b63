"""What is so in a worker, from what its parts tell: how far behind, and since when something stands still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from streams.facts import LaneCount, LaneFacts, RedisFacts, TopicFacts, Work, WorkerFacts
from streams.kafka.source import Told
from streams.lane.lane import Lane
from streams.observer import Observer
from tests.support.doubles.bench import HandClock

NOW_MS = 1_700_000_000_000
WORK = Work("m-1", NOW_MS, 60.0, 0.0, 0, 0.0, False, 0, {})


class ToldLane(Lane):
    """A lane that tells what it was made with."""

    def __init__(self, told: LaneFacts, offsets: Mapping[str, int]) -> None:
        self.partition = told.partition
        self._told = told
        self._told_offsets = offsets

    def facts(self) -> LaneFacts:
        """As the lane's."""
        return self._told

    def offsets(self) -> Mapping[str, int]:
        """As the lane's."""
        return self._told_offsets


@dataclass
class ToldSource:
    """A source, as far as it tells what Kafka has told."""

    topics: dict[str, Told]

    def told(self) -> Mapping[str, Told]:
        """As the source's."""
        return self.topics


@dataclass
class Stage:
    """One lane at offset 10, its source, and what was seen of Redis."""

    told: dict[str, Told]
    work: Work | None = WORK
    hears_redis: bool = True
    offset: int = 10
    rebalancing: bool = False
    redis: RedisFacts = field(default_factory=lambda: RedisFacts(is_up=True))
    counts: dict[int, LaneCount] = field(default_factory=lambda: {0: LaneCount({}, 1), 5: LaneCount({}, 1)})
    clock: HandClock = field(default_factory=lambda: HandClock(NOW_MS))

    def __post_init__(self) -> None:
        self.observer = Observer(6, self, self.clock)  # type: ignore[arg-type] # as much of Ingest as is looked at

    @property
    def holding(self) -> list[tuple[Any, Any]]:
        """As Ingest's."""
        facts = LaneFacts(0, self.work, hears_redis=self.hears_redis)
        return [(ToldLane(facts, dict.fromkeys(self.told, self.offset)), ToldSource(self.told))]

    def facts(self) -> WorkerFacts:
        """All that is so."""
        return self.observer.facts(self)

    def topic(self) -> TopicFacts:
        """Of the only topic."""
        ((_, facts),) = self.facts().lanes[0].topics.items()
        return facts


def told(end: int | None = 10, *, withheld: int = 0, oldest_ms: int | None = None) -> dict[str, Told]:
    """One topic, of which Kafka has told this."""
    return {"email.opens": Told(end, withheld, oldest_ms, 0.0)}


@pytest.mark.parametrize(("end", "lag"), [(10, 0), (13, 3), (9, 0), (None, None)])
def test_lag_counts_from_the_last_commit_to_what_may_be_read(end: int | None, lag: int | None) -> None:
    """Unknown as long as the end is; an end that is older news than the commit is no lag."""
    assert Stage(told(end)).topic().lag_records == lag


def test_lag_in_seconds_is_the_age_of_the_oldest_record_that_waits() -> None:
    """In the lane's hand before in the source's; nothing waits where all is committed."""
    fetched = told(13, oldest_ms=NOW_MS - 4_000)
    assert Stage(fetched).topic().lag_s == 4.0
    assert Stage(fetched, work=WORK._replace(oldest_ms={"email.opens": NOW_MS - 9_000})).topic().lag_s == 9.0
    assert Stage(told(10, oldest_ms=NOW_MS - 4_000)).topic().lag_s == 0.0


def test_records_that_nobody_has_fetched_are_as_old_as_the_news_of_them() -> None:
    """While a lane waits for Redis it fetches nothing, and its lag grows all the same; a commit begins anew."""
    stage = Stage(told(13))
    assert stage.topic().lag_s == 0.0
    stage.clock.passed_s = 30.0
    assert stage.topic().lag_s == 30.0
    stage.offset = 12
    assert stage.topic().lag_s == 0.0
    stage.offset = 13
    stage.clock.passed_s = 40.0
    assert stage.topic().lag_s == 0.0


def test_a_transaction_that_stays_open_is_told_by_its_age() -> None:
    """As long as the end that may be read does not move; the next one has an age of its own."""
    stage = Stage(told(10, withheld=2))
    stage.topic()
    stage.clock.passed_s = 700.0
    assert stage.topic().withheld_s == 700.0
    stage.told = told(14, withheld=1)
    assert stage.topic().withheld_s == 0.0
    stage.told = told(15)
    assert stage.topic().withheld_s == 0.0


def test_redis_is_up_if_the_lanes_hear_it_too() -> None:
    """A look every few seconds is late; a lane that waits knows at once."""
    assert Stage(told()).facts().redis.is_up
    assert not Stage(told(), hears_redis=False).facts().redis.is_up
    assert not Stage(told(), redis=RedisFacts(is_up=False)).facts().redis.is_up


def test_counts_are_shown_of_lanes_that_work_here() -> None:
    """What was counted of a lane that is given away is another worker's to tell."""
    assert set(Stage(told()).facts().counts) == {0}
    assert not Stage(told(), work=None).facts().counts
