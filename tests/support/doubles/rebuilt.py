"""The port `RebuildStore` in memory: the scores in use, or the draft beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from streams.lane.ports import Acquired
from streams.rebuild.ports import Mark
from tests.support.doubles.memory_redis import LaneKeys, MemoryRedis
from tests.support.doubles.store import MemoryLane, MemoryStore

OUTCOMES_PAGE = 3
"""Few, so that small tests turn pages."""


class MemoryRebuildStore(MemoryStore):
    """streams.store.Store in memory, with what a rebuild opens."""

    def rebuilt(self, partition: int) -> MemoryRebuiltLane:
        """The scores in use, for whoever rebuilds them."""
        return MemoryRebuiltLane(self._redis, partition, self._identity, is_draft=False)

    def draft(self, partition: int) -> MemoryRebuiltLane:
        """What a rebuild computes."""
        return MemoryRebuiltLane(self._redis, partition, self._identity, is_draft=True)


class MemoryRebuiltLane(MemoryLane):
    """streams.store.rebuilt_lane.RebuiltLane in memory."""

    def __init__(self, redis: MemoryRedis, partition: int, identity: dict[str, str], *, is_draft: bool) -> None:
        super().__init__(redis, partition, identity)
        self._is_draft = is_draft

    @property
    def _keys(self) -> LaneKeys:
        return self._redis.draft(self._partition) if self._is_draft else self._redis.lane(self._partition)

    async def acquire(self) -> Acquired:
        """As acquire.lua for whoever rebuilds."""
        if self._is_draft:
            return await super().acquire()
        begun = self._keys.meta.pop("rebuild", "begun")
        await super().acquire()
        self._keys.meta["rebuild"] = begun
        return Acquired(dict(self._keys.meta), self._standing())

    async def meta(self) -> Mapping[str, str]:
        """As HGETALL."""
        self._redis.serve()
        return dict(self._keys.meta)

    async def histories(self, lead_ids: Sequence[str]) -> Sequence[Sequence[bytes]]:
        """As lists.lua."""
        self._redis.serve()
        return [self._keys.history.get(lead, [])[::-1] for lead in lead_ids]

    async def marks(self, lead_ids: Sequence[str]) -> Sequence[Mark]:
        """As ZMSCORE."""
        self._redis.serve()
        return [Mark(self._keys.board.get(lead), self._keys.timers.get(lead)) for lead in lead_ids]

    async def outcomes(self, after: str) -> Sequence[tuple[str, bytes]]:
        """As XRANGE; a place is the number of the record."""
        self._redis.serve()
        first = int(after or "0")
        page = self._keys.outcomes[first : first + OUTCOMES_PAGE]
        return [(str(number), record) for number, (_, record) in enumerate(page, start=first + 1)]

    async def every_lead(self) -> AsyncIterator[Sequence[str]]:
        """As SCAN and ZSCAN."""
        self._redis.serve()
        keys = self._keys
        yield [lead for kept in (keys.states, keys.profiles, keys.history) for lead in kept]
        yield [lead for lead, _ in keys.outcomes]
        yield list(keys.board)
        yield list(keys.timers)

    async def empty(self) -> None:
        """As empty.lua."""
        self._redis.serve(writes=True)
        self._compare_token()
        self._keys.erased.clear()
        self._keys.outcomes.clear()

    async def remove(self) -> None:
        """As empty.lua."""
        self._redis.serve(writes=True)
        self._compare_token()
        kept = self._keys
        for whole in (kept.timers, kept.board, kept.outbox, kept.journal, kept.outcomes, kept.erased, kept.meta):
            whole.clear()

    async def settle(self, ver: int, fields: Mapping[str, str], removed: Sequence[str]) -> bool:
        """As accept.lua."""
        self._redis.serve(writes=True)
        meta = self._keys.meta
        if meta.get("ver") != str(ver):
            return False
        meta.update(fields)
        for name in removed:
            meta.pop(name, None)
        meta.update(commit="", ver=str(ver + 1))
        return True
