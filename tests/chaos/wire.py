"""What a proxy can tell of the bytes that pass it: where a request ends, and which one it is.

A *unit* is what the proxy treats as one: for Kafka one whole request, whose header says what it asks; for Redis
whatever has arrived, which begins with a command's name, since the product sends one command at a time on a
connection and waits for its answer.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from enum import IntEnum

from streams.store.scripts import ACQUIRE, COMMIT, Script

CHUNK_BYTES = 64 * 1024
"""Read at once: what a socket holds."""

Matches = Callable[[bytes], bool]
"""Whether a unit is one of those that are meant."""

ReadUnit = Callable[[asyncio.StreamReader], Awaitable[bytes]]
"""The next unit; empty at the end of the connection."""

API_KEY = struct.Struct(">ih")
FENCED = b"*1\r\n$6\r\nFENCED\r\n"
"""Redis's reply to a script of a lane that is no longer the sender's."""

REWOUND = b"*4\r\n$7\r\nREWOUND\r\n"
"""Redis's reply to a script of a lane that stands elsewhere."""


class Api(IntEnum):
    """The requests of Kafka's protocol that the faults are about, by their keys."""

    PRODUCE = 0
    FETCH = 1
    JOIN_GROUP = 11
    ADD_PARTITIONS = 24
    END_TRANSACTION = 26


async def read_chunk(reader: asyncio.StreamReader) -> bytes:
    """Whatever has arrived."""
    return await reader.read(CHUNK_BYTES)


async def read_kafka_request(reader: asyncio.StreamReader) -> bytes:
    """One whole request, with its length in front."""
    try:
        length = await reader.readexactly(4)
        return length + await reader.readexactly(int.from_bytes(length))
    except asyncio.IncompleteReadError:
        return b""


def asks_kafka(*apis: Api) -> Matches:
    """Kafka requests of these kinds."""
    keys = frozenset(int(api) for api in apis)

    def matches(unit: bytes) -> bool:
        return len(unit) >= API_KEY.size and API_KEY.unpack_from(unit)[1] in keys

    return matches


def runs_script(script: Script) -> Matches:
    """Redis commands that run this script by its hash."""
    start = f"$7\r\nEVALSHA\r\n$40\r\n{script.sha}".encode()

    def matches(unit: bytes) -> bool:
        return start in unit[:100]

    return matches


COMMITS = runs_script(COMMIT)
ACQUIRES = runs_script(ACQUIRE)
