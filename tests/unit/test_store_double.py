"""The faults that the store in memory makes on demand: a test that relies on one must get it."""

from __future__ import annotations

import pytest

from streams.lane.ports import Fenced, Rewound, StoreUnavailable
from tests.support.doubles.bench import StoppedClock, commit
from tests.support.doubles.memory_redis import MemoryRedis
from tests.support.doubles.store import MemoryLane, MemoryStore


@pytest.fixture
def redis() -> MemoryRedis:
    """A server in memory."""
    return MemoryRedis(StoppedClock())


@pytest.fixture
async def lane(redis: MemoryRedis) -> MemoryLane:
    """Partition 0, acquired."""
    lane = MemoryStore(redis).lane(0)
    await lane.acquire()
    return lane


async def test_a_lost_reply_is_that_of_a_written_commit(redis: MemoryRedis, lane: MemoryLane) -> None:
    """The commit is carried out, its sender hears nothing, and its repeat is answered without being written."""
    redis.lose_next_reply()
    lost = commit(0, states={"L-1": b"x"})
    with pytest.raises(StoreUnavailable):
        await lane.commit(lost)
    assert (await lane.commit(lost)).ver == 1
    assert redis.commits == 1


async def test_a_redis_that_is_away_answers_nothing(redis: MemoryRedis, lane: MemoryLane) -> None:
    """While it is away nothing is read or written; afterwards all is as before."""
    redis.fault = "away"
    for call in (lane.acquire(), lane.standing(), lane.load(["L-1"]), lane.commit(commit(0))):
        with pytest.raises(StoreUnavailable):
            await call
    redis.fault = None
    assert (await lane.standing()).ver == 0


async def test_a_redis_that_is_full_is_read_and_not_written(redis: MemoryRedis, lane: MemoryLane) -> None:
    """While it is full reading goes on and a commit waits."""
    redis.fault = "full"
    with pytest.raises(StoreUnavailable):
        await lane.commit(commit(0, states={"L-1": b"x"}))
    assert list(await lane.load(["L-1"])) == [None]


async def test_a_redis_that_came_back_older_has_lost_commits(redis: MemoryRedis, lane: MemoryLane) -> None:
    """After a restore the lane stands where it stood at the snapshot, and what was sent after it is rewound."""
    await lane.commit(commit(0, states={"L-1": b"old"}, history={"L-1": [b"1"]}))
    older = redis.snapshot()
    await lane.commit(commit(1, states={"L-1": b"new"}, history={"L-1": [b"2"]}))
    redis.restore(older)
    assert (await lane.standing()).ver == 1
    assert list(await lane.load(["L-1"])) == [b"old"]
    with pytest.raises(Rewound):
        await lane.commit(commit(2))


async def test_a_token_is_never_drawn_twice(redis: MemoryRedis, lane: MemoryLane) -> None:
    """An owner that a restore has undone stays fenced by the next one."""
    older = redis.snapshot()
    undone = MemoryStore(redis).lane(0)
    await undone.acquire()
    redis.restore(older)
    await MemoryStore(redis).lane(0).acquire()
    for fenced in (lane, undone):
        with pytest.raises(Fenced):
            await fenced.commit(commit(0))
