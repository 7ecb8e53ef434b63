"""Collects reference cycles by time, rather than after so many objects.

Python looks for cycles whenever 700 objects more than before are there. A batch makes some for each record and
leaves none of them in a cycle, so that was a tenth of a worker's time. What does leave cycles is trouble: a
connection that breaks is kept by its own exception, with the frames that it passed and the records that those held.
Counted in objects such a few are nothing, and in memory an outage of a minute is tens of megabytes.

Most of it is gone seconds after it has come. So what has come since the last look is looked at every few seconds,
what has outlived that once a minute, and all that a worker holds, its leads included, rarely.
"""

from __future__ import annotations

import gc
from typing import Any

from mode import Service

LOOK_EVERY_S = 5.0
"""At the youngest objects: 50 ms where 34,000 leads have come to be since the last look, on a busy machine."""

OLDER_EVERY = 12
"""Looks, from one at what has outlived a look to the next: a minute."""

ALL_EVERY = 120
"""The same for everything: 70 ms for as many leads, every ten minutes."""


class GarbageCollection(Service):
    """The only one that looks for cycles, from its start to its end."""

    mundane_level = "debug"

    def __init__(self, look_every_s: float = LOOK_EVERY_S, **service: Any) -> None:
        self._look_every_s = look_every_s
        super().__init__(**service)

    async def on_start(self) -> None:
        """What is there now stays: modules, settings, services. It need not be looked at again."""
        gc.collect()
        gc.freeze()
        gc.disable()

    @Service.task
    async def _collect(self) -> None:
        looks = 0
        while not self.should_stop:
            await self.sleep(self._look_every_s)
            looks += 1
            gc.collect(generation(looks))

    async def on_stop(self) -> None:
        """As Python does it."""
        gc.enable()
        gc.unfreeze()


def generation(looks: int) -> int:
    """The oldest of Python's generations that this look includes; what it leaves belongs to the next older one."""
    if looks % ALL_EVERY == 0:
        return 2
    return 1 if looks % OLDER_EVERY == 0 else 0
