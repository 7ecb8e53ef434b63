"""May scores be kept in this Redis? Asked once, before a worker starts.

A Redis that evicts keys loses leads one by one, and one that keeps nothing on disk loses them all at a
restart; both without an error that anybody would see.
"""

from __future__ import annotations

from typing import NamedTuple

from streams.lane.ports import StoreRefused
from streams.store.connection import Connection

OLDEST_REDIS = (6, 2)
"""XTRIM MINID, by which the outbox is trimmed, came with 6.2; without it a commit would fail half-way."""


class Policy(NamedTuple):
    """How a Redis treats what it is given. `saves` is None where it would not say."""

    version: tuple[int, ...]
    eviction: str
    saves: bool | None


async def check_safety(connection: Connection, *, volatile: bool) -> None:
    """Raise StoreRefused, with everything that is wrong, or StoreUnavailable.

    `volatile`: the operator accepts that a restart of Redis loses every score.
    """
    problems = _problems(await _policy(connection), volatile=volatile)
    if problems:
        raise StoreRefused("\n".join(f"Redis at {connection.address} {problem}" for problem in problems))


def _problems(policy: Policy, *, volatile: bool) -> list[str]:
    problems = []
    if policy.version < OLDEST_REDIS:
        problems.append(f"is version {_dotted(policy.version)}: leadline needs {_dotted(OLDEST_REDIS)} or newer")
    if policy.eviction != "noeviction":
        problems.append(
            f"may evict keys (maxmemory-policy is {policy.eviction}), and a lead's score would vanish with "
            "them: set maxmemory-policy noeviction"
        )
    if policy.saves is None and not volatile:
        problems.append(
            "does not let us see whether it saves (CONFIG GET is forbidden, its append-only file is off): "
            "allow CONFIG GET, set appendonly yes, or accept with --volatile that a restart may lose every score"
        )
    if policy.saves is False and not volatile:
        problems.append(
            "keeps nothing on disk (appendonly is no, save is empty): set appendonly yes, or accept with "
            "--volatile that a restart loses every score"
        )
    return problems


async def _policy(connection: Connection) -> Policy:
    told = {
        key: value
        for section in ("server", "memory", "persistence")
        for key, value in (await _info(connection, section)).items()
    }
    version = tuple(int(part) for part in told["redis_version"].split(".") if part.isdigit())
    saves = True if told["aof_enabled"] == "1" else await _has_save_lines(connection)
    return Policy(version, told["maxmemory_policy"], saves)


async def _has_save_lines(connection: Connection) -> bool | None:
    """INFO does not tell of them, and hosted Redis often has no CONFIG."""
    try:
        _, lines = await connection.ask("CONFIG", "GET", "save")
    except StoreRefused:
        return None
    return bool(lines)


async def _info(connection: Connection, section: str) -> dict[str, str]:
    text = str(await connection.ask("INFO", section), "utf-8")
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
