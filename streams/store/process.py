"""The store of one process: its connections, and the lanes that it hands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scoring.state import STATE_FORMAT
from streams.facts import RedisFacts
from streams.lane.ports import StoreUnavailable
from streams.settings import Settings
from streams.store.address import Redis, RedisAddress
from streams.store.cluster import connect
from streams.store.condition import look_at
from streams.store.connection import Connection
from streams.store.keys import DRAFT, Keys
from streams.store.lane_store import Identity, RedisLane, accept
from streams.store.reader import Reader
from streams.store.rebuilt_lane import RebuiltLane
from streams.store.safety import check_safety
from streams.store.vitals import vitals


class Store:
    """Redis, for a process that scores: `await check()` once, then one `lane` for each partition held."""

    def __init__(self, connection: Connection, prefix: str, identity: Identity, *, volatile: bool) -> None:
        self._connection = connection
        self._prefix = prefix
        self._identity = identity
        self._volatile = volatile
        self._reserved: set[str] = set()

    @classmethod
    async def connect(
        cls, redis: Redis, *, prefix: str, partitions: int, environment: str, volatile: bool = False
    ) -> Store:
        """A store in a Redis that answers. Raises StoreUnavailable or StoreRefused.

        `environment` is a name that the keys keep, so that staging never writes into production's; `volatile`
        accepts a Redis that keeps nothing on disk.
        """
        identity = Identity(partitions, environment, STATE_FORMAT)
        return cls(await connect(redis), prefix, identity, volatile=volatile)

    @classmethod
    async def of(cls, settings: Settings) -> Store:
        """The one that these settings name. Raises as `connect`."""
        return await cls.connect(
            RedisAddress.of(settings),
            prefix=settings.prefix,
            partitions=settings.partitions,
            environment=settings.environment,
            volatile=settings.volatile,
        )

    async def check(self) -> None:
        """Raise StoreUnavailable if Redis does not answer, StoreRefused if scores may not be kept there."""
        check_safety(await look_at(self._connection, self._reserved), volatile=self._volatile)

    async def look(self) -> RedisFacts:
        """How Redis is now; one that does not answer is told as down. Raises StoreRefused."""
        try:
            return vitals(await look_at(self._connection, self._reserved))
        except StoreUnavailable:
            return RedisFacts(is_up=False, away=(self._connection.address,))

    def lane(self, partition: int) -> RedisLane:
        """The keys of one partition. Each call gives an owner of its own, fenced until it acquires."""
        return RedisLane(self._connection, Keys(self._prefix, partition), self._identity)

    def rebuilt(self, partition: int) -> RebuiltLane:
        """The same for whoever rebuilds the lane: once it has acquired them, only a rebuild can."""
        return RebuiltLane(self._connection, Keys(self._prefix, partition), self._identity)

    def draft(self, partition: int) -> RebuiltLane:
        """What a rebuild computes of the partition, beside the scores in use."""
        return RebuiltLane(self._connection, Keys(self._prefix, partition, DRAFT), self._identity)

    async def accept(
        self, partition: int, fields: Mapping[str, str], removed: Sequence[str], *, ver: str = ""
    ) -> bool:
        """Write these fields of a lane's meta and remove others, as an operator has decided.

        False, and nothing is written, if the lane does not stand at `ver` any more (empty: wherever it stands), or
        was never taken. Its owner takes over again from what is written.
        """
        return await accept(self._connection, Keys(self._prefix, partition), ver, fields, removed)

    def reader(self) -> Reader:
        """The same Redis, to look at, over the same connections."""
        return Reader(self._connection, self._prefix)

    async def close(self) -> None:
        """Close every connection; commands in flight fail."""
        await self._connection.close()
