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


Ends = Mapping[tuple[str, int], int]
"""The end of the log of (topic, partition)."""


class Lanes:
    """All lanes of one run."""

    def __init__(self, redis: str, prefix: str, partitions: int) -> None:
        self._redis = redis
        self._prefix = prefix
        self.partitions = partitions

    async def read(self) -> list[Lane]:
        """All of them, by partition. Raises StoreUnavailable."""
        async with self._reader() as reader:
            return [await _read(reader, partition) for partition in range(self.partitions)]

    async def beyond(self, ends: Ends, timeout_s: float) -> None:
        """Returns once every lane that `ends` names has applied all up to there. Raises TimeoutError."""
        wanted = {partition for _, partition in ends}
        async with asyncio.timeout(timeout_s):
            while True:
                lanes = await self.look()
                if lanes and not any(_behind(lanes[partition], partition, ends) for partition in wanted):
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
        reader = await Reader.connect(self._redis, prefix=self._prefix)
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


def _behind(lane: Lane, partition: int, ends: Ends) -> bool:
    return any(
        lane.offsets.get(topic, 0) < end for (topic, number), end in ends.items() if number == partition and end
    )
