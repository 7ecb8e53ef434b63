"""A store to test, in memory or in Redis, and small commits for it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from scoring.state import STATE_FORMAT
from streams.lane.ports import Commit, LaneStore, OutboxEntry
from streams.store import Reader, Store
from streams.store.cluster import connect
from streams.store.lane_store import Identity
from tests.support.doubles.memory_redis import MemoryRedis
from tests.support.doubles.rebuilt import MemoryRebuildStore

URLS = {"redis": "redis_url", "cluster": "cluster_url"}
"""The fixture of conftest.py that gives the address."""

EVERYWHERE = ["memory", *(pytest.param(name, marks=pytest.mark.connected) for name in URLS)]
"""Parameters of a fixture that runs each test on the double, on Redis, and on a Redis Cluster."""

PARTITIONS = 6
NOON_MS = 1_763_899_200_000


class StoppedClock:
    """Always noon."""

    def now_ms(self) -> int:
        """Noon."""
        return NOON_MS

    def monotonic_s(self) -> float:
        """The start."""
        return 0.0


@dataclass
class HandClock:
    """A clock that is put forward by hand."""

    began_ms: int = NOON_MS
    passed_s: float = 0.0

    def now_ms(self) -> int:
        """As the port."""
        return self.began_ms + round(self.passed_s * 1000)

    def monotonic_s(self) -> float:
        """As the port."""
        return self.passed_s


@dataclass
class Bench:
    """A store to test. `make` gives another one on the same server, of other partitions, name or format."""

    make: Callable[..., Any]

    @property
    def store(self) -> Any:
        """A store like the one that the usual worker has."""
        return self.make()

    @property
    def lane(self) -> LaneStore:
        """Partition 0, as a new owner."""
        lane: LaneStore = self.store.lane(0)
        return lane

    @property
    def reader(self) -> Reader:
        """All partitions, to look at."""
        reader: Reader = self.store.reader()
        return reader


USUAL = {"partitions": PARTITIONS, "environment": "test", "state_format": STATE_FORMAT}


@asynccontextmanager
async def open_bench(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[Bench]:
    """The bench for a parameter of EVERYWHERE."""
    if request.param == "memory":
        yield memory_bench()
        return
    async with redis_bench(request.getfixturevalue(URLS[request.param]), prefix) as bench:
        yield bench


def memory_bench() -> Bench:
    """A Redis in memory."""
    redis = MemoryRedis(StoppedClock())
    return Bench(lambda **identity: MemoryRebuildStore(redis, **{**USUAL, **identity}))


@asynccontextmanager
async def redis_bench(url: str, prefix: str) -> AsyncIterator[Bench]:
    """A real one."""
    connection = await connect(url)

    def make(**identity: Any) -> Store:
        return Store(connection, prefix, Identity(**{**USUAL, **identity}), volatile=False)

    yield Bench(make)
    await connection.close()


def commit(ver: int, **changes: Any) -> Commit:
    """A commit with an id of its own that changes only what is given."""
    return Commit(**{"commit_id": secrets.token_hex(8), "ver": ver, "offsets": {}, **changes})


def entry(number: int, **differences: Any) -> OutboxEntry:
    """An outbox entry of little content."""
    usual = {"topic": "lead.score-changes", "partition": 0, "key": b"L-1", "value": b"{}"}
    return OutboxEntry(**{"number": number, **usual, **differences})
