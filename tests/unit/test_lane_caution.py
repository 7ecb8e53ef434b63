"""A record that ends the process is refused after three deaths, alone; without servers, death by death."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from random import Random
from typing import Any

import pytest

from schemas.rejected import Reason
from schemas.topics import CHANGES
from streams.lane import batch
from streams.lane.caution import ALONE, DEATHS_MAX, HANDFUL, Caution, Trial, read_trial
from streams.lane.lane import Lane
from streams.lane.ports import Commit, Standing
from streams.lane.surroundings import Surroundings
from streams.metrics import new_metrics
from streams.settings import Settings
from tests.support.deadly import DEADLY
from tests.support.doubles.bench import NOON_MS, StoppedClock
from tests.support.doubles.lane import GivenRecord, GivenRecords, HeldPublisher
from tests.support.doubles.memory_redis import MemoryRedis
from tests.support.doubles.store import MemoryLane, MemoryStore

OPENS = "email.opens"
RECORDS = 250
BATCH = 100
TURNS_MAX = 3
"""Of the loop, before and after a commit."""

PROCESSES_MAX = 10
"""More than any of them needs."""

SEEDS = (0, 12, 16, 25)
"""With 12, 16 and 25 the other lane has noted a record at each death, where lanes do not take turns."""

real_apply_signal = batch.apply_signal


class Death(BaseException):
    """In place of the end of the process."""


class AskedLane(MemoryLane):
    """A store that takes its time, so that other lanes go on meanwhile; for the dead it does nothing."""

    house: House

    async def commit(self, commit: Commit) -> Standing:
        """As always, between some turns of the loop."""
        await self._wait()
        standing = await super().commit(commit)
        await self._wait()
        return standing

    async def _wait(self) -> None:
        for _ in range(self.house.rng.randrange(TURNS_MAX)):
            await asyncio.sleep(0)
        if self.house.is_dead:
            raise Death


class House:
    """Two partitions, and one process after the other that holds both."""

    def __init__(self, deadly_at: int, seed: int = 0) -> None:
        self.rng = Random(seed)
        self.is_dead = False
        self.redis = MemoryRedis(StoppedClock())
        self.given = [GivenRecords(partition) for partition in range(2)]
        self.publisher = HeldPublisher()
        self.publisher.let_go.set()
        for given in self.given:
            for number in range(RECORDS):
                is_deadly = given.partition == 0 and number == deadly_at
                signal_id = DEADLY if is_deadly else f"e-{number}"
                value = {"id": signal_id, "lead_id": f"L-{given.partition}", "occurred_at": "2025-11-23T10:00:00Z"}
                given.add(OPENS, value | {"message_id": signal_id}, NOON_MS - 3_600_000 + number)

    def apply_signal(self, *args: Any) -> Any:
        """As the real one, but for one signal."""
        if args[2].id == DEADLY:
            self.is_dead = True
            raise Death
        return real_apply_signal(*args)

    async def live(self) -> bool:
        """One process, until it has died (True) or has applied everything and was told to stop."""
        self.is_dead = False
        around = Surroundings(
            settings=Settings(journal=True, batch_records=BATCH),
            open_publisher=lambda _: self.publisher,
            metrics=new_metrics(),
            clock=StoppedClock(),
            partition_of=lambda key: int(key[-1:]),
        )
        store = MemoryStore(self.redis, partitions=2)
        lanes = [Lane(given, self._asked(store, given.partition), around) for given in self.given]
        tasks = [asyncio.create_task(lane.run()) for lane in lanes]
        while not any(task.done() for task in tasks):
            if all(lane.offsets() == given.ends() for lane, given in zip(lanes, self.given, strict=True)):
                for lane in lanes:
                    lane.stop()
                await asyncio.gather(*tasks)
                return False
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert any(isinstance(result, Death) for result in results), results
        return True

    def refusals(self) -> list[tuple[str, int, int]]:
        """Reason, partition and offset of everything that was refused."""
        told = [
            json.loads(entry.value or b"{}") for entry in self.publisher.published if entry.topic != CHANGES.name
        ]
        return [(one["reason"], one["partition"], one["offset"]) for one in told]

    def applied(self, partition: int) -> Counter[int]:
        """How often each offset was applied."""
        entries = [json.loads(entry) for entry in self.redis.lane(partition).journal]
        return Counter(offset for entry in entries for topic, offset, _ in entry["applied"] if topic == OPENS)

    def _asked(self, store: MemoryStore, partition: int) -> AskedLane:
        lane = store.lane(partition)
        asked = AskedLane(lane._redis, partition, lane._identity)
        asked.house = self
        return asked


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("deadly_at", [0, 57, RECORDS - 1])
async def test_a_deadly_record_is_refused_after_three_deaths_and_no_other(
    monkeypatch: pytest.MonkeyPatch, deadly_at: int, seed: int
) -> None:
    """In the first batch or later, with a second lane at work in the same process: all else is applied once."""
    house, deaths = House(deadly_at, seed), 0
    monkeypatch.setattr(batch, "apply_signal", house.apply_signal)
    async with asyncio.timeout(60):
        while await house.live():
            deaths += 1
            assert deaths < PROCESSES_MAX
    assert deaths == DEATHS_MAX
    assert house.refusals() == [(Reason.POISON, 0, deadly_at)]
    for partition in range(2):
        assert house.applied(partition) == Counter(range(RECORDS))


async def test_a_lane_that_ends_in_order_leaves_nothing_to_be_careful_of() -> None:
    """Its next owner takes whole batches: as many commits as the first."""
    house = House(deadly_at=-1)
    assert not await house.live()
    meta = house.redis.lane(0).meta
    assert (meta["open"], meta["trying"]) == ("", "")


def record(offset: int) -> GivenRecord:
    """One of opens."""
    return GivenRecord(OPENS, 0, offset, 0, b"L", b"{}")


def test_a_death_without_a_note_makes_handfuls() -> None:
    """For as many records as a batch has; then batches are trusted again."""
    caution = Caution(None, 2_000, died=True)
    assert (caution.is_on, caution.at_once) == (True, HANDFUL)
    assert caution.next_trial(record(7)) == Trial(OPENS, 7, 2)
    caution.passed(2_000)
    assert not caution.is_on


def test_a_note_of_a_handful_makes_single_records() -> None:
    """And then handfuls; nothing is refused yet."""
    caution = Caution(read_trial(f"{OPENS}/7/2"), 2_000, died=True)
    assert caution.at_once == 1
    assert caution.next_trial(record(7)) == Trial(OPENS, 7, 3)
    assert not caution.is_poison(record(7))
    caution.passed(ALONE)
    assert caution.at_once == HANDFUL


def test_a_note_of_one_record_refuses_it_alone() -> None:
    """Its neighbours are tried."""
    caution = Caution(read_trial(f"{OPENS}/7/3"), 2_000, died=True)
    assert [caution.is_poison(record(offset)) for offset in (6, 7, 8)] == [False, True, False]


def test_who_lives_is_not_suspected() -> None:
    """A note that a lane has left in a process that lives on accuses nobody."""
    caution = Caution(read_trial(f"{OPENS}/7/3"), 2_000, died=False)
    assert not caution.is_on
    assert not caution.is_poison(record(7))
