"""What the sandbox is handed: Kafka's and Redis's clients live elsewhere, so it names what it needs of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from schemas.changes import Change


class Producer(Protocol):
    """Takes records to Kafka; the partition is the one that the key hashes to."""

    async def send(
        self, topic: str, *, key: bytes | None, value: bytes | None, timestamp_ms: int | None = None
    ) -> None:
        """Take one record in hand, after those before; waits while too many are."""

    async def flush(self) -> None:
        """Returns when Kafka has acknowledged everything sent so far."""


class Trimmable(Protocol):
    """A broker that can be told what nobody will read again."""

    def trim(self, topic: str, partition: int, offset: int) -> None:
        """Forget the records before `offset`."""


class RunningWorker(Protocol):
    """A worker in a process of its own."""

    http: str
    """`host:port` of its metrics."""

    def check(self) -> None:
        """Raise WorkerDied if it has ended."""


class FollowedChange(NamedTuple):
    """A change, and where it lies in `lead.score-changes`."""

    partition: int
    offset: int
    change: Change


class RankedLead(NamedTuple):
    """A lead's score at this moment."""

    lead_id: str
    band: str
    score: float
    grade: str | None = None


class WorkerCounts(NamedTuple):
    """What the worker has counted since it started."""

    rejected: int
    duplicates: int
    machine: int


class Scores(Protocol):
    """What is read from the Redis that the worker writes."""

    async def positions(self) -> Mapping[tuple[str, int], int]:
        """How far the worker has come: the next offset of each input topic and partition."""

    async def ranking(self, limit: int) -> Sequence[RankedLead]:
        """The leads with the highest scores now, highest first."""


class Clients(Protocol):
    """The clients of one Kafka and one Redis, open for as long as their context."""

    def producer(self, linger_ms: int) -> AbstractAsyncContextManager[Producer]:
        """A producer that collects records for `linger_ms` before it sends them together."""

    def changes(self) -> AsyncIterator[FollowedChange]:
        """Every change from the beginning of the topic, as they come, without an end."""

    async def positions(self) -> Mapping[tuple[str, int], int]:
        """How far the worker has come: the next offset of each input topic and partition."""

    async def ranking(self, limit: int) -> Sequence[RankedLead]:
        """The leads with the highest scores now, highest first."""

    async def worker_counts(self, http: str) -> WorkerCounts:
        """From the worker's metrics at this `host:port`."""


Connect = Callable[[str, str], AbstractAsyncContextManager[Clients]]
"""Opens the clients of these bootstrap servers and this Redis URL."""
