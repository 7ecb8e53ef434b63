"""How Redis is while workers run: its memory, and whether scores are still safe there.

What was checked before the start may be changed meanwhile (`CONFIG SET`), and a disk may fill: an append-only file
or a snapshot that fails is seen nowhere else before the restart that loses scores.
"""

from __future__ import annotations

from collections.abc import Iterator

from streams.facts import Danger, Inside, RedisFacts
from streams.lane.ports import StoreUnavailable
from streams.store.connection import Connection
from streams.store.safety import Policy, info, read_policy


async def look(connection: Connection) -> RedisFacts:
    """How Redis is now; one that does not answer is told as down. Raises StoreRefused."""
    try:
        memory = await info(connection, "memory")
        persistence = await info(connection, "persistence")
        policy = await read_policy(connection)
    except StoreUnavailable:
        return RedisFacts(is_up=False)
    dangers = frozenset(_dangers(policy, persistence))
    return RedisFacts(True, Inside(int(memory["used_memory"]), int(memory.get("maxmemory", "0")), dangers))


def _dangers(policy: Policy, persistence: dict[str, str]) -> Iterator[Danger]:
    if policy.eviction != "noeviction":
        yield Danger.EVICTS
    if policy.saves is False:
        yield Danger.SAVES_NOTHING
    if persistence.get("aof_last_write_status", "ok") != "ok":
        yield Danger.APPEND_FAILED
    if persistence.get("rdb_last_bgsave_status", "ok") != "ok":
        yield Danger.SNAPSHOT_FAILED
