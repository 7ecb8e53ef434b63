"""What a lane counts of its work, and what it tells of itself while it waits for Redis or Kafka."""

from __future__ import annotations

from collections.abc import Callable

import yaml

from schemas.instants import HOUR_MS, format_ms
from schemas.topics import COMMANDS
from streams.facts import LaneFacts, Work
from tests.benchmarks.exposition import Exposition
from tests.support.doubles.bench import NOON_MS, StoppedClock
from tests.support.doubles.lane import APPLIED_S, GivenLane
from tests.support.doubles.store import MemoryRedis, MemoryStore
from tests.support.workers import eventually

START_MS = NOON_MS - HOUR_MS

MODEL = {
    "version": "plain",
    "rules": [{"id": "open", "kind": "email.opened", "points": 60}],
    "bands": [{"name": "hot", "enter": 50, "leave": 40, "alert": True}],
}
"""One opened mail makes a lead hot, for ever."""


class Stage:
    """A lane over Redis in memory, under that model."""

    def __init__(self) -> None:
        self.redis = MemoryRedis(StoppedClock())
        self.lane = GivenLane(MemoryStore(self.redis).lane(0), StoppedClock())
        command = {"id": "c-1", "occurred_at": format_ms(START_MS), "command": "model", "version": "plain"}
        self.lane.given.add(COMMANDS.name, command | {"body": yaml.safe_dump(MODEL)}, START_MS, key=None)

    def open(self, lead_id: str, at_ms: int) -> None:
        """The lead opens a mail, and the record comes an hour after that."""
        value = {"id": f"e-{at_ms}", "lead_id": lead_id, "occurred_at": format_ms(at_ms - HOUR_MS)}
        self.lane.given.add("engagements", value | {"kind": "email.opened"}, at_ms)

    def facts(self) -> LaneFacts:
        """What the lane tells."""
        return self.lane.lane.facts()

    def work(self) -> Work:
        """What it is at."""
        work = self.facts().work
        assert work is not None
        return work

    def page(self) -> Exposition:
        """What Prometheus would read."""
        return Exposition(self.lane.around.metrics.page()[0].decode())


async def becomes(condition: Callable[[], bool]) -> None:
    """Returns as soon as it holds."""

    async def holds() -> bool:
        return condition()

    await eventually(holds, timeout_s=APPLIED_S, what="the lane comes to it")


async def test_a_change_is_as_late_as_its_record_and_not_as_what_it_tells() -> None:
    """From the Kafka timestamp to Kafka's acknowledgement; each change once, with its id beside it."""
    stage = Stage()
    for number in range(3):
        stage.open(f"L-{number}", NOON_MS - 20_000)
    async with stage.lane.running():
        await stage.lane.applied()
        assert stage.page().histogram("leadline_event_to_change_seconds").observations == 0
        await stage.lane.told()
    took = stage.page().histogram("leadline_event_to_change_seconds")
    assert (took.observations, took.total) == (3, 60.0)
    exemplars = stage.lane.around.metrics.page("application/openmetrics-text")[0].decode()
    assert 'leadline_event_to_change_seconds_bucket{le="30.0"} 3.0 # {change_id="' in exemplars


async def test_a_batch_is_counted_as_a_whole() -> None:
    """Records by outcome, leads found in memory or not, each step as often as a batch took it."""
    stage = Stage()
    stage.open("L-1", START_MS + 1)
    stage.lane.publisher.let_go.set()
    async with stage.lane.running():
        await stage.lane.applied()
        stage.open("L-1", START_MS + 2)
        stage.open("L-2", START_MS + 3)
        await stage.lane.applied()
    page = stage.page()
    assert page.by("leadline_records_total", "outcome") == {"model": 1, "applied": 3}
    assert page.by("leadline_cache_lookups_total", "result") == {"hit": 1, "miss": 2}
    steps = page.by("leadline_stage_seconds_count", "stage")
    assert {name: steps[name] > 0 for name in steps} == dict.fromkeys(
        ("decode", "load", "fold", "encode", "publish"), True
    )


async def test_what_waits_for_redis_is_told_with_the_age_of_its_oldest_record() -> None:
    """Taken out of hand by the batch, and not committed: until then it is the oldest."""
    stage = Stage()
    stage.lane.publisher.let_go.set()
    async with stage.lane.running():
        await stage.lane.applied()
        assert stage.work().oldest_ms == {}
        stage.redis.fault = "full"
        stage.open("L-1", START_MS + 5)
        stage.open("L-1", START_MS + 9)
        await becomes(lambda: not stage.facts().hears_redis)
        assert stage.work().oldest_ms == {"engagements": START_MS + 5}
        stage.redis.fault = None
        await stage.lane.applied()
        assert (stage.work().oldest_ms, stage.facts().hears_redis) == ({}, True)
        assert stage.page().total("leadline_store_retries_total") > 0


async def test_an_idle_lane_stands_behind_by_the_grace() -> None:
    """Its time goes on without records: 60 s behind, and no timer is late."""
    stage = Stage()
    stage.lane.publisher.let_go.set()
    async with stage.lane.running():
        await stage.lane.applied()
        await becomes(lambda: stage.work().behind_s == 60.0)
        assert stage.work().timer_late_s == 0.0


async def test_entries_that_kafka_does_not_take_are_told() -> None:
    """As many as wait; none once they are published."""
    stage = Stage()
    stage.open("L-1", START_MS + 5)
    async with stage.lane.running():
        await stage.lane.applied()
        assert stage.work().outbox_entries == 1
        await stage.lane.told()
        assert (stage.work().outbox_entries, stage.work().outbox_oldest_s) == (0, 0.0)
    assert stage.facts().work is None
