"""Cycles go by the minute, or when memory grows, and by nothing else."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref

from streams.garbage import GROWTH, LOOKS_MAX, GarbageCollection

LOOK_EVERY_S = 0.1
MANY = 10_000
"""Objects more than before: Python by itself would look after 700."""


class Knot:
    """Holds itself."""

    def __init__(self) -> None:
        self.self = self


async def test_a_cycle_is_gone_when_the_time_has_come() -> None:
    """And not before, however many objects there are; after the end Python collects again."""
    async with GarbageCollection(LOOK_EVERY_S):
        kept = [[] for _ in range(MANY)]
        assert await _seconds_until_gone() > LOOK_EVERY_S * LOOKS_MAX / 2, f"by the count of {len(kept)} objects"
    assert gc.isenabled()
    assert not gc.get_freeze_count()


async def test_a_cycle_is_gone_at_the_next_look_when_memory_has_grown() -> None:
    """As in an outage, whose broken connections leave one after the other."""
    async with GarbageCollection(LOOK_EVERY_S):
        await asyncio.sleep(0)  # it has seen how much there is
        kept = [[] for _ in range(int(sys.getallocatedblocks() * (GROWTH - 1) * 1.5))]
        assert await _seconds_until_gone() < LOOK_EVERY_S * LOOKS_MAX / 2, f"{len(kept)} objects more"


async def _seconds_until_gone() -> float:
    gone = asyncio.Event()
    knot = weakref.ref(Knot(), lambda _: gone.set())
    assert knot() is not None
    time_s = asyncio.get_running_loop().time
    began_s = time_s()
    async with asyncio.timeout(10):
        await gone.wait()
    return time_s() - began_s
