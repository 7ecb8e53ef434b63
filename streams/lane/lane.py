"""The life of a lane: take over, go on turn by turn, and take over again when the ground has moved.

Every way out of a turn but the stop flag ends in one of two places: the store or the source does not stand where
the lane thinks (Rewound, PositionLost), and the lane takes over again from what is stored; or somebody else owns
the lane or something of ours is wrong (Fenced, any other error), and the caller decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from scoring.plan import Plan
from streams.facts import LaneFacts
from streams.lane.commits import Committer
from streams.lane.gaps import Inputs, halt_at, input_gaps, wanted
from streams.lane.ports import (
    Fenced,
    Halted,
    LaneStore,
    PositionLost,
    Rewound,
    Source,
    SourceUnavailable,
    StoreUnavailable,
)
from streams.lane.position import Position
from streams.lane.surroundings import Surroundings
from streams.lane.tenure import Tenure

AGAIN_S = 0.25
"""Before a lane takes over again: what made it do so needs a moment, and a loop would burn the processor."""

HALTED_S = 5.0
"""A halted lane looks again whether the operator has decided."""

log = structlog.get_logger("leadline.lane")


class Lane:
    """One partition. `run` returns once `stop` was called."""

    def __init__(self, source: Source, store: LaneStore, around: Surroundings) -> None:
        self.partition = source.partition
        self._source = source
        self._store = store
        self._around = around
        self._is_stopped = False
        self._has_begun = False
        self._tenure: Tenure | None = None
        self._offsets: Mapping[str, int] = {}
        self._halted = ""
        self._committer = Committer(
            self.partition, store, around.clock, around.metrics, lambda: self._is_stopped, around.jitter
        )

    def stop(self) -> None:
        """Finish the commit in flight and return from `run`."""
        self._is_stopped = True

    def offsets(self) -> Mapping[str, int]:
        """The next offset of each topic, as last committed; empty before the first take-over."""
        if self._tenure is not None:
            self._offsets = dict(self._tenure.position.offsets)
        return self._offsets

    @property
    def is_working(self) -> bool:
        """Whether the lane has taken over and goes from turn to turn."""
        return self._tenure is not None

    @property
    def hears_redis(self) -> bool:
        """Whether Redis has answered the last call."""
        return not self._committer.is_waiting

    @property
    def plan(self) -> Plan | None:
        """The model in force, compiled; None while the lane does not work."""
        return None if self._tenure is None else self._tenure.position.plan

    def facts(self) -> LaneFacts:
        """What is so now; of its topics only the source knows."""
        work = None if self._tenure is None else self._tenure.work()
        return LaneFacts(self.partition, work, self._halted, self.hears_redis)

    async def run(self) -> None:
        """Take over and go on until stopped. Raises Fenced, StoreRefused, and whatever is our own fault."""
        while not self._is_stopped:
            try:
                await self.hold()
            except (Rewound, PositionLost) as error:
                if self._is_stopped:
                    return
                self._around.metrics.rewound.inc()
                log.warning("lane.elsewhere", partition=self.partition, cause=str(error) or type(error).__name__)
                await asyncio.sleep(AGAIN_S)
            except SourceUnavailable as error:
                log.warning("kafka.away", partition=self.partition, error=str(error))
                await asyncio.sleep(AGAIN_S)
            except Halted as error:
                self._halted = str(error)
                log.error("lane.halted", partition=self.partition, cause=str(error))
                await asyncio.sleep(HALTED_S)
            except StoreUnavailable:
                if not self._is_stopped:
                    raise
            except Fenced:
                self._around.metrics.fenced.inc()
                raise

    async def hold(self) -> None:
        """Own the partition until stopped, or until that proves wrong: then it raises what `run` goes on after."""
        acquired = await self._committer.until_available(self._store.acquire)
        position = Position.read(acquired.meta)
        position.offsets = await self._first_offsets(position)
        tenure = Tenure(
            self._around, self._source, self._store, self._committer, position, survived=self._has_begun
        )
        try:
            await tenure.take_over(acquired)
            self._tell_taken(position)
            await tenure.begin()
            self._tenure, self._has_begun = tenure, True
            while not self._is_stopped:
                await tenure.turn()
            await tenure.finish()
        finally:
            self._offsets, self._tenure = dict(position.offsets), None
            await tenure.end()

    async def _first_offsets(self, position: Position) -> dict[str, int]:
        """Where to read on: what is stored, if the log still has it; its beginning for a topic never read.

        The log must hold the very record that was scored last. Raises Halted.
        """
        bounds = await self._source.bounds()
        asked = wanted(position, bounds)
        found = await self._source.records_at(asked) if asked else {}
        halt_at(input_gaps(self.partition, position, Inputs(bounds, found)))
        return {topic: position.offsets.get(topic, each.beginning) for topic, each in bounds.items()}

    def _tell_taken(self, position: Position) -> None:
        self._halted = ""
        self._around.metrics.takeovers.inc()
        log.info(
            "lane.taken",
            partition=self.partition,
            ver=position.ver,
            timeline=position.timeline,
            model=position.plan.model.version,
        )
