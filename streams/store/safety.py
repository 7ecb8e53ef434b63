"""May scores be kept in this Redis? Asked once, before a worker starts, of each server that is to hold some.

A Redis that evicts keys loses leads one by one, and one that keeps nothing on disk loses them all at a
restart; both without an error that anybody would see.
"""

from __future__ import annotations

from collections.abc import Iterator

from streams.lane.ports import StoreRefused, StoreUnavailable
from streams.store.condition import Condition, Look

OLDEST_REDIS = (6, 2)
"""XTRIM MINID, by which the outbox is trimmed, came with 6.2; without it a commit would fail half-way."""


def check_safety(look: Look, *, volatile: bool) -> None:
    """Raise StoreRefused, with everything that is wrong, or StoreUnavailable, with every server that is away.

    `volatile`: the operator accepts that a restart of Redis loses every score.
    """
    if look.away:
        raise StoreUnavailable("\n".join(str(error) for error in look.away.values()))
    told = [
        f"Redis at {condition.address} {problem}"
        for condition in look.conditions
        for problem in _problems(condition, volatile=volatile)
    ]
    if told:
        raise StoreRefused("\n".join(told))


def _problems(condition: Condition, *, volatile: bool) -> Iterator[str]:
    version = tuple(int(part) for part in condition.version.split(".") if part.isdigit())
    if version < OLDEST_REDIS:
        yield f"is version {_dotted(version)}: leadline needs {_dotted(OLDEST_REDIS)} or newer"
    if condition.eviction != "noeviction":
        yield (
            f"may evict keys (maxmemory-policy is {condition.eviction}), and a lead's score would vanish with "
            "them: set maxmemory-policy noeviction"
        )
    if condition.saves is None and not volatile:
        yield (
            "does not let us see whether it saves (CONFIG GET is forbidden, its append-only file is off): "
            "allow CONFIG GET, set appendonly yes, or accept with --volatile that a restart may lose every score"
        )
    if condition.saves is False and not volatile:
        yield (
            "keeps nothing on disk (appendonly is no, save is empty): set appendonly yes, or accept with "
            "--volatile that a restart loses every score"
        )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
