"""Collects reference cycles once a minute, or when much has come to be, rather than after so many objects.

Python looks for cycles whenever 700 objects more than before are there. A batch makes some for each record and
leaves none of them in a cycle, so that was a tenth of a worker's time. What does leave cycles is trouble: a
connection that breaks is kept by its own exception, with the frames that it passed and the records that those held.
Counted in objects such a few are nothing, and in memory an outage of a minute is tens of megabytes.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

from mode import Service

LOOK_EVERY_S = 5.0
LOOKS_MAX = 12
"""Between two collections. With 68,000 leads in memory one takes 0.2 s on a busy machine: a three-hundredth of a
minute."""

GROWTH = 1.15
"""Memory blocks, over those that the last collection left, from which on the next does not wait for its minute. A
cache that fills is so much larger only a few times."""


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
        blocks, looks = sys.getallocatedblocks(), 0
        while not self.should_stop:
            await self.sleep(self._look_every_s)
            looks += 1
            if looks >= LOOKS_MAX or sys.getallocatedblocks() > blocks * GROWTH:
                gc.collect()
                blocks, looks = sys.getallocatedblocks(), 0

    async def on_stop(self) -> None:
        """As Python does it."""
        gc.enable()
        gc.unfreeze()
