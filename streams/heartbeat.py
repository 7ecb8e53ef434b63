"""Ends the process when its event loop hangs: a half-alive worker keeps its partitions and scores nothing.

The alarm is `faulthandler`'s own thread, which needs neither the loop nor Python: it writes the stack of every
thread to standard error, so that what hung is known, and ends the process with code 1.
"""

from __future__ import annotations

import asyncio
import faulthandler
from typing import Any

from mode import Service

HUNG_S = 30.0
"""No step of ours takes a second; Kafka gives a silent member's partitions away after ten."""

BEAT_S = 2.0


class Heartbeat(Service):
    """Puts the alarm off as long as the loop turns."""

    mundane_level = "debug"

    def __init__(self, hung_s: float = HUNG_S, **service: Any) -> None:
        self._hung_s = hung_s
        super().__init__(**service)

    @Service.task
    async def _beat(self) -> None:
        while not self.should_stop:
            faulthandler.dump_traceback_later(self._hung_s, exit=True)
            await asyncio.sleep(BEAT_S)

    async def on_stop(self) -> None:
        """Leave no alarm behind."""
        faulthandler.cancel_dump_traceback_later()
