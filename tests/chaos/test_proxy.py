"""The proxy does to connections what it says, else every fault that uses it shows nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from streams.store.scripts import COMMIT
from tests.chaos.proxy import Mode, Proxy
from tests.chaos.wire import COMMITS, Api, asks_kafka, read_kafka_request
from tests.support.servers import free_port

pytestmark = pytest.mark.timeout(20)

SOON_S = 5.0
QUIET_S = 0.1


def anything(unit: bytes) -> bool:
    """Every request."""
    return True


@dataclass
class Echo:
    """A server that answers what it is asked, in capitals. `came` is set when it has heard something."""

    port: int = field(default_factory=free_port)
    heard: list[bytes] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        while asked := await reader.read(4_096):
            self.heard.append(asked)
            self.came.set()
            writer.write(asked.upper())
        writer.close()

    async def hears(self, what: bytes) -> None:
        """Returns once it has heard this."""
        async with asyncio.timeout(SOON_S):
            while what not in self.heard:
                self.came.clear()
                await self.came.wait()


@dataclass
class Client:
    """One connection to a proxy."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, what: bytes) -> bytes:
        """The answer; empty when the connection ends. Raises ConnectionError when it is cut."""
        self.writer.write(what)
        async with asyncio.timeout(SOON_S):
            return await self.reader.read(4_096)

    async def is_cut(self, what: bytes) -> bool:
        """Whether the connection ends, in one way or another, in place of an answer."""
        try:
            return await self.ask(what) == b""
        except ConnectionError:
            return True

    async def hears_nothing(self) -> bool:
        """Whether nothing arrives for a moment."""
        try:
            async with asyncio.timeout(QUIET_S):
                return not await self.reader.read(4_096)
        except TimeoutError:
            return True


@asynccontextmanager
async def between(**proxy: object) -> AsyncIterator[tuple[Echo, Proxy, Client]]:
    """A server, a proxy before it, and a client of the proxy."""
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", echo.port)
    async with server, Proxy(echo.port, **proxy) as middle:  # type: ignore[arg-type]
        client = await connect(middle)
        yield echo, middle, client
        client.writer.close()


async def connect(proxy: Proxy) -> Client:
    """A client of the proxy."""
    return Client(*await asyncio.open_connection("127.0.0.1", proxy.port))


async def test_everything_passes() -> None:
    """Both ways, as long as nothing else is said; and what the server says is counted."""
    async with between(seen=(b"AN",)) as (_, proxy, client):
        assert await client.ask(b"answer") == b"ANSWER"
        assert await client.ask(b"other") == b"OTHER"
        assert (proxy.connections, proxy.replies[b"AN"]) == (1, 1)


async def test_a_reset_cuts_connections_and_refuses_new_ones() -> None:
    """Until another mode."""
    async with between() as (_, proxy, client):
        assert await client.ask(b"a") == b"A"
        proxy.set_mode(Mode.RESET)
        with pytest.raises(ConnectionError):
            await client.ask(b"b")
        with pytest.raises(ConnectionError):
            await (await connect(proxy)).ask(b"c")
        proxy.set_mode(Mode.PASS)
        assert await (await connect(proxy)).ask(b"d") == b"D"
        assert (proxy.cuts, proxy.refused) == (1, 1)


async def test_a_blackhole_keeps_everything_until_it_ends() -> None:
    """The server hears nothing meanwhile; afterwards it hears it all."""
    async with between() as (echo, proxy, client):
        proxy.set_mode(Mode.BLACKHOLE)
        client.writer.write(b"late")
        assert await client.hears_nothing()
        assert echo.heard == []
        proxy.set_mode(Mode.PASS)
        assert await client.ask(b"") == b"LATE"
        assert proxy.kept == 1


async def test_one_way_lets_requests_through_and_keeps_replies() -> None:
    """The server has done it, and the client does not know."""
    async with between() as (echo, proxy, client):
        proxy.set_mode(Mode.ONE_WAY)
        client.writer.write(b"done")
        await echo.hears(b"done")
        assert await client.hears_nothing()
        proxy.set_mode(Mode.PASS)
        assert await client.ask(b"") == b"DONE"


async def test_a_delay_passes_everything_later() -> None:
    """And ends at once when it is ended."""
    async with between() as (_, proxy, client):
        proxy.set_mode(Mode.DELAY, 2 * QUIET_S)
        client.writer.write(b"slow")
        assert await client.hears_nothing()
        assert await client.ask(b"") == b"SLOW"
        proxy.set_mode(Mode.DELAY, 100 * SOON_S)
        client.writer.write(b"slower")
        assert await client.hears_nothing()
        proxy.set_mode(Mode.PASS)
        assert await client.ask(b"") == b"SLOWER"


async def test_a_dropped_reply_leaves_the_deed() -> None:
    """The server has heard the request, and the client's connection is cut in place of the answer."""
    async with between() as (echo, proxy, client):
        rule = proxy.drop_replies(anything, times=1)
        assert await client.is_cut(b"deed")
        assert echo.heard == [b"deed"]
        assert await (await connect(proxy)).ask(b"again") == b"AGAIN"
        assert (rule.caught, rule.dropped) == (1, 1)


async def test_chance_decides_which_replies_are_dropped() -> None:
    """What is not chosen passes, and is not counted."""
    async with between() as (_, proxy, client):
        rule = proxy.drop_replies(anything, times=1, choose=lambda: False)
        assert await client.ask(b"a") == b"A"
        assert rule.caught == 0


async def test_a_held_request_arrives_when_it_is_let_go_even_if_the_client_is_gone() -> None:
    """That is what a late commit of a dead worker is."""
    async with between() as (echo, proxy, client):
        rule = proxy.hold(lambda unit: unit == b"commit")
        client.writer.write(b"commit")
        assert await client.hears_nothing()
        assert (rule.holding, echo.heard) == (1, [])
        client.writer.transport.abort()
        assert await (await connect(proxy)).ask(b"other") == b"OTHER"
        rule.let_go()
        await echo.hears(b"commit")
        assert rule.holding == 0


async def test_a_held_request_that_is_thrown_away_never_arrives() -> None:
    """And its connection is cut."""
    async with between() as (echo, proxy, client):
        rule = proxy.hold(anything)
        client.writer.write(b"commit")
        assert await client.hears_nothing()
        rule.throw_away()
        with pytest.raises(ConnectionError):
            await client.ask(b"more")
        assert await (await connect(proxy)).ask(b"next") == b"NEXT"
        assert echo.heard == [b"next"]


async def test_a_proxy_that_is_mended_passes_everything() -> None:
    """Whatever the run before has left."""
    async with between() as (echo, proxy, client):
        proxy.hold(anything)
        proxy.set_mode(Mode.BLACKHOLE)
        client.writer.write(b"old")
        assert await client.hears_nothing()
        proxy.mend()
        assert await (await connect(proxy)).ask(b"new") == b"NEW"
        assert b"new" in echo.heard


async def test_kafka_requests_are_told_apart_whole() -> None:
    """However they arrive: two in one piece, or one in two."""
    produce, fetch = (b"\0\0\0\x06" + key + b"body" for key in (b"\0\0", b"\0\1"))
    async with between(read_request=read_kafka_request) as (echo, proxy, client):
        rule = proxy.drop_replies(asks_kafka(Api.PRODUCE, Api.END_TRANSACTION), times=9, choose=lambda: False)
        held = proxy.hold(asks_kafka(Api.FETCH))
        client.writer.write(produce + fetch[:5])
        await echo.hears(produce)
        client.writer.write(fetch[5:])
        assert await client.ask(b"") == produce.upper()
        assert await client.hears_nothing()
        assert (held.holding, rule.caught) == (1, 0)


def test_commits_are_known_by_their_script() -> None:
    """Other commands of Redis, and other scripts, are none."""
    command = f"*9\r\n$7\r\nEVALSHA\r\n$40\r\n{COMMIT.sha}\r\n".encode()
    assert COMMITS(command)
    assert not COMMITS(command.replace(COMMIT.sha.encode(), b"0" * 40))
    assert not COMMITS(b"*1\r\n$4\r\nPING\r\n")
