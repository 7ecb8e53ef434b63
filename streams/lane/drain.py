"""Takes a lane's outbox to Kafka, in order, beside the lane's own work.

At a take-over, in this order:

    1 look     how far was published, and whether by these scores: if not, halt before anybody is stopped
    2 fence    whoever published for the lane before can publish no more; how far is looked up again
    3 judge    from which entry on, under which timeline
    4 rest     what waits in the outbox is published; only then the lane goes on

After that, entries are handed over when their commit is done. `published` is the number of the last entry that
Kafka has: what is up to it leaves the outbox with the next commit.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.published import Published
from streams.clock import Clock
from streams.lane.gaps import halt_at, output_gap
from streams.lane.outputs import tombstone
from streams.lane.ports import LaneStore, OutboxEntry, Publisher
from streams.lane.position import Position
from streams.lane.timeline import Outset, outset, restamped
from streams.metrics import Metrics

ENTRIES_AT_ONCE = 500
"""One call of the publisher: large enough for Kafka to batch, small enough to be acknowledged in milliseconds."""

FINISH_S = 0.5
"""At the end of a lane, for the entries that are on their way: a transaction takes milliseconds."""


class Arrival(NamedTuple):
    """A change that a record made: how old the record was at the commit, by its Kafka timestamp, in seconds."""

    change_id: str
    age_s: float


class _Handed(NamedTuple):
    """Entries that came together: the number of the last, when they came, the changes among them."""

    last: int
    at_s: float
    arrivals: Sequence[Arrival]


class Drain:
    """The task that publishes. What the publisher raises for good ends it, and `check` raises that."""

    def __init__(
        self, partition: int, publisher: Publisher, environment: str, metrics: Metrics, clock: Clock
    ) -> None:
        self._partition = partition
        self._publisher = publisher
        self._environment = environment
        self._metrics = metrics
        self._clock = clock
        self._waiting: list[OutboxEntry] = []
        self._handed: deque[_Handed] = deque()
        self._more = asyncio.Event()
        self._less = asyncio.Event()
        self._is_ending = False
        self._task: asyncio.Task[None] | None = None
        self.published = 0

    async def take_over(self, position: Position, outbox: Sequence[OutboxEntry]) -> Outset:
        """Steps 1 to 3, with all that waits in the outbox. Raises Halted, SourceUnavailable, Fenced."""
        left = outbox[0].number - 1 if outbox else position.outbox
        if self._publisher.keeps_marks:
            self._check(position, await self._publisher.last(), left)
            told = await self._publisher.take_over()
            self._check(position, told, left)
            judged = outset(position, told, left)
        else:
            await self._publisher.take_over()
            judged = Outset(left, position.timeline, 0)
        self.published = judged.published
        self._waiting = [entry for entry in outbox if entry.number > judged.published]
        return judged

    def start(self, position: Position) -> None:
        """Begin to publish under the position's timeline, with what was taken over."""
        self._waiting = [restamped(entry, position.timeline) for entry in self._waiting]
        mark = Published(
            timeline=position.timeline,
            outbox=0,
            environment=self._environment,
            lineage=position.lineage,
            tenure=position.token,
        )
        if self._waiting:
            self._handed.append(_Handed(self._waiting[-1].number, self._clock.monotonic_s(), ()))
            self._more.set()
        self._task = asyncio.create_task(self._run(mark), name=f"drain {self._partition}")

    def add(self, entries: Sequence[OutboxEntry], arrivals: Sequence[Arrival] = ()) -> None:
        """Entries that have been committed, and the changes among them that records made."""
        if entries:
            self._handed.append(_Handed(entries[-1].number, self._clock.monotonic_s(), arrivals))
            self._waiting.extend(entries)
            self._more.set()

    def erase(self, lead_ids: Iterable[str]) -> list[OutboxEntry]:
        """Entries about these leads that still wait say nothing more; as they are from now on."""
        keys = {lead_id.encode() for lead_id in lead_ids}
        replaced = []
        for place, entry in enumerate(self._waiting if keys else ()):
            if entry.key in keys and entry.value is not None:
                self._waiting[place] = tombstone(entry)
                replaced.append(self._waiting[place])
        return replaced

    @property
    def backlog(self) -> int:
        """How many entries are not yet known to be in Kafka."""
        return len(self._waiting)

    def oldest_s(self) -> float:
        """For how long the oldest entry has waited here; 0 where none does."""
        return self._clock.monotonic_s() - self._handed[0].at_s if self._handed else 0.0

    async def progress(self, timeout_s: float) -> None:
        """Returns when some entries were published, or after `timeout_s`. Raises as `check`."""
        self._less.clear()
        progress = asyncio.ensure_future(self._less.wait())
        try:
            await asyncio.wait(
                {progress, *([self._task] if self._task else [])},
                timeout=timeout_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            progress.cancel()
        self.check()

    def check(self) -> None:
        """Raises what has ended the task, if anything has."""
        if self._task is not None and self._task.done():
            self._task.result()

    async def stop(self) -> None:
        """Finish what is on its way, within the bound; the rest stays in the outbox for the next owner."""
        self._is_ending = True
        self._more.set()
        task, self._task = self._task, None
        try:
            if task is not None:
                await asyncio.wait({task}, timeout=FINISH_S)
        finally:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await self._publisher.stop()

    def _check(self, position: Position, told: Published | None, left: int) -> None:
        gap = output_gap(position, told, left, self._environment, self._partition)
        halt_at(iter([gap] if gap else []))

    async def _run(self, mark: Published) -> None:
        while not self._is_ending:
            if not self._waiting:
                self._more.clear()
                await self._more.wait()
                continue
            page = self._waiting[:ENTRIES_AT_ONCE]
            began_s = self._clock.monotonic_s()
            await self._publisher.publish(page, mark.model_copy(update={"outbox": page[-1].number}))
            del self._waiting[: len(page)]
            self.published = page[-1].number
            self._less.set()
            self._count(page, began_s)

    def _count(self, page: Sequence[OutboxEntry], began_s: float) -> None:
        metrics, now_s = self._metrics, self._clock.monotonic_s()
        metrics.stage_seconds.labels("publish").observe(now_s - began_s)
        for topic, count in Counter(entry.topic for entry in page).items():
            metrics.published.labels(topic).inc(count)
        while self._handed and self._handed[0].last <= self.published:
            handed = self._handed.popleft()
            for change_id, age_s in handed.arrivals:
                passed_s = max(0.0, age_s + now_s - handed.at_s)
                metrics.event_to_change_seconds.observe(passed_s, {"change_id": change_id})


async def read_outbox(store: LaneStore) -> list[OutboxEntry]:
    """All that waits in a lane's outbox, in order."""
    entries: list[OutboxEntry] = []
    while page := await store.outbox(entries[-1].number if entries else 0, ENTRIES_AT_ONCE):
        entries += page
    return entries
