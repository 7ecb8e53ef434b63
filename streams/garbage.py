"""Collects reference cycles once a minute, rather than after so many objects.

Python looks for cycles whenever 700 objects more than before are there. A batch makes some for each record and
leaves none of them in a cycle, so that was a tenth of a worker's time. What does leave cycles is trouble: a
connection that breaks is kept by its own exception, with the frames that it passed and the records that those held.
Counted in objects such a few are nothing; by the minute they are gone again, so that a worker's memory does not
grow with each outage.
"""

from __future__ import annotations

import gc
from typing import Any

from mode import Service

EVERY_S = 60.0
"""With 68,000 leads in memory one search takes 0.2 s on a busy machine: a three-hundredth of the time. Two minutes
of faults, one after the other, left 15 MB."""


class GarbageCollection(Service):
    """The only one that looks for cycles, from its start to its end."""

    mundane_level = "debug"

    def __init__(self, every_s: float = EVERY_S, **service: Any) -> None:
        self._every_s = every_s
        super().__init__(**service)

    async def on_start(self) -> None:
        """What is there now stays: modules, settings, services. It need not be looked at again."""
        gc.collect()
        gc.freeze()
        gc.disable()

    @Service.task
    async def _collect(self) -> None:
        while not self.should_stop:
            await self.sleep(self._every_s)
            gc.collect()

    async def on_stop(self) -> None:
        """As Python does it."""
        gc.enable()
        gc.unfreeze()
