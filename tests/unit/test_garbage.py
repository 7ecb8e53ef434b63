"""Cycles go by time, the young ones soon, and by nothing else."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections import Counter

from streams.garbage import ALL_EVERY, OLDER_EVERY, GarbageCollection, generation

LOOK_EVERY_S = 0.1
MANY = 10_000
"""Objects more than before: Python by itself would look after 700."""


class Knot:
    """Holds itself."""

    def __init__(self) -> None:
        self.self: Knot | None = self


async def test_a_young_cycle_is_gone_at_the_next_look() -> None:
    """And not before, however many objects there are; after the end Python collects again."""
    async with GarbageCollection(LOOK_EVERY_S):
        kept = [[] for _ in range(MANY)]
        assert await _looks_until_gone(Knot()) < OLDER_EVERY / 2, f"{len(kept)} objects more"
    assert gc.isenabled()
    assert not gc.get_freeze_count()


async def test_a_cycle_that_was_alive_at_a_look_waits_for_an_older_one() -> None:
    """As the connection that was there when Kafka went away."""
    async with GarbageCollection(LOOK_EVERY_S):
        held = [Knot()]
        held[0].self = None
        await _looks_until_gone(Knot())
        held[0].self = held[0]
        assert await _looks_until_gone(held.pop()) > OLDER_EVERY / 2


def test_everything_is_looked_at_now_and_then() -> None:
    """Each kind of look has its turns."""
    found = Counter(generation(looks) for looks in range(1, ALL_EVERY + 1))
    assert found == {0: ALL_EVERY - ALL_EVERY // OLDER_EVERY, 1: ALL_EVERY // OLDER_EVERY - 1, 2: 1}


async def _looks_until_gone(knot: Knot) -> float:
    """From now on, when nobody but itself holds it: the caller does not either."""
    gone = asyncio.Event()
    seen = weakref.ref(knot, lambda _: gone.set())
    del knot
    assert seen() is not None
    time_s = asyncio.get_running_loop().time
    began_s = time_s()
    async with asyncio.timeout(10):
        await gone.wait()
    return (time_s() - began_s) / LOOK_EVERY_S
