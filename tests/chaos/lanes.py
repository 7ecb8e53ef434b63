"""Where the lanes stand, read from Redis past all proxies. While Redis is away nothing is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from schemas.topics import CHANGES
from streams.lane.ports import StoreUnavailable
from streams.store import Reader

POLL_S = 0.05
"""Between two looks: a recovery is told to a twentieth of a second."""

OFFSET = "offset:"


class Lane(NamedTuple):
    """One lane: whose it is, how many commits and changes it has made, next offsets, what waits."""

    token: str
    ver: int
    seq: int
    offsets: Mapping[str, int]
    outbox: int


class Since(NamedTuple):
    """How lanes stood at some moment; `by_another`: what they do from then on only counts if another does it."""

    lanes: Mapping[int, Lane]
    by_another: bool

    def is_at_work(self, now: Lane, partition: int) -> bool:
        """Whether the lane has gone on since."""
        then = self.lanes[partition]
        has_gone_on = sum(now.offsets.values()) > sum(then.offsets.values())
        return has_gone_on and not (self.by_another and now.token == then.token)


class Lanes:
    """All lanes of one run, in the Redis at the address `redis`."""

    def __init__(self, redis: str, prefix: str, partitions: int) -> None:
        self.redis = redis
        self._prefix = prefix
        self.partitions = partitions

    async def read(self) -> list[Lane]:
        """All of them, by partition. Raises StoreUnavailable."""
        async with self._reader() as reader:
            return [await _read(reader, partition) for partition in range(self.partitions)]

    async def at_work(self, since: Since, timeout_s: float) -> None:
        """Returns once every lane of `since` has applied more than it had then. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while True:
                lanes = await self.look()
                if lanes and all(since.is_at_work(lanes[partition], partition) for partition in since.lanes):
                    return
                await asyncio.sleep(POLL_S)

    async def look(self) -> list[Lane]:
        """All of them, or none while Redis is away."""
        try:
            return await self.read()
        except StoreUnavailable:
            return []

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[Reader]:
        reader = await Reader.connect(self.redis, prefix=self._prefix)
        try:
            yield reader
        finally:
            await reader.close()


async def _read(reader: Reader, partition: int) -> Lane:
    meta = await reader.meta(partition)
    offsets = {name.removeprefix(OFFSET): int(value) for name, value in meta.items() if name.startswith(OFFSET)}
    counts = await reader.counts(partition)
    seq = int(meta.get(f"seq:{CHANGES.name}", "0"))
    return Lane(meta.get("token", ""), int(meta.get("ver", "0")), seq, offsets, counts.outbox)
