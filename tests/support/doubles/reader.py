"""Questions to a Redis in memory that change nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from streams.store.keys import partitions_of
from streams.store.reader import Counts, NothingScored, Remains
from tests.support.doubles.memory_redis import LaneKeys, MemoryRedis


class MemoryReader:
    """streams.store.Reader in memory."""

    def __init__(self, redis: MemoryRedis) -> None:
        self._redis = redis

    async def partitions(self) -> int:
        """As the field `layout` of partition 0 says."""
        stored = self._keys(0).meta.get("layout")
        if stored is None:
            raise NothingScored("nothing has been scored in the Redis in memory yet")
        return partitions_of(stored)

    async def meta(self, partition: int) -> dict[str, str]:
        """As HGETALL."""
        return dict(self._keys(partition).meta)

    async def lead_state(self, partition: int, lead_id: str) -> bytes | None:
        """As GET."""
        return self._keys(partition).states.get(lead_id)

    async def states(self, partition: int, lead_ids: Sequence[str]) -> list[bytes | None]:
        """As MGET."""
        return [self._keys(partition).states.get(lead) for lead in lead_ids]

    async def profiles(self, partition: int, lead_ids: Sequence[str]) -> list[bytes | None]:
        """As MGET."""
        return [self._keys(partition).profiles.get(lead) for lead in lead_ids]

    async def history(self, partition: int, lead_id: str, limit: int) -> list[bytes]:
        """As LRANGE."""
        return self._keys(partition).history.get(lead_id, [])[:limit]

    async def board(self, partition: int, start: int, limit: int) -> list[tuple[str, float]]:
        """As ZREVRANGE: equal scores in the descending order of the members' bytes."""
        items = self._keys(partition).board.items()
        board = sorted(items, key=lambda item: (item[1], item[0].encode()), reverse=True)
        return board[start : start + limit]

    async def board_scan(self, partition: int, cursor: int) -> tuple[int, list[tuple[str, float]]]:
        """As ZSCAN of a small set: all of it at once."""
        return 0, list(self._keys(partition).board.items())

    async def outcomes(self, partition: int, lead_id: str) -> list[bytes]:
        """As LRANGE and XRANGE."""
        return [record for lead, record in self._keys(partition).outcomes if lead == lead_id]

    async def erased(self, partition: int) -> dict[str, int]:
        """As HGETALL."""
        return dict(self._keys(partition).erased)

    async def remains(self, partition: int, lead_id: str) -> Remains:
        """As STRLEN, ZSCORE, LLEN and XRANGE."""
        keys, key = self._keys(partition), lead_id.encode()
        return Remains(
            state_bytes=len(keys.states.get(lead_id, b"")),
            profile_bytes=len(keys.profiles.get(lead_id, b"")),
            timer=lead_id in keys.timers,
            board=lead_id in keys.board,
            history=len(keys.history.get(lead_id, [])),
            outcomes=len(await self.outcomes(partition, lead_id)),
            pending=sum(entry.key == key and entry.value is not None for entry in keys.outbox.values()),
        )

    async def counts(self, partition: int) -> Counts:
        """As ZCARD, ZCARD and XLEN."""
        keys = self._keys(partition)
        return Counts(len(keys.board), len(keys.timers), len(keys.outbox))

    async def has_draft(self, partition: int) -> bool:
        """As EXISTS."""
        self._redis.serve()
        return bool(self._redis.draft(partition).meta)

    async def journal(self, partition: int) -> AsyncIterator[bytes]:
        """As XRANGE."""
        for entry in self._keys(partition).journal:
            yield entry

    def _keys(self, partition: int) -> LaneKeys:
        self._redis.serve()
        return self._redis.lane(partition)
