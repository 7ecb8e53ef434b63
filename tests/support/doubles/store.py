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

from collections.abc import Mapping, Sequence

from scoring.state import STATE_FORMAT
from streams.lane.ports import Acquired, Commit, Fenced, OutboxEntry, Rewound, Standing
from streams.store.commit import check
from streams.store.keys import layout
from streams.store.refusals import rebuilt, refusal
from tests.support.doubles.memory_redis import LaneKeys, MemoryRedis, write
from tests.support.doubles.reader import MemoryReader

__all__ = ["MemoryLane", "MemoryRedis", "MemoryStore"]

SCAN_COUNT = 10
"""Leads on one page of a scan: few, so that small tests turn pages."""


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

    async def accept(
        self, partition: int, fields: Mapping[str, str], removed: Sequence[str], *, ver: str = ""
    ) -> bool:
        """As accept.lua."""
        self._redis.serve(writes=True)
        meta = self._redis.lane(partition).meta
        if "ver" not in meta or ver not in ("", meta["ver"]):
            return False
        for name in removed:
            meta.pop(name, None)
        meta.update(fields, commit="", ver=str(int(meta["ver"]) + 1))
        return True

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
    def is_owner(self) -> bool:
        """Whether nobody has acquired the lane since."""
        return self._keys.meta.get("token") == self._token

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
        if "rebuild" in meta:
            raise rebuilt("the Redis in memory", self._partition)
        self._token = self._redis.new_token()
        counted = {
            name: meta.get(name, start) for name, start in (("ver", "0"), ("timeline", "1"), ("outbox", "0"))
        }
        lineage = meta.get("lineage", f"lineage of {self._token}")
        meta.update(ours, token=self._token, lineage=lineage, **counted)
        return Acquired(dict(meta), self._standing())

    async def load(self, lead_ids: Sequence[str]) -> Sequence[bytes | None]:
        """As MGET."""
        self._redis.serve()
        return [self._keys.states.get(lead) for lead in lead_ids]

    async def load_profiles(self, lead_ids: Sequence[str]) -> Sequence[bytes | None]:
        """As MGET."""
        self._redis.serve()
        return [self._keys.profiles.get(lead) for lead in lead_ids]

    async def load_erased(self) -> Mapping[str, int]:
        """As HGETALL."""
        self._redis.serve()
        return dict(self._keys.erased)

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
            write(self._keys, commit)
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
