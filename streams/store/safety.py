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

SETTINGS = ("maxmemory-policy", "appendonly", "save")


class Policy(NamedTuple):
    """How a Redis treats what it is given. `saves` is None where it would not say; `shards`: 1 but in a cluster."""

    version: tuple[int, ...]
    shards: int
    eviction: str
    saves: bool | None


async def check_safety(connection: Connection, *, volatile: bool) -> None:
    """Raise StoreRefused, with everything that is wrong, or StoreUnavailable.

    `volatile`: the operator accepts that a restart of Redis loses every score.
    """
    problems = _problems(await read_policy(connection), volatile=volatile)
    if problems:
        raise StoreRefused("\n".join(f"Redis at {connection.address} {problem}" for problem in problems))


def _problems(policy: Policy, *, volatile: bool) -> list[str]:
    problems = []
    if policy.version < OLDEST_REDIS:
        problems.append(f"is version {_dotted(policy.version)}: leadline needs {_dotted(OLDEST_REDIS)} or newer")
    if policy.shards > 1:
        problems.append(
            f"is one of {policy.shards} shards of a cluster, and holds some lanes only: give leadline a Redis that "
            "holds all of them, with replicas if it is to survive its machine"
        )
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


async def read_policy(connection: Connection) -> Policy:
    """How it treats what it is given, now. Raises StoreUnavailable or StoreRefused."""
    about = await info(connection, "server")
    version = tuple(int(part) for part in about["redis_version"].split(".") if part.isdigit())
    shards = await _shards(connection) if about.get("redis_mode") == "cluster" else 1
    try:
        settings = {name: await setting(connection, name) for name in SETTINGS}
    except StoreRefused:  # Hosted Redis often has no CONFIG. INFO does not tell of `save` lines.
        told = {**await info(connection, "memory"), **await info(connection, "persistence")}
        return Policy(version, shards, told["maxmemory_policy"], True if told["aof_enabled"] == "1" else None)
    saves = settings["appendonly"] == "yes" or bool(settings["save"])
    return Policy(version, shards, settings["maxmemory-policy"], saves)


async def _shards(connection: Connection) -> int:
    """How many masters share the keys; 1 if our user may not ask: then the first lane elsewhere tells."""
    try:
        told = _lines(await connection.ask("CLUSTER", "INFO"))
    except StoreRefused:
        return 1
    return int(told["cluster_size"])


async def setting(connection: Connection, name: str) -> str:
    """The value of one line of its configuration. Raises StoreRefused where it may not be read."""
    _, value = await connection.ask("CONFIG", "GET", name)
    return str(value, "utf-8")


async def info(connection: Connection, section: str) -> dict[str, str]:
    """What Redis tells of itself under this heading."""
    return _lines(await connection.ask("INFO", section))


def _lines(answer: bytes) -> dict[str, str]:
    return dict(line.split(":", 1) for line in str(answer, "utf-8").splitlines() if ":" in line)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
