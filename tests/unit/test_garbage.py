"""Cycles go by the minute, and by nothing else."""

from __future__ import annotations

import asyncio
import gc
import weakref

from streams.garbage import GarbageCollection

MANY = 10_000
"""Objects more than before: Python by itself would look after 700."""


class Knot:
    """Holds itself."""

    def __init__(self) -> None:
        self.self = self


async def test_a_cycle_is_gone_when_the_time_has_come() -> None:
    """And not before, however many objects there are; after the end Python collects again."""
    gone = asyncio.Event()
    async with GarbageCollection(every_s=0.2):
        knot = weakref.ref(Knot(), lambda _: gone.set())
        kept = [[] for _ in range(MANY)]
        assert knot() is not None, f"collected by the count of {len(kept)} objects"
        async with asyncio.timeout(5):
            await gone.wait()
    assert gc.isenabled()
    assert not gc.get_freeze_count()
