"""What a rebuild needs of a lane's keys beside what a lane needs: whole histories, marks, all that stands there.

The port `RebuildStore` over Redis, for the scores in use and for the draft that is to replace them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from streams.rebuild.ports import Mark
from streams.store.commit import HISTORY_LENGTH
from streams.store.connection import Connection, pairs
from streams.store.keys import DRAFT, Keys
from streams.store.lane_store import SCAN_COUNT, Identity, RedisLane, accept
from streams.store.scripts import EMPTY, LISTS

OUTCOMES_PAGE = 500
"""Records of what became of leads, a kilobyte or two each."""


class RebuiltLane(RedisLane):
    """One lane's keys: of the scores in use, which only a rebuild can acquire from then on, or of the draft."""

    def __init__(self, connection: Connection, keys: Keys, identity: Identity) -> None:
        super().__init__(connection, keys, identity)
        self._rebuilds = "" if keys.area == DRAFT else "1"

    async def meta(self) -> Mapping[str, str]:
        """Every field of meta; takes no ownership."""
        fields = await self._connection.ask("HGETALL", self._keys.meta)
        return {field.decode(): value.decode() for field, value in pairs(fields)}

    async def histories(self, lead_ids: Sequence[str]) -> Sequence[Sequence[bytes]]:
        """The changes kept of each of these leads, oldest first."""
        keys = [self._keys.histories + lead for lead in lead_ids]
        lists = await self._connection.run(LISTS, keys, (str(HISTORY_LENGTH),)) if keys else []
        return [newest_first[::-1] for newest_first in lists]

    async def marks(self, lead_ids: Sequence[str]) -> Sequence[Mark]:
        """What the board and the timers say of each of these leads."""
        if not lead_ids:
            return []
        bounds = await self._connection.ask("ZMSCORE", self._keys.board, *lead_ids)
        timers = await self._connection.ask("ZMSCORE", self._keys.timers, *lead_ids)
        return [
            Mark(None if bound is None else float(bound), None if at is None else int(float(at)))
            for bound, at in zip(bounds, timers, strict=True)
        ]

    async def outcomes(self, after: str) -> Sequence[tuple[str, bytes]]:
        """(place, record) of what became of leads, in order, from behind a place ('' for the first) on."""
        start = f"({after}" if after else "-"
        page = await self._connection.ask("XRANGE", self._keys.outcomes, start, "+", "COUNT", OUTCOMES_PAGE)
        return [(place.decode(), dict(pairs(fields))[b"outcome"]) for place, fields in page]

    async def every_lead(self) -> AsyncIterator[Sequence[str]]:
        """Whoever is named by any key, by the board or by a timer, page by page; many come several times.

        Raises StoreUnavailable if a Redis Cluster moves the lane to another node in the meantime.
        """
        node = await self._connection.holder(self._keys.meta)
        cursor = -1
        while cursor != 0:
            words = (max(cursor, 0), "MATCH", f"{self._keys.tag}:*", "COUNT", SCAN_COUNT)
            following, keys = await node.ask("SCAN", *words)
            await node.ask("EXISTS", self._keys.meta, self._keys.absent)  # SCAN itself does not say what has left
            cursor = int(following)
            yield [lead for key in keys for lead in self._lead_of(key.decode())]
        for sorted_set in (self._keys.board, self._keys.timers):
            cursor = -1
            while cursor != 0:
                page = max(cursor, 0), "COUNT", SCAN_COUNT
                following, members = await node.ask("ZSCAN", sorted_set, *page)
                cursor = int(following)
                yield [lead.decode() for lead, _ in pairs(members)]

    async def empty(self) -> None:
        """Removes all erasures and all outcomes. Raises Fenced."""
        await self._remove(self._keys.erased, self._keys.outcomes)

    async def remove(self) -> None:
        """Removes all that is one per lane, meta included: leads go by commits. Raises Fenced."""
        keys = self._keys
        sets = (keys.timers, keys.board, keys.outbox, keys.journal, keys.outcomes, keys.erased)
        await self._remove(*sets, keys.meta)

    async def settle(self, ver: int, fields: Mapping[str, str], removed: Sequence[str]) -> bool:
        """Write and remove fields of meta at once, if the lane stands at `ver`; False: it does not."""
        return await accept(self._connection, self._keys, str(ver), fields, removed)

    async def _remove(self, *keys: str) -> None:
        answer = await self._connection.run(EMPTY, (self._keys.meta, *keys), (self._token,))
        if answer != [b"EMPTY"]:
            self._standing(answer)

    def _lead_of(self, key: str) -> list[str]:
        """Whose key it is, if a lead's."""
        keys = self._keys
        kinds = (keys.leads, keys.profiles, keys.histories, keys.told)
        return [key.removeprefix(kind) for kind in kinds if key.startswith(kind)]
