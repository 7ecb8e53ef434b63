"""A lane that has nothing to do notices within seconds that Redis has gone back under it."""

from __future__ import annotations

import asyncio

from schemas.instants import format_ms
from streams.lane.tenure import COMPARE_EVERY_S
from tests.simulation.load import BEGIN_MS, CLICKS
from tests.simulation.loop import VirtualLoop, pass_time
from tests.support.doubles.lane import GivenLane
from tests.support.doubles.memory_redis import MemoryRedis
from tests.support.doubles.store import MemoryStore

SLACK_S = 1.0
"""A turn, and the moment before a lane takes over again."""


class LoopClock:
    """The time of the loop."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_ms(self) -> int:
        """From the beginning of a run on."""
        return BEGIN_MS + int(self._loop.time() * 1_000)

    def monotonic_s(self) -> float:
        """The same, in seconds."""
        return self._loop.time()


def test_what_redis_has_lost_is_scored_again_though_nothing_comes() -> None:
    """No record, no timer: only a look at the version tells."""
    loop = VirtualLoop()
    redis = MemoryRedis(LoopClock(loop))

    async def main() -> None:
        lane = GivenLane(MemoryStore(redis).lane(0), LoopClock(loop))
        lane.publisher.let_go.set()
        async with lane.running():
            await lane.applied()
            older = redis.snapshot()
            value = {"id": "e-1", "lead_id": "L-1", "occurred_at": format_ms(BEGIN_MS), "url": "https://x.example"}
            lane.given.add(CLICKS, value, BEGIN_MS)
            await lane.applied()
            redis.restore(older)
            assert "L-1" not in redis.lane(0).states
            await pass_time(COMPARE_EVERY_S + SLACK_S)
            assert "L-1" in redis.lane(0).states

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main())
