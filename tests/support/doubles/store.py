"""Redis in memory, as far as lanes and readers see it: same owners, same compare-and-set, same answers.

redis = MemoryRedis(clock)
store = MemoryStore(redis, partitions=2)
lane = store.lane(0)            # as streams.store.Store gives them; each call is another owner
redis.lose_next_reply()         # the next commit is written, and its answer lost
redis.fault = "away"            # every call fails until it is None again; "full": only writes do
older = redis.snapshot()
redis.restore(older)            # Redis has lost what was acknowledged since
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

from scoring.lead import STATE_FORMAT
from streams.clock import Clock
from streams.lane.ports import (
    Acquired,
    Commit,
    Fenced,
    OutboxEntry,
    Rewound,
    Standing,
    StoreUnavailable,
)
from streams.store.commit import HISTORY_LENGTH, check, meta_after
from streams.store.keys import layout, partitions_of
from streams.store.reader import Counts, NothingScored
from streams.store.refusals import refusal

SCAN_COUNT = 10
"""Leads on one page of a scan: few, so that small tests turn pages."""


@dataclass(slots=True)
class LaneKeys:
    """The keys of one partition."""

    meta: dict[str, str] = field(default_factory=dict)
    states: dict[str, bytes] = field(default_factory=dict)
    board: dict[str, float] = field(default_factory=dict)
    timers: dict[str, int] = field(default_factory=dict)
    history: dict[str, list[bytes]] = field(default_factory=dict)
    outbox: dict[int, OutboxEntry] = field(default_factory=dict)
    journal: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class MemoryRedis:
    """The server: what is kept, its clock, and the faults that a test wants. `commits` counts those written."""

    clock: Clock
    fault: Literal["away", "full"] | None = None
    commits: int = 0
    _lanes: dict[int, LaneKeys] = field(default_factory=dict)
    _loses_next_reply: bool = False
    _owners: count[int] = field(default_factory=lambda: count(1))

    def lane(self, partition: int) -> LaneKeys:
        """The keys of a partition."""
        return self._lanes.setdefault(partition, LaneKeys())

    def lose_next_reply(self) -> None:
        """The next commit that is sent is carried out, and then raises StoreUnavailable."""
        self._loses_next_reply = True

    def snapshot(self) -> dict[int, LaneKeys]:
        """A copy of everything as it is now."""
        return copy.deepcopy(self._lanes)

    def restore(self, older: dict[int, LaneKeys]) -> None:
        """Be again as at that snapshot."""
        self._lanes = copy.deepcopy(older)

    def serve(self, *, writes: bool = False) -> None:
        """Called first in every command. Raises StoreUnavailable if the fault forbids it."""
        if self.fault == "away" or (self.fault == "full" and writes):
            raise StoreUnavailable(f"the Redis in memory is {self.fault}")

    def answer(self, standing: Standing) -> Standing:
        """The answer to a commit, unless it is to be lost."""
        if self._loses_next_reply:
            self._loses_next_reply = False
            raise StoreUnavailable("the Redis in memory lost the reply")
        return standing

    def new_token(self) -> str:
        """A token that no owner has had, also none before a restore."""
        return f"owner-{next(self._owners)}"


class MemoryStore:
    """streams.store.Store in memory."""

    def __init__(
        self,
        redis: MemoryRedis,
        *,
        partitions: int = 1,
        environment: str = "test",
        state_format: int = STATE_FORMAT,
    ) -> None:
        self._redis = redis
        self._identity = {
            "layout": layout(partitions),
            "environment": environment,
            "format": str(state_format),
        }

    async def check(self) -> None:
        """Raises StoreUnavailable if Redis is away."""
        self._redis.serve()

    def lane(self, partition: int) -> MemoryLane:
        """The keys of one partition. Each call gives an owner of its own, fenced until it acquires."""
        return MemoryLane(self._redis, partition, self._identity)

    def reader(self) -> MemoryReader:
        """The same Redis, to look at."""
        return MemoryReader(self._redis)

    async def close(self) -> None:
        """Nothing is open."""


class MemoryLane:
    """The port `LaneStore` in memory."""

    def __init__(self, redis: MemoryRedis, partition: int, identity: dict[str, str]) -> None:
        self._redis = redis
        self._partition = partition
        self._identity = identity
        self._token = ""

    @property
    def _keys(self) -> LaneKeys:
        return self._redis.lane(self._partition)

    async def acquire(self) -> Acquired:
        """As acquire.lua."""
        self._redis.serve(writes=True)
        meta, ours = self._keys.meta, self._identity
        for what in ("layout", "environment"):
            if meta.get(what, ours[what]) != ours[what]:
                raise refusal("the Redis in memory", what, meta[what], ours[what])
        if int(meta.get("format", "0")) > int(ours["format"]):
            raise refusal("the Redis in memory", "format", meta["format"], ours["format"])
        self._token = self._redis.new_token()
        counted = {
            name: meta.get(name, start) for name, start in (("ver", "0"), ("timeline", "1"), ("outbox", "0"))
        }
        meta.update(ours, token=self._token, **counted)
        return Acquired(dict(meta), self._standing())

    async def load(self, lead_ids: Sequence[str]) -> Sequence[bytes | None]:
        """As MGET."""
        self._redis.serve()
        return [self._keys.states.get(lead) for lead in lead_ids]

    async def due(self, until_ms: int, limit: int) -> Sequence[tuple[str, int]]:
        """As ZRANGEBYSCORE: equal scores in the order of the members' bytes."""
        self._redis.serve()
        due = [(lead, at) for lead, at in self._keys.timers.items() if at <= until_ms]
        return sorted(due, key=lambda timer: (timer[1], timer[0].encode()))[:limit]

    async def commit(self, commit: Commit) -> Standing:
        """As commit.lua."""
        check(commit)
        self._redis.serve()
        self._compare_token()
        meta = self._keys.meta
        if meta.get("commit") != commit.commit_id:
            self._compare(commit)
            self._redis.serve(writes=True)
            _write(self._keys, commit)
            self._redis.commits += 1
        return self._redis.answer(self._standing())

    async def standing(self) -> Standing:
        """As standing.lua."""
        self._redis.serve()
        self._compare_token()
        return self._standing()

    async def outbox(self, after: int, limit: int) -> Sequence[OutboxEntry]:
        """As XRANGE."""
        self._redis.serve()
        return [entry for number, entry in self._keys.outbox.items() if number > after][:limit]

    async def board_top(self, start: int, limit: int) -> Sequence[tuple[str, float]]:
        """As ZREVRANGE."""
        return await MemoryReader(self._redis).board(self._partition, start, limit)

    async def board_scan(self, cursor: int) -> tuple[int, Sequence[str]]:
        """As ZSCAN, in the order of insertion."""
        self._redis.serve()
        leads = list(self._keys.board)
        following = cursor + SCAN_COUNT
        return (following if following < len(leads) else 0), leads[cursor:following]

    def _compare_token(self) -> None:
        owner = self._keys.meta.get("token")
        if owner is None:
            raise Rewound("the lane is gone from the Redis in memory")
        if owner != self._token:
            raise Fenced("the lane in the Redis in memory has another owner")

    def _compare(self, commit: Commit) -> None:
        meta = self._keys.meta
        if meta["ver"] != str(commit.ver):
            raise Rewound(f"ver is {meta['ver']}, and the lane left it at {commit.ver}")
        for topic, (start, _) in commit.offsets.items():
            if meta.get(f"offset:{topic}", str(start)) != str(start):
                raise Rewound(f"{topic} is not at {start}")
        if commit.outbox and int(meta["outbox"]) != commit.outbox[0].number - 1:
            raise refusal("the Redis in memory", "outbox", meta["outbox"], str(commit.outbox[0].number - 1))

    def _standing(self) -> Standing:
        keys = self._keys
        next_timer_ms = min(keys.timers.values(), default=None)
        return Standing(int(keys.meta["ver"]), self._redis.clock.now_ms(), next_timer_ms, len(keys.outbox))


class MemoryReader:
    """streams.store.Reader in memory."""

    def __init__(self, redis: MemoryRedis) -> None:
        self._redis = redis

    async def partitions(self) -> int:
        """As the field `layout` of partition 0 says."""
        stored = self._keys(0).meta.get("layout")
        if stored is None:
            raise NothingScored("nothing has been scored in the Redis in memory yet")
        return partitions_of(stored)

    async def meta(self, partition: int) -> dict[str, str]:
        """As HGETALL."""
        return dict(self._keys(partition).meta)

    async def lead_state(self, partition: int, lead_id: str) -> bytes | None:
        """As GET."""
        return self._keys(partition).states.get(lead_id)

    async def states(self, partition: int, lead_ids: Sequence[str]) -> list[bytes | None]:
        """As MGET."""
        return [self._keys(partition).states.get(lead) for lead in lead_ids]

    async def history(self, partition: int, lead_id: str, limit: int) -> list[bytes]:
        """As LRANGE."""
        return self._keys(partition).history.get(lead_id, [])[:limit]

    async def board(self, partition: int, start: int, limit: int) -> list[tuple[str, float]]:
        """As ZREVRANGE: equal scores in the descending order of the members' bytes."""
        items = self._keys(partition).board.items()
        board = sorted(items, key=lambda item: (item[1], item[0].encode()), reverse=True)
        return board[start : start + limit]

    async def counts(self, partition: int) -> Counts:
        """As ZCARD, ZCARD and XLEN."""
        keys = self._keys(partition)
        return Counts(len(keys.board), len(keys.timers), len(keys.outbox))

    async def journal(self, partition: int) -> AsyncIterator[bytes]:
        """As XRANGE."""
        for entry in self._keys(partition).journal:
            yield entry

    def _keys(self, partition: int) -> LaneKeys:
        self._redis.serve()
        return self._redis.lane(partition)


def _write(keys: LaneKeys, commit: Commit) -> None:
    keys.meta.update(meta_after(commit))
    keys.states.update(commit.states)
    keys.board.update(commit.board)
    for lead, at_ms in commit.timers.items():
        if at_ms is None:
            keys.timers.pop(lead, None)
        else:
            keys.timers[lead] = at_ms
    for lead, changes in commit.history.items():
        kept = [*reversed(changes), *keys.history.get(lead, [])]
        keys.history[lead] = kept[:HISTORY_LENGTH]
    keys.outbox.update((entry.number, entry) for entry in commit.outbox)
    for number in [number for number in keys.outbox if number <= commit.trim]:
        del keys.outbox[number]
    if commit.journal is not None:
        keys.journal.append(commit.journal)
