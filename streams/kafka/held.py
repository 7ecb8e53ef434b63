"""One partition that this worker holds: its lane, run until the partition is given up.

A lane that is fenced (another owner has taken it in Redis) is not lost yet: Kafka decides who the owner is.
If it still is this worker some heartbeats later, the lane takes over again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from streams.clock import Clock
from streams.kafka.source import PartitionSource
from streams.lane.ports import Fenced, PositionLost

RETAKE_AFTER_S = 2.0
"""Four heartbeats: by then a fenced worker has heard whether Kafka has given its partition to another."""

FENCED_MAX = 3
FENCED_WITHIN_S = 60.0
"""Fenced so often while Kafka assigns the partition here: another group writes to the same prefix."""

log = structlog.get_logger("leadline.ingest")


class LaneRunner(Protocol):
    """What a lane is to the worker."""

    async def run(self) -> None:
        """Take over, and go on until told to stop. Raises Fenced, and whatever is to end the process."""

    def stop(self) -> None:
        """Finish the commit in flight and return from `run`. The source raises PositionLost from now on."""

    def offsets(self) -> Mapping[str, int]:
        """The next offset of each topic, as last committed; empty before the first take-over."""


class LaneEnded(Exception):
    """A lane has returned although nobody has told it to stop: a fault of ours."""


class Held:
    """A partition from assignment to revocation. Each take-over has a source and a lane of its own."""

    def __init__(
        self,
        partition: int,
        make_source: Callable[[int], PartitionSource],
        make_lane: Callable[[int, PartitionSource], LaneRunner],
        clock: Clock,
    ) -> None:
        self.partition = partition
        self.source: PartitionSource | None = None
        self.lane: LaneRunner | None = None
        self._make_source = make_source
        self._make_lane = make_lane
        self._clock = clock
        self._released = asyncio.Event()
        self._fenced_at_s: deque[float] = deque(maxlen=FENCED_MAX)

    def release(self) -> None:
        """Give the partition up: `keep` returns once the commit in flight is done."""
        self._released.set()
        if self.lane is not None:
            self.lane.stop()
        if self.source is not None:
            self.source.release()

    async def keep(self) -> None:
        """Run the lane until the partition is given up. Raises what must end the process."""
        while not self._released.is_set():
            self.source = self._make_source(self.partition)
            self.lane = self._make_lane(self.partition, self.source)
            try:
                await self._run(self.lane)
            finally:
                self.source.release()

    async def _run(self, lane: LaneRunner) -> None:
        try:
            await lane.run()
            if not self._released.is_set():
                raise LaneEnded(f"the lane of partition {self.partition} has ended by itself")
        except PositionLost:
            if not self._released.is_set():
                raise
        except Fenced:
            if self._released.is_set():
                return
            log.warning("lane.fenced", partition=self.partition)
            if self._fenced_too_often():
                raise
            await self._wait_released(RETAKE_AFTER_S)

    def _fenced_too_often(self) -> bool:
        times = self._fenced_at_s
        times.append(self._clock.monotonic_s())
        return len(times) == FENCED_MAX and times[-1] - times[0] <= FENCED_WITHIN_S

    async def _wait_released(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._released.wait()
        except TimeoutError:
            log.info("lane.takes_over_again", partition=self.partition)
