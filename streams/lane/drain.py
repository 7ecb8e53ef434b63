"""Takes a lane's outbox to Kafka, in order, beside the lane's own work.

Entries are handed over after their commit; at a take-over those are read from Redis that the last owner has left.
`published` is the number of the last entry that Kafka has: what is up to it leaves the outbox with the next
commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from streams.lane.outputs import tombstone
from streams.lane.ports import LaneStore, OutboxEntry, Publisher
from streams.metrics import Metrics

ENTRIES_AT_ONCE = 500
"""One call of the publisher: large enough for Kafka to batch, small enough to be acknowledged in milliseconds."""


class Drain:
    """The task that publishes. An entry that Kafka will never take ends it with the publisher's error."""

    def __init__(self, publisher: Publisher, metrics: Metrics) -> None:
        self._publisher = publisher
        self._metrics = metrics
        self._waiting: list[OutboxEntry] = []
        self._more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.published = 0

    async def start(self, store: LaneStore) -> None:
        """Take over what is in the outbox."""
        after = 0
        while page := await store.outbox(after, ENTRIES_AT_ONCE):
            self._waiting.extend(page)
            after = page[-1].number
        if self._waiting:
            self._more.set()
        self._task = asyncio.create_task(self._run(), name="drain")

    def add(self, entries: Sequence[OutboxEntry]) -> None:
        """Entries that have been committed."""
        if entries:
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

    def check(self) -> None:
        """Raises what has ended the task, if anything has."""
        if self._task is not None and self._task.done():
            self._task.result()

    async def stop(self) -> None:
        """End the task; what is not published stays in the outbox for the next owner."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while True:
            await self._more.wait()
            page = self._waiting[:ENTRIES_AT_ONCE]
            await self._publisher.publish(page)
            del self._waiting[: len(page)]
            self.published = page[-1].number
            for entry in page:
                self._metrics.published.labels(entry.topic).inc()
            if not self._waiting:
                self._more.clear()
