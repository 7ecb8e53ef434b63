"""How each Redis server is, as it tells itself: the one reading for the start, the gauges and the doctor.

What follows from it is said elsewhere: `safety` whether scores may be kept there, `vitals` what a worker shows.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from streams.lane.ports import StoreRefused, StoreUnavailable
from streams.store.connection import Connection
from streams.store.node import Node

ATTEMPTS = {
    "aof_last_write_status": "the last write to its append-only file",
    "aof_last_bgrewrite_status": "the last rewriting of its append-only file",
    "rdb_last_bgsave_status": "the last snapshot",
}
"""What INFO has of its attempts to save, each `ok` or `err`, and what that is in words."""


class Condition(NamedTuple):
    """`limit_bytes`: its `maxmemory`, 0 without one; `machine_bytes`: all that its machine has, 0 if not told.

    `saves` is None where it would not say. `fsync` is empty there, and where it writes no append-only file
    (`writes_log` false). `failed` are names of ATTEMPTS.
    """

    address: str
    version: str
    clock_ms: int
    used_bytes: int
    limit_bytes: int
    machine_bytes: int
    eviction: str
    saves: bool | None
    writes_log: bool
    fsync: str
    failed: tuple[str, ...]

    @property
    def bound_bytes(self) -> int:
        """What it can hold: by its own limit, else by its machine."""
        return self.limit_bytes or self.machine_bytes


class Look(NamedTuple):
    """The servers that answered, and the error of each that did not, by its address."""

    conditions: tuple[Condition, ...]
    away: dict[str, StoreUnavailable]


async def look_at(connection: Connection, reserved: set[str]) -> Look:
    """All primaries, at once. `reserved`: addresses of those that keep their configuration to themselves.

    They are not asked for it again, and those that are found here are added: whoever looks every few seconds would
    fill Redis's list of refusals. Raises StoreUnavailable if nobody says which they are, and StoreRefused.
    """
    nodes = await connection.primaries()
    reading = (_read(node, reserved) for node in nodes)
    answers = zip(nodes, await asyncio.gather(*reading, return_exceptions=True), strict=True)
    conditions, away = [], {}
    for node, answer in answers:
        match answer:
            case Condition():
                conditions.append(answer)
            case StoreUnavailable():
                away[node.address] = answer
            case _:
                raise answer
    return Look(tuple(conditions), away)


async def _read(node: Node, reserved: set[str]) -> Condition:
    told = _lines(await node.ask("INFO"))
    seconds, micros = await node.ask("TIME")
    writes_log = told["aof_enabled"] == "1"
    setting = await _setting(node, "appendfsync" if writes_log else "save", reserved)
    return Condition(
        address=node.address,
        version=told["redis_version"],
        clock_ms=int(seconds) * 1_000 + int(micros) // 1_000,
        used_bytes=int(told["used_memory"]),
        limit_bytes=int(told.get("maxmemory", "0")),
        machine_bytes=int(told.get("total_system_memory", "0")),
        eviction=told["maxmemory_policy"],
        saves=writes_log or (None if setting is None else bool(setting)),
        writes_log=writes_log,
        fsync=setting or "" if writes_log else "",
        failed=tuple(name for name in ATTEMPTS if told.get(name, "ok") != "ok"),
    )


async def _setting(node: Node, name: str, reserved: set[str]) -> str | None:
    """A line of its configuration; None where that may not be read: hosted Redis often has no CONFIG."""
    if node.address in reserved:
        return None
    try:
        _, value = await node.ask("CONFIG", "GET", name)
    except StoreRefused:
        reserved.add(node.address)
        return None
    return str(value, "utf-8")


def _lines(answer: bytes) -> dict[str, str]:
    return dict(line.split(":", 1) for line in str(answer, "utf-8").splitlines() if ":" in line)
