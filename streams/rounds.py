"""Looks at Redis now and then, beside the lanes: how it is, and how many leads stand in which band.

Leads by band are counted and not kept up to date: a count that every commit maintained would have to be right
across rebuilds, models and erasures. The board tells where to look: a lead in a band has a bound above the line
that it would fall below, so all others need not be read.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import structlog
from mode import Service

from scoring.plan import Plan
from scoring.state import decode_lead
from streams.facts import LaneCount, RedisFacts
from streams.lane.ports import StoreRefused, StoreUnavailable
from streams.store import Counts

LOOK_EVERY_S = 5.0
"""Three small commands to each server: a failover is noticed by the lanes themselves, at once."""

COUNT_EVERY_S = 60.0
"""From the end of one count to the next: bands move slowly, and a dashboard looks at hours."""

PAGE_LEADS = 200
PAUSE_S = 0.1
"""A page takes a millisecond of processor: a count is a hundredth of one, for as long as it goes on."""

log = structlog.get_logger("leadline.rounds")


class Counted(Protocol):
    """What a count reads; `streams.store.Reader` is one."""

    async def counts(self, partition: int) -> Counts:
        """How much the lane holds."""

    async def board(self, partition: int, start: int, limit: int) -> Sequence[tuple[str, float]]:
        """(lead, upper bound of its score), highest first, from rank `start`."""

    async def states(self, partition: int, lead_ids: Sequence[str]) -> Sequence[bytes | None]:
        """The packed states of these leads, None for an unknown one."""


class Looked(Protocol):
    """Redis, to look at; `streams.store.Store` is one."""

    async def look(self) -> RedisFacts:
        """How it is now."""

    def reader(self) -> Counted:
        """The same, to count in."""


class Rounds(Service):
    """Keeps what was seen last. `plans` gives the model in force of each lane that works here, by partition."""

    mundane_level = "debug"

    def __init__(self, store: Looked, plans: Callable[[], Mapping[int, Plan]], **service: Any) -> None:
        self._store = store
        self._plans = plans
        self.redis = RedisFacts(is_up=True)
        self.counts: dict[int, LaneCount] = {}
        super().__init__(**service)

    @Service.task
    async def _look(self) -> None:
        while not self.should_stop:
            self.redis = await self._seen()
            await self.sleep(LOOK_EVERY_S)

    @Service.task
    async def _count(self) -> None:
        while not self.should_stop:
            await self._count_once()
            await self.sleep(COUNT_EVERY_S if self.counts else LOOK_EVERY_S)

    async def _seen(self) -> RedisFacts:
        try:
            return await self._store.look()
        except StoreRefused as error:
            log.warning("redis.refuses", error=str(error))
            return RedisFacts(is_up=False)

    async def _count_once(self) -> None:
        reader, plans = self._store.reader(), self._plans()
        for partition in set(self.counts) - set(plans):
            del self.counts[partition]
        for partition, plan in plans.items():
            try:
                self.counts[partition] = await count_lane(reader, partition, plan)
            except (StoreUnavailable, StoreRefused) as error:
                log.debug("rounds.not_counted", partition=partition, error=str(error))


async def count_lane(reader: Counted, partition: int, plan: Plan) -> LaneCount:
    """The leads of a lane by band, and its timers. Raises StoreUnavailable or StoreRefused."""
    held = await reader.counts(partition)
    bands = Counter[int]()
    rank, lowest = 0, lowest_line(plan)
    while page := await reader.board(partition, rank, PAGE_LEADS):
        asked = [lead_id for lead_id, bound in page if bound >= lowest]
        states = await reader.states(partition, asked) if asked else ()
        bands.update(decode_lead(state).band for state in states if state is not None)
        if len(asked) < len(page):
            break
        rank += len(page)
        await asyncio.sleep(PAUSE_S)
    higher = {name: bands[number] for number, name in enumerate(plan.names) if number}
    return LaneCount({plan.names[0]: max(0, held.leads - sum(higher.values())), **higher}, held.timers)


def lowest_line(plan: Plan) -> float:
    """Nobody whose score is below this is in a band."""
    return min((line.leave for segment in plan.segments for line in segment.lines), default=float("inf"))
