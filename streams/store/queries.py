"""Questions that both a lane and a reader ask."""

from __future__ import annotations

from collections.abc import Sequence

from streams.store.connection import Connection, pairs
from streams.store.keys import Keys

LOAD_CHUNK = 2_000
"""Leads read by one command: about 2 MB of states, 2 ms during which Redis serves nobody else."""


SCAN_LEADS = 1_000
"""Leads that one step of a scan looks at: 0.3 ms of Redis."""


async def load(connection: Connection, keys: Keys, lead_ids: Sequence[str]) -> list[bytes | None]:
    """The packed states of these leads, None for an unknown one."""
    return await _get(connection, keys.leads, lead_ids)


async def load_profiles(connection: Connection, keys: Keys, lead_ids: Sequence[str]) -> list[bytes | None]:
    """The profiles of these leads, None where nothing is known."""
    return await _get(connection, keys.profiles, lead_ids)


async def _get(connection: Connection, prefix: str, lead_ids: Sequence[str]) -> list[bytes | None]:
    values: list[bytes | None] = []
    for start in range(0, len(lead_ids), LOAD_CHUNK):
        chunk = [prefix + lead for lead in lead_ids[start : start + LOAD_CHUNK]]
        values += await connection.ask("MGET", *chunk)
    return values


async def board_top(connection: Connection, keys: Keys, start: int, limit: int) -> list[tuple[str, float]]:
    """(lead, upper bound of its score), highest first (ties: by lead, descending), from rank `start`."""
    if limit <= 0:
        return []  # To Redis, a last rank of -1 means all.
    answer = await connection.ask("ZREVRANGE", keys.board, start, start + limit - 1, "WITHSCORES")
    return [(lead.decode(), float(bound)) for lead, bound in pairs(answer)]


async def board_scan(connection: Connection, keys: Keys, cursor: int) -> tuple[int, list[tuple[str, float]]]:
    """(lead, upper bound of its score) of every lead, page by page in no order; starts and ends with cursor 0.

    Who is on the board all the while comes at least once, and twice only if Redis reorganises meanwhile.
    """
    following, members = await connection.ask("ZSCAN", keys.board, cursor, "COUNT", SCAN_LEADS)
    return int(following), [(lead.decode(), float(bound)) for lead, bound in pairs(members)]
