"""A TCP proxy that breaks what passes it, on command.

    async with Proxy(upstream=redis.port) as proxy:
        proxy.set_mode(Mode.BLACKHOLE)      # nothing arrives any more, and nobody is told
        proxy.set_mode(Mode.PASS)           # what has waited arrives now, as after a lost route
        held = proxy.hold(COMMITS)          # commits wait in the proxy, all else passes
        held.let_go() or held.throw_away()
        proxy.drop_replies(COMMITS, times=5)  # the server does it, the client sees a cut connection

Modes concern all connections, rules the requests that match them. Every rule counts what it has caught, and
`replies` counts what the server has answered: so a fault has evidence that no worker had a hand in.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Self

from tests.chaos.wire import Matches, ReadUnit, read_chunk
from tests.support.servers import free_port

BUFFER_BYTES = 16 * 1024 * 1024
"""A request of Kafka is read whole: 8 MiB at most."""


class Mode(Enum):
    """What becomes of all bytes."""

    PASS = auto()
    DELAY = auto()
    """Every unit arrives `delay_s` later."""
    RESET = auto()
    """Connections are cut, and new ones too."""
    BLACKHOLE = auto()
    """Nothing arrives, in neither direction; connections stand."""
    ONE_WAY = auto()
    """Requests arrive, replies do not."""


class What(Enum):
    """What a rule does with a request that matches."""

    HOLD = auto()
    DROP_REPLY = auto()


@dataclass
class Rule:
    """Catches the requests that match, `left` of them at most.

    `caught` counts them, `holding` those that wait now, `dropped` the replies that were thrown away.
    """

    what: What
    matches: Matches
    left: int
    choose: Callable[[], bool] = lambda: True
    caught: int = 0
    holding: int = 0
    dropped: int = 0
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    is_thrown_away: bool = False

    def let_go(self) -> None:
        """What is held arrives now; nothing more is caught."""
        self.left = 0
        self.is_over.set()

    def throw_away(self) -> None:
        """What is held never arrives, and its connections are cut; nothing more is caught."""
        self.is_thrown_away = True
        self.let_go()


class Link:
    """One client's connection and the one to the server that stands for it."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server
        self.dropped_by: Rule | None = None

    def cut(self) -> None:
        """Both sides see a reset."""
        for writer in (self.client, self.server):
            writer.transport.abort()


class Proxy:
    """Listens on `port` of the loopback and passes everything on to `upstream`, which may be another one later.

    `seen` are replies to count, by the bytes that they begin with. `refused` counts connections that nobody was
    there for, `cuts` those that were cut on command, `kept` the units that a mode has made wait.
    """

    def __init__(
        self,
        upstream: int,
        *,
        port: int | None = None,
        read_request: ReadUnit = read_chunk,
        seen: Sequence[bytes] = (),
    ) -> None:
        self.upstream = upstream
        self.port = free_port() if port is None else port
        self.replies: Counter[bytes] = Counter()
        self.connections = 0
        self.cuts = 0
        self.refused = 0
        self.kept = 0
        self._read_request = read_request
        self._seen = seen
        self._mode = Mode.PASS
        self._delay_s = 0.0
        self._changed = asyncio.Event()
        self._rules: list[Rule] = []
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=BUFFER_BYTES)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self.mend()
        self.set_mode(Mode.RESET)

    def set_mode(self, mode: Mode, delay_s: float = 0.0) -> None:
        """From now on. What a mode before has kept back passes if this one lets it."""
        self._mode, self._delay_s = mode, delay_s
        self._changed.set()
        self._changed = asyncio.Event()
        if mode is Mode.RESET:
            self.cut()

    def mend(self) -> None:
        """Pass everything from now on; what rules hold is thrown away."""
        for rule in self._rules:
            rule.throw_away()
        self._rules.clear()
        self.set_mode(Mode.PASS)

    def cut(self) -> None:
        """Reset every connection that stands now."""
        for link in tuple(self._links):
            self.cuts += 1
            link.cut()

    def hold(self, matches: Matches) -> Rule:
        """Keep requests that match until the rule lets them go; what follows on their connections waits too."""
        return self._add(Rule(What.HOLD, matches, left=2**31))

    def drop_replies(self, matches: Matches, *, times: int, choose: Callable[[], bool] = lambda: True) -> Rule:
        """The server gets requests that match, and the connection is cut in place of its next reply.

        `choose` decides for each of them, so that a repeat gets through once in a while.
        """
        return self._add(Rule(What.DROP_REPLY, matches, left=times, choose=choose))

    def _add(self, rule: Rule) -> Rule:
        self._rules.append(rule)
        return rule

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self._mode is Mode.RESET:
                raise ConnectionRefusedError
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.upstream, limit=BUFFER_BYTES)
        except OSError:
            self.refused += 1
            writer.transport.abort()
            return
        link = Link(writer, to_server)
        self._links.add(link)
        try:
            pumps = {
                asyncio.create_task(self._pass_requests(link, reader)),
                asyncio.create_task(self._pass_replies(link, from_server)),
            }
            _, rest = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in rest:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            self._links.discard(link)
            await _close(link)

    async def _pass_requests(self, link: Link, reader: asyncio.StreamReader) -> None:
        while unit := await self._read_request(reader):
            await self._wait(Mode.BLACKHOLE)
            for rule in self._rules:
                if rule.left and rule.matches(unit) and rule.choose():
                    rule.left -= 1
                    rule.caught += 1
                    await self._apply(rule, link)
            link.server.write(unit)
            await link.server.drain()

    async def _apply(self, rule: Rule, link: Link) -> None:
        match rule.what:
            case What.HOLD:
                rule.holding += 1
                await rule.is_over.wait()
                rule.holding -= 1
                if rule.is_thrown_away:
                    link.cut()
                    raise ConnectionAbortedError
            case What.DROP_REPLY:
                link.dropped_by = rule

    async def _pass_replies(self, link: Link, reader: asyncio.StreamReader) -> None:
        while unit := await read_chunk(reader):
            self.replies.update(start for start in self._seen if unit.startswith(start))
            await self._wait(Mode.BLACKHOLE, Mode.ONE_WAY)
            if link.dropped_by is not None:
                link.dropped_by.dropped += 1
                link.cut()
                return
            link.client.write(unit)
            await link.client.drain()

    async def _wait(self, *closed: Mode) -> None:
        """Until the mode is none of these; in a delay for its length, or until another mode ends it."""
        self.kept += self._mode in closed or self._mode is Mode.DELAY
        while self._mode in closed:
            await self._changed.wait()
        if self._mode is Mode.DELAY:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._delay_s):
                    await self._changed.wait()


async def _close(link: Link) -> None:
    """As the other side has closed: what was written before arrives."""
    for writer in (link.client, link.server):
        writer.close()
    for writer in (link.client, link.server):
        with contextlib.suppress(OSError):
            await writer.wait_closed()
