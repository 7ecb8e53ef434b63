"""The port `LaneStore` over Redis: one partition's keys, written by one owner at a time."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streams.lane.ports import (
    Acquired,
    Commit,
    Fenced,
    OutboxEntry,
    Rewound,
    Standing,
)
from streams.store.commit import arguments, keys_of
from streams.store.connection import Connection, pairs
from streams.store.entries import from_fields, stream_id
from streams.store.keys import Keys, layout
from streams.store.queries import board_top, load, load_profiles
from streams.store.refusals import rebuilt, refusal
from streams.store.scripts import ACCEPT, ACQUIRE, BOARD, COMMIT, STANDING

SCAN_COUNT = 1_000
"""Leads that one step of a scan looks at: 0.3 ms of Redis, and a million leads in a thousand steps."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a lane's keys must agree with: topics of so many partitions, an environment, a format of states."""

    partitions: int
    environment: str
    state_format: int


class RedisLane:
    """One lane's keys. Whoever has not acquired them is fenced."""

    def __init__(self, connection: Connection, keys: Keys, identity: Identity) -> None:
        self._connection = connection
        self._keys = keys
        self._identity = identity
        self._token = ""
        self._rebuilds = ""
        self._scanned = b""

    async def acquire(self) -> Acquired:
        """Become the owner: whoever was it before is fenced from now on. Raises StoreRefused, Halted."""
        keys, identity = self._keys, self._identity
        any_lead = (f"{kind}any" for kind in (keys.leads, keys.profiles, keys.histories, keys.told))
        token, lineage = secrets.token_hex(16), secrets.token_hex(8)
        ours = (layout(identity.partitions), identity.environment, str(identity.state_format), lineage)
        answer = await self._connection.run(
            ACQUIRE,
            (
                *(keys.meta, keys.timers, keys.board, keys.outbox, keys.journal, keys.outcomes, keys.erased),
                *any_lead,
            ),
            (token, *ours, self._rebuilds),
        )
        standing = self._standing(answer)
        self._token = token
        return Acquired({field.decode(): value.decode() for field, value in pairs(answer[5])}, standing)

    async def load(self, lead_ids: Sequence[str]) -> Sequence[bytes | None]:
        """The states of these leads, None for an unknown one."""
        return await load(self._connection, self._keys, lead_ids)

    async def load_profiles(self, lead_ids: Sequence[str]) -> Sequence[bytes | None]:
        """The profiles of these leads, None where nothing is known."""
        return await load_profiles(self._connection, self._keys, lead_ids)

    async def load_erased(self) -> Mapping[str, int]:
        """All erasures of the lane: hash of the id, and the instant in ms up to which its inputs are ignored."""
        answer = await self._connection.ask("HGETALL", self._keys.erased)
        return {digest.decode(): int(until_ms) for digest, until_ms in pairs(answer)}

    async def due(self, until_ms: int, limit: int) -> Sequence[tuple[str, int]]:
        """(lead, instant) of the timers at or before `until_ms`, earliest first (ties: by lead)."""
        answer = await self._connection.ask(
            "ZRANGEBYSCORE", self._keys.timers, "-inf", until_ms, "WITHSCORES", "LIMIT", 0, limit
        )
        return [(lead.decode(), int(float(at))) for lead, at in pairs(answer)]

    async def commit(self, commit: Commit) -> Standing:
        """Write all of it, or nothing. A repeat of the last commit id answers as before and writes nothing.

        Raises Fenced, Rewound, StoreRefused, StoreUnavailable; after the last it may have been written, and
        the same commit is to be sent again. ValueError: the lane made a commit that contradicts itself.
        """
        args = arguments(self._keys, self._token, commit)
        return self._standing(await self._connection.run(COMMIT, keys_of(self._keys, commit), args))

    async def standing(self) -> Standing:
        """Where the lane stands now. Raises Fenced when another owner has taken it, Rewound when none has."""
        keys = (self._keys.meta, self._keys.timers, self._keys.outbox)
        return self._standing(await self._connection.run(STANDING, keys, (self._token,)))

    async def outbox(self, after: int, limit: int) -> Sequence[OutboxEntry]:
        """Entries with a number above `after`, in order."""
        entries = await self._connection.ask("XRANGE", self._keys.outbox, stream_id(after + 1), "+", "COUNT", limit)
        return [from_fields(entry_id, dict(pairs(fields))) for entry_id, fields in entries]

    async def board_top(self, start: int, limit: int) -> Sequence[tuple[str, float]]:
        """(lead, upper bound of its score), highest first (ties: by lead, descending), from rank `start`."""
        return await board_top(self._connection, self._keys, start, limit)

    async def board_scan(self, cursor: int) -> tuple[int, Sequence[str]]:
        """Every lead of the lane, page by page, some perhaps twice; starts and ends with cursor 0.

        Raises Rewound if the board is in another Redis than at cursor 0, or that was started again: the rest could
        not be found there.
        """
        words = (str(cursor), str(SCAN_COUNT))
        scanned, following, members = await self._connection.run(BOARD, (self._keys.board,), words)
        if cursor and scanned != self._scanned:
            raise Rewound(f"{self._where} was started again, or is another one, while the board was gone through")
        self._scanned = scanned
        return int(following), [lead.decode() for lead, _ in pairs(members)]

    def _standing(self, answer: list[Any]) -> Standing:
        """What a script answered, or the error that it stands for."""
        match answer:
            case [b"OK", ver, time_ms, timer, outbox_length, *_]:
                return Standing(int(ver), int(time_ms), _instant(timer), int(outbox_length))
            case [b"FENCED"]:
                raise Fenced(f"{self._where} has another owner")
            case [b"REWOUND", *words]:
                what, ours, stored = (word.decode() for word in words)
                raise Rewound(f"{self._where}: {what} is {stored or 'gone'}, and the lane left it at {ours}")
            case [b"REFUSED", *words]:
                raise refusal(self._where, *(word.decode() for word in words))
            case [b"REBUILT"]:
                raise rebuilt(self._where, self._keys.partition)
        raise AssertionError(f"a script answered {answer!r}")

    @property
    def _where(self) -> str:
        return f"Redis at {self._connection.address}, {self._keys.tag}"


def _instant(timer: bytes) -> int | None:
    return int(float(timer)) if timer else None


async def accept(
    connection: Connection, keys: Keys, ver: str, fields: Mapping[str, str], removed: Sequence[str]
) -> bool:
    """Write and remove fields of a lane's meta, if it stands at `ver` (empty: wherever it stands); else False."""
    values = [word for pair in fields.items() for word in pair]
    answer = await connection.run(ACCEPT, (keys.meta,), [ver, str(len(values)), *values, *removed])
    return bool(answer[0] == b"OK")
