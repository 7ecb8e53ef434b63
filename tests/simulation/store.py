"""A lane's store over a wire: the double of Redis, reached as Redis is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from streams.lane.ports import (
    Acquired,
    Commit,
    Fenced,
    OutboxEntry,
    Rewound,
    Standing,
    StoreUnavailable,
)
from tests.simulation.wire import Unanswered
from tests.support.doubles.store import MemoryLane

if TYPE_CHECKING:
    from tests.simulation.worker import Worker

Answer = TypeVar("Answer")


def at_once(call: Coroutine[Any, Any, Answer]) -> Answer:
    """What a coroutine returns that waits for nothing."""
    try:
        call.send(None)
    except StopIteration as done:
        answer: Answer = done.value
        return answer
    raise AssertionError("it waits")


class WiredLane:
    """The port `LaneStore`. Its owner's token comes with the answer: an acquisition that arrives late fences us."""

    def __init__(self, worker: Worker, partition: int) -> None:
        self._worker = worker
        self._partition = partition
        self._ver = -1
        self._lane: MemoryLane = worker.world.store.lane(partition)

    @property
    def is_owner(self) -> bool:
        """Whether Redis stands where it has last said to us that it does."""
        return self._lane.is_owner and self._worker.world.redis.lane(self._partition).meta["ver"] == str(self._ver)

    async def acquire(self) -> Acquired:
        """See the port."""
        lane = self._worker.world.store.lane(self._partition)
        acquired = await self._ask(lane.acquire)
        self._lane, self._ver = lane, acquired.standing.ver
        return acquired

    async def load(self, lead_ids: Sequence[str]) -> Sequence[bytes | None]:
        """See the port."""
        return await self._ask(lambda: self._lane.load(lead_ids))

    async def load_profiles(self, lead_ids: Sequence[str]) -> Sequence[bytes | None]:
        """See the port."""
        return await self._ask(lambda: self._lane.load_profiles(lead_ids))

    async def load_erased(self) -> Mapping[str, int]:
        """See the port."""
        return await self._ask(self._lane.load_erased)

    async def due(self, until_ms: int, limit: int) -> Sequence[tuple[str, int]]:
        """See the port."""
        return await self._ask(lambda: self._lane.due(until_ms, limit))

    async def commit(self, commit: Commit) -> Standing:
        """See the port."""
        world, lane = self._worker.world, self._lane
        world.ledger.sends(commit, self._worker, self._partition)

        async def serve() -> Standing:
            before = world.redis.commits
            standing = await lane.commit(commit)
            if world.redis.commits == before:
                world.was("redis: repeated commit answered as before")
            return standing

        standing: Standing = await self._ask(serve)
        self._ver = standing.ver
        return standing

    async def standing(self) -> Standing:
        """See the port."""
        return await self._ask(self._lane.standing)

    async def outbox(self, after: int, limit: int) -> Sequence[OutboxEntry]:
        """See the port."""
        return await self._ask(lambda: self._lane.outbox(after, limit))

    async def board_top(self, start: int, limit: int) -> Sequence[tuple[str, float]]:
        """See the port."""
        return await self._ask(lambda: self._lane.board_top(start, limit))

    async def board_scan(self, cursor: int) -> tuple[int, Sequence[str]]:
        """See the port."""
        return await self._ask(lambda: self._lane.board_scan(cursor))

    async def _ask(self, call: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await self._worker.redis.ask(lambda: self._serve(call))
        except Unanswered:
            raise StoreUnavailable("no answer") from None

    def _serve(self, call: Callable[[], Any]) -> Any:
        try:
            return at_once(call())
        except (Fenced, Rewound) as error:
            name = getattr(call, "__name__", "")
            if name in ("serve", "standing"):
                what = "commit" if name == "serve" else "look"
                self._worker.world.was(f"redis: {what} {type(error).__name__.lower()}")
            raise
