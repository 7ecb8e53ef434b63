"""The connections of a process to one Redis server, and the one place where redis-py's errors become ours.

redis-py's own retries are off: they would send a timed-out script ten times. Who waits and tries again is the
lane, with the same commit id. Of redis-py the pool and the protocol are used, not its client: that packs
arguments in Python (half of what a commit costs us), and shapes answers by its own version.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hiredis import pack_command
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    AuthorizationError,
    MovedError,
    NoPermissionError,
    NoScriptError,
    RedisError,
    ResponseError,
)

from streams.lane.ports import StoreRefused, StoreUnavailable
from streams.store.address import Redis, address_of
from streams.store.connection import Argument
from streams.store.scripts import Script

CONNECT_TIMEOUT_S = 2.0
"""A Redis beside us accepts within milliseconds; two seconds is one lost SYN and its repeat."""

COMMAND_TIMEOUT_S = 5.0
"""A commit of 4,000 leads takes Redis 80 ms; after five seconds it hangs, or the way to it does."""

MAX_CONNECTIONS = 64
"""One for each lane at work on one worker; a lane beyond that waits for its turn."""

PASSING = frozenset(
    {"BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "NOREPLICAS", "OOM", "READONLY", "TRYAGAIN"}
)
"""What Redis answers when it cannot now, and can later. Anything else it will answer again."""

NO_DATABASES = "SELECT is not allowed in cluster mode"

# Redis 6.2 puts a script's error code into the middle of the text, after a minus.
_CODE = re.compile(r"(?:^|-)([A-Z]+)(?= )")

ASKING = pack_command(("ASKING",))
"""Has a node of a cluster serve the next command also for a slot that it is only being given."""


class Elsewhere(StoreUnavailable):
    """Another node of the cluster has the key: for good (`is_moved`), or while the key's slot is being moved."""

    def __init__(self, text: str, host: str, port: int, *, is_moved: bool) -> None:
        super().__init__(text)
        self.host = host
        self.port = port
        self.is_moved = is_moved


class Node:
    """A pool of connections to one Redis; the port `Connection` where that is all there is."""

    def __init__(self, redis: Redis) -> None:
        """Connects at the first use. Raises StoreRefused, also for plain text to another machine."""
        options: dict[str, Any] = {
            "max_connections": MAX_CONNECTIONS,
            "timeout": None,  # `_send` has one deadline for everything
            "retry": Retry(NoBackoff(), 0),
            "socket_connect_timeout": CONNECT_TIMEOUT_S,
            "socket_timeout": None,
            "protocol": 2,
            "driver_info": None,  # does not name itself to Redis, for which a user would need a right
        }
        self._pool = BlockingConnectionPool(**{**options, **address_of(redis).connection_options()})
        self.address = _address(self._pool.connection_kwargs)
        self.host = str(self._pool.connection_kwargs.get("host", "localhost"))

    async def close(self) -> None:
        """Close every connection; commands in flight fail."""
        await self._pool.disconnect()

    async def ask(self, command: str, *args: Argument, asking: bool = False) -> Any:
        """One command's answer. `asking`: also for a slot that this node of a cluster is only being given.

        Raises StoreUnavailable, also as Elsewhere, or StoreRefused.
        """
        with self._told():
            return await self._send(command, *args, asking=asking)

    async def run(
        self, script: Script, keys: Sequence[str], args: Sequence[str | bytes], *, asking: bool = False
    ) -> list[Any]:
        """The script's answer. Redis forgets scripts when it restarts: then its text is sent, once."""
        with self._told():
            try:
                answer = await self._send("EVALSHA", script.sha, len(keys), *keys, *args, asking=asking)
            except NoScriptError:
                answer = await self._send("EVAL", script.text, len(keys), *keys, *args, asking=asking)
        return list(answer)

    async def holder(self, key: str) -> Node:
        """This one."""
        return self

    async def primaries(self) -> Sequence[Node]:
        """This one."""
        return [self]

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Around every use of redis-py: raises StoreUnavailable or StoreRefused for whatever goes wrong."""
        try:
            yield
        except (AuthenticationError, AuthorizationError, NoPermissionError) as error:
            raise StoreRefused(
                f"Redis at {self.address} refuses our user ({error}): check the user and the password in "
                "LEADLINE_REDIS, and that the user has the rights that deploy/SECURITY.md lists"
            ) from error
        except AskError as error:
            text = f"Redis at {self.address} says that another node has it ({_with_code(error)})"
            is_moved = isinstance(error, MovedError)
            raise Elsewhere(text, error.host, error.port, is_moved=is_moved) from error
        except ResponseError as error:
            raise self._answered(error) from error
        except (RedisError, OSError) as error:
            reason = str(error) or f"no answer within {COMMAND_TIMEOUT_S:g} s"
            raise StoreUnavailable(
                f"Redis at {self.address} cannot be reached ({reason}): check that it runs, that LEADLINE_REDIS "
                "names it, and that no firewall stands between"
            ) from error

    def _answered(self, error: ResponseError) -> StoreUnavailable | StoreRefused:
        text = str(error)
        codes = {error.status_code, *_CODE.findall(text)}
        if PASSING & codes:
            return StoreUnavailable(f"Redis at {self.address} cannot serve now: {_with_code(error)}")
        if "WRONGTYPE" in codes:
            return StoreRefused(
                f"Redis at {self.address} holds something else under a key of leadline ({text}): "
                "give this installation a prefix of its own (LEADLINE_PREFIX), or remove that key"
            )
        if NO_DATABASES in text:
            return StoreRefused(
                f"Redis at {self.address} is a cluster, which has the database 0 only: let LEADLINE_REDIS end in /0"
            )
        return StoreRefused(f"Redis at {self.address} refused a command: {_with_code(error)}")

    async def _send(self, *words: Argument, asking: bool) -> Any:
        """One deadline for all of it. redis-py drops a connection that is left before its answer."""
        request = pack_command(words)  # type: ignore[arg-type] # its stub says a tuple of one
        async with asyncio.timeout(COMMAND_TIMEOUT_S):
            connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
            try:
                if asking:
                    await connection.send_packed_command(ASKING)
                    await connection.read_response()
                await connection.send_packed_command(request)
                return await connection.read_response()
            finally:
                await self._pool.release(connection)


def _with_code(error: ResponseError) -> str:
    return f"{error.status_code} {error}" if error.status_code else str(error)


def _address(kwargs: dict[str, object]) -> str:
    if "path" in kwargs:
        return f"unix://{kwargs['path']}"
    return f"{kwargs.get('host', 'localhost')}:{kwargs.get('port', 6379)}/{kwargs.get('db', 0)}"
