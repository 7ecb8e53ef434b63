"""What the store does when Redis is not as it should be; each on a Redis of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from typing import Any, TypeVar

import pytest
from redis.asyncio import Redis

from streams.lane.ports import Commit, Fenced, Rewound, StoreRefused, StoreUnavailable
from streams.store import Store, node
from streams.store.lane_store import RedisLane
from tests.support.doubles.bench import commit, entry
from tests.support.servers import RedisServer, free_port

Answer = TypeVar("Answer")

pytestmark = pytest.mark.connected

KILOBYTE = b"x" * 1_024

CANCEL_AFTER_S = 0.05
"""Long enough for the command to be on its way."""

RETRIES = 20
"""A connection that died with the server is found out by the next call, as a rule by one."""


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis that this test may harm."""
    with RedisServer() as server:
        yield server


@pytest.fixture
async def raw(server: RedisServer) -> AsyncIterator[Redis]:
    """A client of it, to harm it with and to look."""
    async with Redis.from_url(server.url) as client:
        yield client


@pytest.fixture
async def store(server: RedisServer) -> AsyncIterator[Store]:
    """The store in it."""
    store = await connect(server.url)
    yield store
    await store.close()


@pytest.fixture
async def lane(store: Store) -> RedisLane:
    """Partition 0, acquired."""
    lane = store.lane(0)
    await lane.acquire()
    return lane


async def connect(url: str, *, volatile: bool = False) -> Store:
    """A store with two partitions."""
    return await Store.connect(url, prefix="ll", partitions=2, environment="test", volatile=volatile)


def full_commit(ver: int) -> Commit:
    """A commit that writes every key of a lane."""
    return commit(
        ver,
        offsets={"email.opens": (ver, ver + 1)},
        states={"L-1": b"state"},
        board={"L-1": 1.0},
        timers={"L-1": 1},
        history={"L-1": [b"change"]},
        outbox=[entry(ver + 1)],
        journal=b"journal",
    )


async def until_available(call: Callable[[], Awaitable[Answer]]) -> Answer:
    """As a lane does: try again while Redis is away."""
    for _ in range(RETRIES):
        with contextlib.suppress(StoreUnavailable):
            return await call()
    return await call()


async def names(raw: Redis) -> set[str]:
    """The names of all keys."""
    return {str(key, "utf-8") if isinstance(key, bytes) else key for key in await raw.keys("*")}


async def dump(raw: Redis) -> dict[str, Any]:
    """Every key with all that it holds."""
    return {key: await raw.dump(key) for key in await names(raw)}


async def test_the_keys_have_the_promised_names(lane: RedisLane, store: Store, raw: Redis) -> None:
    """A commit that writes everything makes these keys and no others."""
    await lane.commit(full_commit(0))
    lane_keys = ("meta", "lead:L-1", "timers", "board", "outbox", "history:L-1", "journal")
    assert await names(raw) == {f"{{ll:0}}:{name}" for name in lane_keys}


async def test_scripts_that_redis_forgot_are_sent_again(lane: RedisLane, raw: Redis) -> None:
    """After SCRIPT FLUSH a commit succeeds, and the next one goes by the hash again."""
    await lane.commit(commit(0))
    await raw.script_flush()
    await lane.commit(commit(1))
    assert (await raw.info("commandstats"))["cmdstat_evalsha"]["failed_calls"] >= 1
    assert (await lane.commit(commit(2))).ver == 3


KEY_TYPES = ["timers", "board", "outbox", "journal", "history:L-1"]


@pytest.mark.parametrize("name", KEY_TYPES)
async def test_a_key_of_another_type_is_refused_whole(lane: RedisLane, raw: Redis, name: str) -> None:
    """A foreign key in the place of one of ours refuses the commit before anything is written."""
    await raw.set(f"{{ll:0}}:{name}", "foreign")
    before = await dump(raw)
    shown = name.removesuffix("L-1")
    with pytest.raises(StoreRefused, match=rf"string under the key \{{ll:0\}}:{shown}.*LEADLINE_PREFIX"):
        await lane.commit(full_commit(0))
    assert await dump(raw) == before


@pytest.mark.parametrize("name", ["meta", "timers", "board", "outbox", "journal"])
async def test_a_lane_with_a_foreign_key_is_not_acquired(store: Store, raw: Redis, name: str) -> None:
    """A foreign key is found at the take-over already."""
    await raw.set(f"{{ll:0}}:{name}", "foreign")
    before = await dump(raw)
    with pytest.raises(StoreRefused, match="LEADLINE_PREFIX"):
        await store.lane(0).acquire()
    assert await dump(raw) == before


async def test_an_entry_of_somebody_else_in_the_outbox_is_refused_whole(lane: RedisLane, raw: Redis) -> None:
    """If the stream has gone beyond the last entry written, XADD fails: so it comes before the other writes."""
    await lane.commit(full_commit(0))
    await raw.xadd("{ll:0}:outbox", {"t": "x"}, id="9-0")
    before = await dump(raw)
    with pytest.raises(StoreRefused, match="XADD"):
        await lane.commit(full_commit(1))
    assert await dump(raw) == before


async def test_a_full_redis_takes_a_commit_whole_or_not_at_all(lane: RedisLane, raw: Redis) -> None:
    """Out of memory nothing is written; once there is room, the same commit is."""
    await lane.commit(full_commit(0))
    before = await dump(raw)
    await raw.config_set("maxmemory", 1)
    refused = full_commit(1)
    refused.trim = 1
    with pytest.raises(StoreUnavailable, match="OOM"):
        await lane.commit(refused)
    await raw.config_set("maxmemory", 0)
    assert await dump(raw) == before
    assert (await lane.commit(refused)).ver == 2


async def test_a_commit_during_which_redis_fills_up_is_whole(lane: RedisLane, raw: Redis) -> None:
    """Whatever the limit of memory, a commit is refused or written to its end, also if it passes the limit."""
    leads = [f"L-{n}" for n in range(1_000)]
    large = commit(0, states=dict.fromkeys(leads, 4 * KILOBYTE), board=dict.fromkeys(leads, 1.0), outbox=[entry(1)])
    used, before = (await raw.info("memory"))["used_memory"], await dump(raw)
    for limit in count(used, 512 * 1_024):
        await raw.config_set("maxmemory", limit)
        with contextlib.suppress(StoreUnavailable):
            await lane.commit(large)
            break
        assert await dump(raw) == before
    assert (await raw.info("memory"))["used_memory_peak"] > limit + 1_000_000
    assert list(await lane.load(leads)) == [4 * KILOBYTE] * 1_000
    assert await lane.board_top(0, 1_000) == [(lead, 1.0) for lead in sorted(leads, reverse=True)]
    assert (await lane.standing()).outbox_length == 1


async def test_a_killed_redis_is_waited_for(lane: RedisLane, server: RedisServer) -> None:
    """While Redis is away every call says so; when it is back, the same commit goes through."""
    await lane.commit(full_commit(0))
    server.kill()
    late = full_commit(1)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=rf"127\.0\.0\.1:{server.port}.*LEADLINE_REDIS"):
            await lane.commit(late)
    with pytest.raises(StoreUnavailable):
        await lane.load(["L-1"])
    server.start()
    assert (await until_available(lambda: lane.commit(late))).ver == 2


async def test_a_commit_whose_answer_was_lost_is_written_once(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis hangs longer than we wait, then carries the commit out: its repeat is answered and not written."""
    monkeypatch.setattr(node, "COMMAND_TIMEOUT_S", 0.2)
    store = await connect(server.url)
    lane = store.lane(0)
    await lane.acquire()
    server.suspend()
    lost = full_commit(0)
    with pytest.raises(StoreUnavailable):
        await lane.commit(lost)
    server.resume()
    assert (await until_available(lambda: lane.commit(lost))).ver == 1
    assert await store.reader().history(0, "L-1", 10) == [b"change"]
    await store.close()


async def test_a_cancelled_call_leaves_no_answer_behind(lane: RedisLane, server: RedisServer) -> None:
    """After a call was cancelled in flight, the next one gets its own answer."""
    await lane.commit(commit(0, states={"a": b"a", "b": b"b"}))
    server.suspend()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(CANCEL_AFTER_S):
            await lane.load(["a"])
    server.resume()
    for _ in range(3):
        assert list(await lane.load(["b"])) == [b"b"]


async def test_a_redis_that_came_back_older_is_noticed() -> None:
    """A Redis that lost commits has the lane's owner find another version, and refuses its next commit."""
    with RedisServer("--appendonly", "no") as server:
        store = await connect(server.url)
        lane = store.lane(0)
        await lane.acquire()
        await lane.commit(full_commit(0))
        async with Redis.from_url(server.url) as raw:
            await raw.save()
        await lane.commit(full_commit(1))
        server.kill()
        server.start()
        assert (await until_available(lane.standing)).ver == 1
        with pytest.raises(Rewound, match="ver is 1, and the lane left it at 2"):
            await lane.commit(full_commit(2))
        assert (await lane.acquire()).meta["offset:email.opens"] == "1"
        await store.close()


async def test_a_redis_that_lost_the_last_takeover_fences_its_owner() -> None:
    """If Redis comes back with the token of the owner before, the newer one has to take over again."""
    with RedisServer("--appendonly", "no") as server:
        store = await connect(server.url)
        await store.lane(0).acquire()
        async with Redis.from_url(server.url) as raw:
            await raw.save()
        newer = store.lane(0)
        await newer.acquire()
        server.kill()
        server.start()
        with pytest.raises(Fenced):
            await until_available(lambda: newer.commit(full_commit(0)))
        await store.close()


async def test_a_board_is_gone_through_anew_after_a_restart(lane: RedisLane, server: RedisServer) -> None:
    """The cursor of before means nothing to the Redis of now: from there leads would be left out without a word."""
    await lane.commit(commit(0, board={f"L-{number}": 1.0 for number in range(3_000)}))
    cursor, _ = await lane.board_scan(0)
    assert cursor
    server.restart()
    with pytest.raises(Rewound, match="was started again"):
        await until_available(lambda: lane.board_scan(cursor))
    assert (await lane.board_scan(0))[0]


async def test_a_replica_is_waited_for(lane: RedisLane, raw: Redis) -> None:
    """A Redis that became a replica takes nothing now, and may again after the next failover."""
    await raw.replicaof("127.0.0.1", str(free_port()))
    with pytest.raises(StoreUnavailable):
        await lane.commit(full_commit(0))
    await raw.replicaof("NO", "ONE")
    assert (await lane.commit(full_commit(0))).ver == 1


async def test_a_user_without_all_rights_acquires_nothing(server: RedisServer, raw: Redis) -> None:
    """A right that a commit needs is asked for at the take-over, not found missing half-way."""
    if int((await raw.info("server"))["redis_version"].partition(".")[0]) < 7:
        pytest.skip("before version 7 a script cannot ask Redis for its user's rights")
    await raw.acl_setuser(
        "kim", enabled=True, passwords="+secret", keys="*", categories=["+@all"], commands=["-xadd"]
    )
    store = await connect(server.url.replace("://", "://kim:secret@"))
    with pytest.raises(StoreRefused, match=r"XADD on \{ll:0\}:outbox") as refused:
        await store.lane(0).acquire()
    assert "secret" not in str(refused.value)
    assert await names(raw) == set()
    await store.close()
