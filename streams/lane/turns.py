"""Turns: the lanes of a worker that have much to do at once do it slice by slice, by turns.

Between two slices the loop answers Kafka and Redis, and whoever has little to do does it: so a lane that eats a
backlog does not hold up another one's alert.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

SLICE = 250
"""Records read or folded, states encoded: a few milliseconds, in which nothing else runs."""

Thing = TypeVar("Thing")


class Turns:
    """One for all lanes of a worker."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def each(self, things: Sequence[Thing], work: Callable[[Sequence[Thing]], object]) -> None:
        """Do the work on all of these, in order; on a few at once, on many by slices."""
        if len(things) <= SLICE:
            work(things)
            return
        for start in range(0, len(things), SLICE):
            async with self._lock:
                work(things[start : start + SLICE])
            await asyncio.sleep(0)  # a lock that nobody else waits for is had again without letting the loop go on
