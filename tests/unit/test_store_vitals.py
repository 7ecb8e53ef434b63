"""What a worker shows of Redis is put together of all servers, and what it refuses is said of each."""

from __future__ import annotations

import pytest

from streams.facts import Danger, Inside, RedisFacts
from streams.lane.ports import StoreRefused, StoreUnavailable
from streams.store import Condition, Look
from streams.store.safety import check_safety
from streams.store.vitals import vitals

GOOD = Condition(
    address="redis-1:6379/0",
    version="7.0.15",
    clock_ms=0,
    used_bytes=10,
    limit_bytes=100,
    machine_bytes=1_000,
    eviction="noeviction",
    saves=True,
    writes_log=True,
    fsync="everysec",
    failed=(),
)
OTHER = GOOD._replace(address="redis-2:6379/0", used_bytes=5, limit_bytes=50)
AWAY = {
    "redis-3:6379/0": StoreUnavailable("the third is away"),
    "redis-4:6379/0": StoreUnavailable("the fourth, too"),
}


def test_memory_is_that_of_all_servers() -> None:
    """There is no limit if one of them has none."""
    assert vitals(Look((GOOD, OTHER), {})) == RedisFacts(True, Inside(15, 150))
    assert vitals(Look((GOOD, OTHER._replace(limit_bytes=0)), {})) == RedisFacts(True, Inside(15, 0))


def test_a_danger_of_one_server_is_one_of_all() -> None:
    """Each is shown once, whichever it is of; what could not be asked is none."""
    bad = OTHER._replace(eviction="allkeys-lru", saves=False, failed=("rdb_last_bgsave_status",))
    worse = GOOD._replace(eviction="volatile-ttl", failed=("aof_last_write_status", "aof_last_bgrewrite_status"))
    seen = vitals(Look((GOOD, bad, worse), {})).inside
    assert seen is not None
    assert seen.dangers == set(Danger)
    assert vitals(Look((GOOD._replace(saves=None),), {})) == RedisFacts(True, Inside(10, 100))


def test_one_server_that_is_away_is_redis_that_is_down() -> None:
    """The lanes there cannot commit. A start waits for it, and says which they are."""
    assert vitals(Look((GOOD,), AWAY)) == RedisFacts(is_up=False, away=tuple(AWAY))
    with pytest.raises(StoreUnavailable, match="the third is away\nthe fourth, too"):
        check_safety(Look((GOOD,), AWAY), volatile=False)


def test_each_unsafe_server_is_refused_by_its_address() -> None:
    """An old version, eviction, and nothing on disk: in one text."""
    unsafe = (GOOD, OTHER._replace(version="6.0.16"), GOOD._replace(address="redis-5:6379/0", saves=False))
    with pytest.raises(StoreRefused, match=r"^Redis at redis-2.*version 6\.0\.16.*6\.2 or newer\nRedis at redis-5"):
        check_safety(Look(unsafe, {}), volatile=False)
    check_safety(Look((GOOD, OTHER), {}), volatile=False)
