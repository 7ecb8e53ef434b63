"""Which Redis a worker refuses, and in which words; a password is in none of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from streams.lane.ports import StoreRefused, StoreUnavailable
from streams.store import Reader
from tests.connected.test_store_faults import connect
from tests.support.servers import RedisServer, free_port

pytestmark = pytest.mark.connected

NO_FILES = ("--appendonly", "no", "--save", "")


async def checked(server: RedisServer, *, volatile: bool = False, user: str = "") -> None:
    """Connect to this server and check it."""
    store = await connect(server.url.replace("://", f"://{user}"), volatile=volatile)
    try:
        await store.check()
    finally:
        await store.close()


async def make_user(server: RedisServer, commands: Sequence[str] = ()) -> None:
    """A user `kim` with the password `secret`, who may do everything but these (`-config`)."""
    async with Redis.from_url(server.url) as raw:
        await raw.acl_setuser(
            "kim", enabled=True, passwords="+secret", keys="*", categories=["+@all"], commands=list(commands)
        )


async def test_a_redis_as_it_should_be_is_accepted() -> None:
    """No eviction and an append-only file, or no eviction and save lines."""
    with RedisServer() as server:
        await checked(server)
    with RedisServer(*NO_FILES) as server:
        async with Redis.from_url(server.url) as raw:
            await raw.config_set("save", "900 1")
        await checked(server)


@pytest.mark.parametrize("volatile", [False, True])
async def test_an_eviction_policy_is_refused(volatile: bool) -> None:
    """A Redis that may evict loses single leads without an error: refused in any case."""
    with (
        RedisServer("--maxmemory-policy", "allkeys-lru") as server,
        pytest.raises(StoreRefused, match=r"allkeys-lru.*set maxmemory-policy noeviction"),
    ):
        await checked(server, volatile=volatile)


async def test_no_persistence_is_refused_unless_accepted() -> None:
    """A Redis without files is refused, naming the way out; with --volatile it is accepted."""
    with RedisServer(*NO_FILES) as server:
        with pytest.raises(StoreRefused, match=r"nothing on disk.*appendonly yes.*--volatile"):
            await checked(server)
        await checked(server, volatile=True)


async def test_every_problem_is_named_at_once() -> None:
    """One start tells everything that is wrong."""
    with (
        RedisServer("--maxmemory-policy", "volatile-ttl", *NO_FILES) as server,
        pytest.raises(StoreRefused, match=r"(?s)volatile-ttl.*nothing on disk"),
    ):
        await checked(server)


async def test_where_config_is_forbidden_info_is_asked() -> None:
    """Hosted Redis hides CONFIG: INFO tells of eviction and of the append-only file, but not of save lines."""
    with RedisServer() as server:
        await make_user(server, ["-config"])
        await checked(server, user="kim:secret@")
    with RedisServer("--maxmemory-policy", "allkeys-lfu", *NO_FILES) as server:
        await make_user(server, ["-config"])
        with pytest.raises(StoreRefused, match=r"(?s)allkeys-lfu.*does not let us see"):
            await checked(server, user="kim:secret@")


async def test_what_is_forbidden_is_asked_once() -> None:
    """A worker looks every five seconds: Redis's list of refusals would be full of it."""
    with RedisServer(*NO_FILES) as server:
        await make_user(server, ["-config"])
        store = await connect(server.url.replace("://", "://kim:secret@"))
        looks = [await store.look() for _ in range(3)]
        assert [look.inside and look.inside.dangers for look in looks] == [frozenset()] * 3
        await store.close()
        async with Redis.from_url(server.url) as raw:
            assert [(each["object"], each["count"]) for each in await raw.acl_log()] == [("config|get", 1)]


async def test_a_wrong_password_is_refused_and_not_shown() -> None:
    """Redis's refusal names the address and the setting, not what was sent."""
    with RedisServer() as server:
        await make_user(server)
        with pytest.raises(StoreRefused, match=rf":{server.port}.*LEADLINE_REDIS") as refused:
            await checked(server, user="kim:hunter2@")
        assert "hunter2" not in str(refused.value)


async def test_nothing_at_the_address_is_unavailable() -> None:
    """Where nobody listens, the error names the address and what to check, not the password."""
    port = free_port()
    with pytest.raises(StoreUnavailable, match=rf"127\.0\.0\.1:{port}.*check that it runs") as error:
        await connect(f"redis://kim:hunter2@127.0.0.1:{port}/0")
    assert "hunter2" not in str(error.value)
    with pytest.raises(StoreUnavailable):
        await Reader.connect(f"redis://127.0.0.1:{port}/0", prefix="ll")


@pytest.mark.parametrize("url", ["http://:hunter2@x", "redis://:hun/ter2@x:6379", "redis://:hunter2@x:port/0", ""])
async def test_what_is_no_redis_url_is_refused_and_not_shown(url: str) -> None:
    """A text that is no Redis URL is refused without quoting it: it may hold a password."""
    with pytest.raises(StoreRefused, match="LEADLINE_REDIS") as refused:
        await connect(url)
    assert "hun" not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_something_else_at_the_address_is_unavailable() -> None:
    """A server that does not speak Redis's protocol is told as such."""

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as other:
        port = other.sockets[0].getsockname()[1]
        with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{port}"):
            await connect(f"redis://127.0.0.1:{port}/0")
