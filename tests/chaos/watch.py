"""What must not grow without bound, looked at throughout a run: memory of the workers, outboxes of the lanes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tests.chaos.crew import SETTINGS, Crew, resident_kb
from tests.chaos.lanes import Lanes
from tests.support.tasks import ended

EVERY_S = 0.5

METRICS = (
    "leadline_rewound_total",
    "leadline_store_retries_total",
    "leadline_takeovers_total",
    "leadline_lane_halted",
    "leadline_corrections_total",
)
"""What is read of each worker, so that something is known of one that was killed."""

OUTBOX_MAX = int(str(SETTINGS["outbox_limit"])) + 2 * int(str(SETTINGS["batch_records"])) * 8
"""A lane stops pulling at the limit; the batch in hand (200 of each topic, some with two entries) comes on top."""

RESIDENT_MAX_KB = 400 * 1024
"""A worker takes 60 to 140 MB, also behind a backlog of millions."""


@dataclass
class Watch:
    """The most that was seen. `supervises`: workers that end by themselves are started again."""

    crew: Crew
    lanes: Lanes
    outbox_max: int = 0
    resident_max_kb: int = 0
    supervises: bool = True
    looks: int = 0
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """From now on."""
        self._task = asyncio.create_task(self._run(), name="watch")

    async def stop(self) -> None:
        """No more. Raises what has ended it before."""
        await ended(self._task)

    def grown(self) -> list[str]:
        """What has grown beyond its bound."""
        found = []
        if self.outbox_max > OUTBOX_MAX:
            found.append(f"an outbox held {self.outbox_max} entries, more than {OUTBOX_MAX}")
        if self.resident_max_kb > RESIDENT_MAX_KB:
            found.append(f"a worker held {self.resident_max_kb >> 10} MiB, more than {RESIDENT_MAX_KB >> 10}")
        return found

    async def look(self) -> None:
        """Once."""
        self.looks += 1
        if self.supervises:
            await self.crew.replace_crashed()
        lanes = await self.lanes.look()
        self.outbox_max = max([self.outbox_max, *(lane.outbox for lane in lanes)])
        for hand in self.crew.alive:
            self.resident_max_kb = max(self.resident_max_kb, resident_kb(hand.worker))
            if hand.state != "T":
                await hand.read_metrics(METRICS)

    async def _run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)
