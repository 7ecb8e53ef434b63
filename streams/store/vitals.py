"""What a worker shows of Redis while it runs: its memory, and whether scores are still safe there; pure.

What was checked before the start may be changed meanwhile (`CONFIG SET`), and a disk may fill: an append-only file
or a snapshot that fails is seen nowhere else before the restart that loses scores.
"""

from __future__ import annotations

from collections.abc import Iterator

from streams.facts import Danger, Inside, RedisFacts
from streams.store.condition import Condition, Look

FAILURES = {"aof_last_write_status": Danger.APPEND_FAILED, "rdb_last_bgsave_status": Danger.SNAPSHOT_FAILED}
"""Of `condition.ATTEMPTS`; a rewriting that failed leaves the longer file, which is as good."""


def vitals(look: Look) -> RedisFacts:
    """All servers together: the lanes of one that is away cannot commit, and so Redis is down."""
    if look.away:
        return RedisFacts(is_up=False, away=tuple(look.away))
    seen = look.conditions
    dangers = frozenset(danger for condition in seen for danger in _dangers(condition))
    used, limits = sum(each.used_bytes for each in seen), [each.limit_bytes for each in seen]
    return RedisFacts(is_up=True, inside=Inside(used, sum(limits) if all(limits) else 0, dangers))


def _dangers(condition: Condition) -> Iterator[Danger]:
    if condition.eviction != "noeviction":
        yield Danger.EVICTS
    if condition.saves is False:
        yield Danger.SAVES_NOTHING
    yield from (danger for name, danger in FAILURES.items() if name in condition.failed)
