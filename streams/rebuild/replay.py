"""Computes the draft: a lane as in a worker, over logs that end where they are told to, publishing nothing.

What the lane sends is dropped. Only for a lane without scores some of it is news to somebody: `carry` takes that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from schemas.published import Published
from streams.kafka.errors import Unreadable
from streams.lane.commits import new_commit_id
from streams.lane.lane import AGAIN_S, Lane
from streams.lane.ports import (
    Bounds,
    Commit,
    Halted,
    OutboxEntry,
    PositionLost,
    Pull,
    Record,
    Rewound,
    Source,
    SourceUnavailable,
    StoreUnavailable,
)
from streams.lane.surroundings import Surroundings
from streams.rebuild.ports import RebuildStore

LOOK_S = 0.1
"""Between two looks whether the draft has come far enough."""

ENDED_S = 0.02
"""A turn of a lane that has read all: timers may be due, and what it sends is to be dropped."""

Carry = Callable[[Sequence[OutboxEntry]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a draft has come, in records of all topics. `waits_for`: what does not answer, empty if all does."""

    partition: int
    done: int
    whole: int
    waits_for: str = ""


class UpTo:
    """The port `Source` over logs that end at `ends`. No topic is ever taken for unreadable: it is waited for."""

    def __init__(self, source: Source, ends: Mapping[str, int]) -> None:
        self.partition = source.partition
        self.topics = source.topics
        self._source = source
        self._ends = ends
        self._stands: dict[str, int] = {}
        self._given: dict[str, int] = {}

    async def bounds(self) -> Mapping[str, Bounds]:
        """Where each log begins, and where it is to end."""
        found = await self._source.bounds()
        return {topic: Bounds(each.beginning, self._ends[topic]) for topic, each in found.items()}

    def seek(self, offsets: Mapping[str, int]) -> None:
        """Stand there."""
        self._stands = {**self._stands, **offsets}
        self._source.seek(offsets)

    async def records_at(self, offsets: Mapping[str, int]) -> Mapping[str, Record | None]:
        """See the port."""
        return await self._source.records_at(offsets)

    async def pull(self, topics: Sequence[str], max_records: int, timeout_s: float) -> Pull:
        """Records before the ends; beyond them a topic has none."""
        asked = [topic for topic in topics if self._stands[topic] < self._ends[topic]]
        if not asked:
            await asyncio.sleep(min(timeout_s, ENDED_S))
            return Pull({}, dict(self._stands), frozenset(self.topics), {})
        pull = await self._source.pull(asked, max_records, timeout_s)
        records = {topic: self._before_end(topic, pull.records[topic]) for topic in asked}
        for topic in asked:
            self._stands[topic] = min(pull.next_offset[topic], self._ends[topic])
        self._given.update((topic, found[-1].offset + 1) for topic, found in records.items() if found)
        return Pull(records, dict(self._stands), self._ended() | pull.exhausted, {})

    def is_applied(self, offsets: Mapping[str, int]) -> bool:
        """Whether a lane that stands at these offsets has applied all: after the last record nothing comes."""
        applied = all(offsets.get(topic, 0) >= offset for topic, offset in self._given.items())
        return applied and len(self._ended()) == len(self._ends)

    def _ended(self) -> frozenset[str]:
        return frozenset(topic for topic, end in self._ends.items() if self._stands.get(topic, -1) >= end)

    def _before_end(self, topic: str, records: Sequence[Record]) -> Sequence[Record]:
        end = self._ends[topic]
        if not records or records[-1].offset < end:
            return records
        return [record for record in records if record.offset < end]


class Dropped:
    """The port `Publisher` that publishes nothing, and hands on what it is told to `carry`."""

    keeps_marks = False

    def __init__(self, carry: Carry | None) -> None:
        self._carry = carry

    async def last(self) -> Published | None:
        """Nothing ever was."""
        return None

    async def take_over(self) -> Published | None:
        """Nothing ever was."""
        return None

    async def publish(self, entries: Sequence[OutboxEntry], mark: Published) -> None:
        """Done at once, or when what is news to somebody is safe."""
        if self._carry is not None:
            await self._carry(entries)

    async def stop(self) -> None:
        """Nothing is open."""


async def replay(
    around: Surroundings,
    source: Source,
    draft: RebuildStore,
    ends: Mapping[str, int],
    *,
    carry: Carry | None = None,
    tell: Callable[[Progress], None],
) -> None:
    """Bring the draft up to `ends`, with all that time alone has done until now.

    Raises Halted when the draft does not fit the logs, Fenced when another rebuild has taken it.
    """
    until = UpTo(source, ends)
    settings = around.settings.model_copy(update={"journal": False})
    dropped = Dropped(carry)
    lane = Lane(until, draft, replace(around, settings=settings, open_publisher=lambda _: dropped))
    bounds = await until.bounds()
    grace_ms = settings.grace_s * 1000
    task = asyncio.create_task(_hold(lane))
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=LOOK_S)
            offsets = lane.offsets()
            tell(_progress(bounds, lane, offsets))
            if until.is_applied(offsets) and await _has_done_all(draft, grace_ms):
                lane.stop()
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def change(draft: RebuildStore, **changes: Any) -> None:
    """Commit these changes where the draft stands."""
    standing = await draft.standing()
    await draft.commit(Commit(commit_id=new_commit_id(), ver=standing.ver, offsets={}, **changes))


async def _hold(lane: Lane) -> None:
    """As a worker does it, but a lane that halts is an error."""
    while True:
        try:
            return await lane.hold()
        except (Rewound, PositionLost, SourceUnavailable):
            await asyncio.sleep(AGAIN_S)
        except Unreadable:
            raise
        except Halted as error:
            raise Halted(
                f"what an earlier rebuild of lane {lane.partition} has left does not fit the logs any more: "
                f"`leadline rebuild --partition {lane.partition} --drop` removes it; then start again.\n{error}"
            ) from error


async def _has_done_all(draft: RebuildStore, grace_ms: int) -> bool:
    """Whether every timer that is due has fired, as in a lane that has had nothing to read, and all was carried."""
    try:
        standing = await draft.standing()
    except StoreUnavailable:
        return False
    is_due = standing.next_timer_ms is not None and standing.next_timer_ms <= standing.time_ms - grace_ms
    return not is_due and standing.outbox_length == 0


def _progress(bounds: Mapping[str, Bounds], lane: Lane, offsets: Mapping[str, int]) -> Progress:
    whole = sum(each.end - each.beginning for each in bounds.values())
    done = sum(max(0, offsets.get(topic, 0) - each.beginning) for topic, each in bounds.items())
    return Progress(lane.partition, done, whole, "" if lane.hears_redis else "Redis")
