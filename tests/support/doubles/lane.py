"""A lane without Kafka: records that are given to it, a publisher that may be held back.

lane = GivenLane(store.lane(0), clock)
lane.given.add("engagements", value, timestamp_ms)
async with lane.running():
    await lane.applied()
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry

from schemas.published import Published
from schemas.topics import INPUT_NAMES
from streams.clock import Clock
from streams.lane.lane import Lane
from streams.lane.ports import Bounds, LaneStore, OpenPublisher, OutboxEntry, Pull, Record
from streams.lane.surroundings import Surroundings
from streams.metrics import Metrics
from streams.settings import Settings
from tests.support.workers import eventually

APPLIED_S = 30.0
"""For what takes milliseconds, on a machine that runs everything else too."""


@dataclass
class GivenRecord:
    """One record of an input topic."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class GivenRecords:
    """The port `Source` over records in memory."""

    topics = INPUT_NAMES

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.logs: dict[str, list[Record]] = {topic: [] for topic in INPUT_NAMES}
        self._position = dict.fromkeys(INPUT_NAMES, 0)
        self._more = asyncio.Event()

    def add(self, topic: str, value: Mapping[str, Any], timestamp_ms: int, **differences: Any) -> None:
        """One more record; its key is the value's lead unless given."""
        log = self.logs[topic]
        usual = {"key": str(value.get("lead_id", "")).encode(), "value": json.dumps(value).encode()}
        log.append(GivenRecord(topic, self.partition, len(log), timestamp_ms, **{**usual, **differences}))
        self._more.set()

    def ends(self) -> dict[str, int]:
        """Where each log ends."""
        return {topic: len(log) for topic, log in self.logs.items()}

    async def bounds(self) -> Mapping[str, Bounds]:
        """From 0 on."""
        return {topic: Bounds(0, end) for topic, end in self.ends().items()}

    def seek(self, offsets: Mapping[str, int]) -> None:
        """Stand there."""
        self._position = dict(offsets)

    async def records_at(self, offsets: Mapping[str, int]) -> Mapping[str, Record | None]:
        """What stands at these offsets."""
        stands = {topic: dict(enumerate(log)) for topic, log in self.logs.items()}
        return {topic: stands[topic].get(offset) for topic, offset in offsets.items()}

    async def pull(self, topics: Sequence[str], max_records: int, timeout_s: float) -> Pull:
        """What is there, or comes in that time; every topic is exhausted after it."""
        if self._position == self.ends():
            self._more.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._more.wait()
        records: dict[str, list[Record]] = {}
        for topic in topics:
            start = self._position[topic]
            records[topic] = [*self.logs[topic][start : start + max_records]]
            self._position[topic] = start + len(records[topic])
        return Pull(records, dict(self._position), frozenset(self.topics), {})


@dataclass
class HeldPublisher:
    """The port `Publisher` in memory: what it was given, once it is let go."""

    published: list[OutboxEntry] = field(default_factory=list)
    holds: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    keeps_marks: bool = False

    async def last(self) -> Published | None:
        """Nobody knows."""
        return None

    async def take_over(self) -> Published | None:
        """Nobody knows."""
        return None

    async def publish(self, entries: Sequence[OutboxEntry], mark: Published) -> None:
        """Waits until it is let go: these entries are on their way meanwhile, all others wait in the outbox."""
        self.holds.set()
        await self.let_go.wait()
        self.published += entries

    async def stop(self) -> None:
        """Nothing is open."""


class GivenLane:
    """A lane over a store, and what it is given and publishes."""

    def __init__(
        self,
        store: LaneStore,
        clock: Clock,
        given: GivenRecords | None = None,
        open_publisher: OpenPublisher | None = None,
        partition_of: Callable[[bytes], int] | None = None,
    ) -> None:
        self.given = given or GivenRecords(partition=0)
        self.publisher = HeldPublisher()
        self.store = store
        self.around = Surroundings(
            settings=Settings(journal=True),
            open_publisher=open_publisher or (lambda _: self.publisher),
            metrics=Metrics(CollectorRegistry()),
            clock=clock,
            partition_of=partition_of or (lambda _: self.given.partition),
        )
        self.lane = Lane(self.given, store, self.around)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The lane runs meanwhile; it is stopped at the end, and its error raised."""
        task = asyncio.create_task(self.lane.run())
        try:
            yield
        finally:
            self.lane.stop()
            await task

    async def told(self) -> list[OutboxEntry]:
        """Lets the publisher go; what it has published once the outbox is empty."""
        self.publisher.let_go.set()

        async def is_empty() -> bool:
            return not (await self.store.standing()).outbox_length

        await eventually(is_empty, timeout_s=APPLIED_S, what="the outbox is empty")
        return self.publisher.published

    async def applied(self) -> None:
        """Returns once every record given so far is committed."""

        async def is_applied() -> bool:
            return dict(self.lane.offsets()) == self.given.ends()

        await eventually(is_applied, timeout_s=APPLIED_S, what="all that was given is applied")
