"""The clock of a host is two hours off: what counts are Kafka's timestamps and Redis's clock."""

from __future__ import annotations

import asyncio
import urllib.request
from email.utils import parsedate_to_datetime
from typing import ClassVar

from schemas.instants import HOUR_MS, MINUTE_MS
from tests.chaos.faults.fault import Evidence, Fault
from tests.chaos.stage import Stage

OFF_S = 7_200

LASTS_S = 8.0
"""At work with it: some hundred commits, and leads that fall."""

ASKED_S = 5.0


class ClockWrong(Fault):
    """A worker with a wrong clock takes lanes over, and dies; one with a right clock takes over from it."""

    by_s: ClassVar[int]

    async def inject(self, stage: Stage) -> None:
        """It comes in the place of one of the two."""
        right, _ = stage.crew.alive
        self.wrong = await stage.crew.start(skewed_s=self.by_s)
        await stage.until_said(self.wrong, "lane.taken")
        await stage.mark("at work beside a wrong clock")
        await right.stop()
        await stage.recovered()
        self.off_ms = await asyncio.to_thread(asked_ms, self.wrong.http) - stage.clock.now_ms()
        await stage.spend(LASTS_S)
        self.held = len(self.wrong.lanes)

    async def heal(self, stage: Stage) -> None:
        """It is killed."""
        await stage.mark("take-over from a wrong clock", self.wrong.lanes, by_another=True)
        await self.wrong.kill()

    def evidence(self, stage: Stage) -> Evidence:
        """What the process itself says of the time, when it is asked."""
        right_ms = self.by_s * 1_000
        return {
            "hours off": abs(self.off_ms) // (HOUR_MS - MINUTE_MS) * (abs(self.off_ms - right_ms) < MINUTE_MS),
            "lanes held by it": self.held,
        }


class ClockAhead(ClockWrong):
    """Two hours ahead."""

    name, by_s = "clock-ahead", OFF_S


class ClockBehind(ClockWrong):
    """Two hours behind."""

    name, by_s = "clock-behind", -OFF_S


def asked_ms(http: str) -> int:
    """What time it is by the process that answers there, to a second."""
    with urllib.request.urlopen(f"http://{http}/live", timeout=ASKED_S) as answer:
        return int(parsedate_to_datetime(answer.headers["Date"]).timestamp() * 1_000)
