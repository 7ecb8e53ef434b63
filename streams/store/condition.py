"""How a Redis is, as it tells itself: its version and clock, what it holds of how much, and whether it saves.

Whether scores may be kept there at all is decided in `safety`; this is for whoever looks after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from streams.lane.ports import StoreRefused
from streams.store.connection import Connection
from streams.store.safety import info, setting

OUTCOMES = {
    "aof_last_write_status": "the last write to its append-only file",
    "aof_last_bgrewrite_status": "the last rewriting of its append-only file",
    "rdb_last_bgsave_status": "the last snapshot",
}
"""What INFO has of its attempts to save, each `ok` or `err`."""


class Condition(NamedTuple):
    """`bound_bytes`: its `maxmemory`, or without one (`is_bounded` false) all that its machine has.

    `fsync` is empty where it would not say, and where it writes no append-only file (`writes_log` false).
    """

    version: str
    clock_ms: int
    used_bytes: int
    bound_bytes: int
    is_bounded: bool
    writes_log: bool
    fsync: str
    failed: tuple[str, ...]


async def read_condition(connection: Connection) -> Condition:
    """Raises StoreUnavailable or StoreRefused."""
    told = {
        name: value
        for section in ("server", "memory", "persistence")
        for name, value in (await info(connection, section)).items()
    }
    seconds, micros = await connection.ask("TIME")
    bound = int(told.get("maxmemory", "0"))
    writes_log = told.get("aof_enabled") == "1"
    return Condition(
        version=told["redis_version"],
        clock_ms=int(seconds) * 1_000 + int(micros) // 1_000,
        used_bytes=int(told["used_memory"]),
        bound_bytes=bound or int(told.get("total_system_memory", "0")),
        is_bounded=bound > 0,
        writes_log=writes_log,
        fsync=await _fsync(connection) if writes_log else "",
        failed=tuple(_failed(told)),
    )


def _failed(told: Mapping[str, str]) -> Iterator[str]:
    return (what for name, what in OUTCOMES.items() if told.get(name, "ok") != "ok")


async def _fsync(connection: Connection) -> str:
    try:
        return await setting(connection, "appendfsync")
    except StoreRefused:  # Hosted Redis often has no CONFIG.
        return ""
