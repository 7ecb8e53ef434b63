"""Questions to Redis that change nothing: for the command line and the console.

A reader needs an address and a prefix, and no lane: it learns the number of partitions from what the lanes
wrote, and takes no ownership.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from streams.settings import Settings
from streams.store.address import Redis, RedisAddress
from streams.store.cluster import connect
from streams.store.condition import Look, look_at
from streams.store.connection import Connection, pairs
from streams.store.keys import DRAFT, Keys, partitions_of
from streams.store.queries import board_scan, board_top, load, load_profiles

JOURNAL_PAGE = 500
"""Entries of a journal read by one command: an entry tells of a batch, up to some 100 KB."""


OUTBOX_PAGE = 500
"""Entries of an outbox looked at by one command: about a megabyte."""


class NothingScored(Exception):
    """No lane has ever written under this prefix."""


class Counts(NamedTuple):
    """How many leads a lane has scored, how many have a timer, how many entries wait for Kafka."""

    leads: int
    timers: int
    outbox: int


class Remains(NamedTuple):
    """What is kept of one lead: sizes in bytes, numbers of entries; `pending`: those that wait for Kafka."""

    state_bytes: int
    profile_bytes: int
    timer: bool
    board: bool
    history: int
    outcomes: int
    pending: int


class Reader:
    """What stands under a prefix. Every question raises StoreUnavailable or StoreRefused."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self._connection = connection
        self._prefix = prefix

    @classmethod
    async def connect(cls, redis: Redis, *, prefix: str) -> Reader:
        """A reader of a Redis that answers. Raises StoreUnavailable or StoreRefused."""
        return cls(await connect(redis), prefix)

    @classmethod
    async def of(cls, settings: Settings) -> Reader:
        """One for the Redis that these settings name. Raises as `connect`."""
        return await cls.connect(RedisAddress.of(settings), prefix=settings.prefix)

    async def close(self) -> None:
        """Close every connection, also those of the store that this reader came from."""
        await self._connection.close()

    async def look(self) -> Look:
        """How Redis is, whatever stands in it."""
        return await look_at(self._connection, set())

    async def partitions(self) -> int:
        """How many partitions the scored topics have. Raises NothingScored."""
        layout = await self._connection.ask("HGET", self._keys(0).meta, "layout")
        if layout is None:
            raise NothingScored(
                f"nothing has been scored under the prefix {self._prefix!r} in Redis at "
                f"{self._connection.address} yet: start `leadline worker`, or check LEADLINE_REDIS and "
                "LEADLINE_PREFIX"
            )
        return partitions_of(str(layout, "utf-8"))

    async def meta(self, partition: int) -> dict[str, str]:
        """Every field of the lane's meta; empty for a lane that was never acquired."""
        fields = await self._connection.ask("HGETALL", self._keys(partition).meta)
        return {field.decode(): value.decode() for field, value in pairs(fields)}

    async def lead_state(self, partition: int, lead_id: str) -> bytes | None:
        """The lead's packed state, None for an unknown one."""
        return (await self.states(partition, [lead_id]))[0]

    async def states(self, partition: int, lead_ids: Sequence[str]) -> list[bytes | None]:
        """The packed states of these leads, None for an unknown one."""
        return await load(self._connection, self._keys(partition), lead_ids)

    async def profiles(self, partition: int, lead_ids: Sequence[str]) -> list[bytes | None]:
        """The packed profiles of these leads, None where nothing is known."""
        return await load_profiles(self._connection, self._keys(partition), lead_ids)

    async def history(self, partition: int, lead_id: str, limit: int) -> list[bytes]:
        """The lead's changes, newest first, at most `limit` (1 or more)."""
        key = self._keys(partition).histories + lead_id
        return list(await self._connection.ask("LRANGE", key, 0, limit - 1))

    async def board(self, partition: int, start: int, limit: int) -> list[tuple[str, float]]:
        """(lead, upper bound of its score), highest first, from rank `start`."""
        return await board_top(self._connection, self._keys(partition), start, limit)

    async def board_scan(self, partition: int, cursor: int) -> tuple[int, list[tuple[str, float]]]:
        """(lead, upper bound of its score) of every lead, page by page in no order; starts and ends with 0."""
        return await board_scan(self._connection, self._keys(partition), cursor)

    async def outcomes(self, partition: int, lead_id: str) -> list[bytes]:
        """What was told of the lead (`schemas/outcomes.py`), oldest first, as far as it is kept."""
        keys, ask = self._keys(partition), self._connection.ask
        ids = await ask("LRANGE", keys.told + lead_id, 0, -1)
        found = [await ask("XRANGE", keys.outcomes, each, each) for each in ids]
        return [dict(pairs(fields))[b"outcome"] for entries in found for _, fields in entries]

    async def erased(self, partition: int) -> dict[str, int]:
        """All erasures of a lane: hash of the id, and the instant in ms up to which its inputs are ignored."""
        answer = await self._connection.ask("HGETALL", self._keys(partition).erased)
        return {digest.decode(): int(until_ms) for digest, until_ms in pairs(answer)}

    async def remains(self, partition: int, lead_id: str) -> Remains:
        """All that is kept of one lead; each number from an instant of its own."""
        keys, ask = self._keys(partition), self._connection.ask
        return Remains(
            state_bytes=await ask("STRLEN", keys.leads + lead_id),
            profile_bytes=await ask("STRLEN", keys.profiles + lead_id),
            timer=await ask("ZSCORE", keys.timers, lead_id) is not None,
            board=await ask("ZSCORE", keys.board, lead_id) is not None,
            history=await ask("LLEN", keys.histories + lead_id),
            outcomes=await ask("LLEN", keys.told + lead_id),
            pending=await self._pending(keys, lead_id.encode()),
        )

    async def counts(self, partition: int) -> Counts:
        """How much the lane holds; each number from an instant of its own."""
        keys, ask = self._keys(partition), self._connection.ask
        return Counts(
            leads=await ask("ZCARD", keys.board),
            timers=await ask("ZCARD", keys.timers),
            outbox=await ask("XLEN", keys.outbox),
        )

    async def has_draft(self, partition: int) -> bool:
        """Whether a rebuild has begun to compute the lane anew."""
        return bool(await self._connection.ask("EXISTS", Keys(self._prefix, partition, DRAFT).meta))

    async def journal(self, partition: int) -> AsyncIterator[bytes]:
        """What each commit applied, in order; nothing unless the worker keeps a journal."""
        after = "-"
        while True:
            page = await self._connection.ask(
                "XRANGE", self._keys(partition).journal, after, "+", "COUNT", JOURNAL_PAGE
            )
            for entry_id, fields in page:
                yield dict(pairs(fields))[b"entry"]
                after = f"({entry_id.decode()}"
            if len(page) < JOURNAL_PAGE:
                return

    async def _pending(self, keys: Keys, key: bytes) -> int:
        count, after = 0, "-"
        while True:
            page = await self._connection.ask("XRANGE", keys.outbox, after, "+", "COUNT", OUTBOX_PAGE)
            entries = [dict(pairs(fields)) for _, fields in page]
            count += sum(entry.get(b"k") == key and b"v" in entry for entry in entries)
            if len(page) < OUTBOX_PAGE:
                return count
            after = f"({page[-1][0].decode()}"

    def _keys(self, partition: int) -> Keys:
        return Keys(self._prefix, partition)
