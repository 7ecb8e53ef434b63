"""The input topics of one partition, read exactly: the lane's `Source` over a consumer that lanes share.

What makes it exact, whatever Kafka or aiokafka do in between:

1. Before records are taken, the consumer must stand where this source has taken up to; if it does not, what
   was fetched is dropped and the consumer is told again where to stand.
2. The next position is the consumer's position after the fetch, not the last record's offset + 1: markers of
   transactions and compaction leave holes, and a marker at the end would otherwise never be passed.
3. What was fetched of a topic that the lane does not want now is taken too, and kept here: aiokafka fetches
   nothing from a broker while records of any of its partitions have lain unread for less than 100 ms.
4. Once the partition is revoked, every pull ends at once with PositionLost, one that waits included.
5. Where aiokafka cannot unpack what it has fetched, the same is read once more in another way (`reread`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)

from streams.clock import Clock
from streams.kafka.errors import Unreadable
from streams.kafka.reread import is_of_unpacking, reread
from streams.lane.ports import Bounds, PositionLost, Pull, Record, SourceUnavailable

BUFFER_RECORDS = 4_000
"""A topic with as many waiting here is not taken further: two batches. With a fetch of 1 MiB beyond them, some
8,000 records of 0.7 KB are the most that a topic's partition keeps in memory."""

FRESH_MS = 1_000
"""What a fetch told about a log's end is believed for as long; fetches come every 100 ms."""

SEEK_AGAIN_S = 2.0
"""A consumer that stands elsewhere is told again at most this often: a fetch must have time to come back."""

LOOK_AGAIN_S = 0.025
"""aiokafka wakes nobody when a fetch brings only news of a log's end; until then a pull looks by itself."""

PULLING_S = 5.0
"""A lane that has taken nothing for longer is busy elsewhere, or waits for Redis."""

BOUNDS_TIMEOUT_S = 10.0
"""Two questions to the brokers that lead the partition."""

LOST = (OffsetOutOfRangeError, NoOffsetForPartitionError, IllegalStateError)
"""aiokafka's words for: the log does not have this position, nobody has said a position, not assigned."""

log = structlog.get_logger("leadline.ingest")

T = TypeVar("T")


class Told(NamedTuple):
    """What Kafka has told of one topic of the partition.

    `end`: what may be read ends there, None before it was told; `withheld` records lie behind a transaction that is
    open; `oldest_ms` is the timestamp of the first record that lies here unread. `silent_s`: for how long it has
    told nothing, although it was asked.
    """

    end: int | None
    withheld: int
    oldest_ms: int | None
    silent_s: float


@dataclass(slots=True)
class _Stand:
    """One topic. `taken_to` is the position up to which everything was taken, -1 before the first seek;
    `heard` is what Kafka told last (when, and where we stood then)."""

    tp: TopicPartition
    taken_to: int = -1
    sought_at_s: float = 0.0
    heard: tuple[int | None, int] = (None, -1)
    heard_at_s: float = 0.0
    buffer: deque[Record] = field(default_factory=deque)

    @property
    def next_offset(self) -> int:
        """Everything before this has been given to the lane."""
        return self.buffer[0].offset if self.buffer else self.taken_to

    def give(self, max_records: int) -> Sequence[Record]:
        if len(self.buffer) <= max_records:
            given = list(self.buffer)
            self.buffer.clear()
            return given
        return [self.buffer.popleft() for _ in range(max_records)]


class PartitionSource:
    """See `streams.lane.ports.Source`. Made by Ingest at assignment, released by it at revocation."""

    def __init__(self, consumer: AIOKafkaConsumer, partition: int, topics: Sequence[str], clock: Clock) -> None:
        self.partition = partition
        self.topics = tuple(topics)
        self._consumer = consumer
        self._clock = clock
        self._stands = {topic: _Stand(TopicPartition(topic, partition)) for topic in topics}
        self._pulled_at_s = float("-inf")
        self._is_pulling = False
        self._unreadable: tuple[TopicPartition, int] | None = None
        self._released: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def release(self) -> None:
        """The partition is no longer ours: every pull, one that waits included, raises PositionLost."""
        if not self._released.done():
            self._released.set_result(None)

    async def bounds(self) -> Mapping[str, Bounds]:
        """Where each topic's log begins and ends; the end is the last stable offset.

        Raises Unreadable again while what could not be read cannot: a lane that takes over stays halted.
        """
        self._check_held()
        partitions = [stand.tp for stand in self._stands.values()]
        try:
            async with asyncio.timeout(BOUNDS_TIMEOUT_S):
                beginnings = await self._consumer.beginning_offsets(partitions)
                ends = await self._consumer.end_offsets(partitions)
                await self._check_readable()
        except (TimeoutError, KafkaError) as error:
            raise SourceUnavailable(f"partition {self.partition}: bounds: {error!r}") from error
        return {tp.topic: Bounds(beginnings[tp], ends[tp]) for tp in partitions}

    def seek(self, offsets: Mapping[str, int]) -> None:
        """Stand at these offsets; what was fetched of these topics is dropped. Raises PositionLost."""
        self._check_held()
        for topic, offset in offsets.items():
            stand = self._stands[topic]
            stand.buffer.clear()
            stand.taken_to = offset
            stand.heard_at_s = self._clock.monotonic_s()
            self._seek(stand)

    async def records_at(self, offsets: Mapping[str, int]) -> Mapping[str, Record | None]:
        """See the port. What is read here comes again: seek afterwards."""
        self.seek(offsets)
        asked = [self._stands[topic] for topic in offsets]
        try:
            async with asyncio.timeout(BOUNDS_TIMEOUT_S):
                while unread := [
                    each for each in asked if each.next_offset == offsets[each.tp.topic] and not each.buffer
                ]:
                    await self._take_from(unread, LOOK_AGAIN_S)
        except TimeoutError as error:
            raise SourceUnavailable(f"partition {self.partition}: nothing was read at {dict(offsets)}") from error
        found = {topic: self._stands[topic].buffer for topic in offsets}
        return {
            topic: buffer[0] if buffer and buffer[0].offset == offsets[topic] else None
            for topic, buffer in found.items()
        }

    async def pull(self, topics: Sequence[str], max_records: int, timeout_s: float) -> Pull:
        """See the port. Comes back early, too, when a topic asked for turns out to be exhausted."""
        if any(stand.taken_to < 0 for stand in self._stands.values()):
            raise RuntimeError(f"partition {self.partition}: seek every topic before the first pull")
        self._is_pulling = True
        try:
            return await self._pull(topics, max_records, timeout_s)
        finally:
            self._is_pulling = False

    async def _pull(self, topics: Sequence[str], max_records: int, timeout_s: float) -> Pull:
        give_up_at_s = self._clock.monotonic_s() + timeout_s
        asked = [self._stands[topic] for topic in topics]
        await self._take(0.0)
        exhausted = known = self._exhausted()
        while not any(stand.buffer for stand in asked) and not (exhausted - known).intersection(topics):
            left_s = give_up_at_s - self._clock.monotonic_s()
            if left_s <= 0:
                break
            await self._take(left_s if exhausted.issuperset(topics) else min(left_s, LOOK_AGAIN_S))
            exhausted = self._exhausted()
        return self._give(topics, max_records)

    def waiting(self) -> Mapping[str, int]:
        """Positions of topics with nothing in hand and not known to be exhausted; none while the lane is busy.

        A pull that does not come back is no busy lane.
        """
        if not self._is_held() or not self._is_asking():
            return {}
        exhausted = self._exhausted()
        return {
            topic: stand.taken_to
            for topic, stand in self._stands.items()
            if not stand.buffer and topic not in exhausted
        }

    def told(self) -> Mapping[str, Told]:
        """What Kafka has told last, by topic; nothing once the partition is given up."""
        if not self._is_held():
            return {}
        is_asking = self._is_asking()
        return {topic: self._told(stand, is_asking) for topic, stand in self._stands.items()}

    def _told(self, stand: _Stand, is_asking: bool) -> Told:
        end, log_end = self._end(stand), self._consumer.highwater(stand.tp)
        return Told(
            end,
            0 if end is None or log_end is None else max(0, log_end - end),
            stand.buffer[0].timestamp if stand.buffer else None,
            self._unreadable_s(stand) if is_asking and stand.taken_to >= 0 else 0.0,
        )

    def _is_asking(self) -> bool:
        return self._is_pulling or self._clock.monotonic_s() - self._pulled_at_s <= PULLING_S

    def _give(self, topics: Iterable[str], max_records: int) -> Pull:
        records = {topic: self._stands[topic].give(max_records) for topic in topics}
        return Pull(
            records,
            {topic: stand.next_offset for topic, stand in self._stands.items()},
            self._exhausted(),
            {topic: self._unreadable_s(stand) for topic, stand in self._stands.items()},
        )

    async def _take(self, wait_s: float) -> None:
        """Into the buffers with whatever was fetched; without any, wait for some up to `wait_s`."""
        await self._take_from(
            [stand for stand in self._stands.values() if len(stand.buffer) < BUFFER_RECORDS], wait_s
        )

    async def _take_from(self, stands: Sequence[_Stand], wait_s: float) -> None:
        self._check_held()
        ready = [stand for stand in stands if await self._stands_right(stand)]
        if not ready:
            # An empty list of partitions would mean all partitions to aiokafka.
            await asyncio.sleep(min(wait_s, LOOK_AGAIN_S))
            return self._check_held()
        fetched = await self._fetch(ready, wait_s)
        self._check_held()
        for stand in ready:
            stand.buffer.extend(fetched.get(stand.tp, ()))
            stand.taken_to = await self._position(stand)
            self._listen(stand)
        self._pulled_at_s = self._clock.monotonic_s()
        return None

    def _listen(self, stand: _Stand) -> None:
        """Note when Kafka last told anything of this topic."""
        heard = (self._consumer.last_poll_timestamp(stand.tp), stand.taken_to)
        if heard != stand.heard:
            stand.heard, stand.heard_at_s = heard, self._clock.monotonic_s()

    async def _fetch(self, stands: Sequence[_Stand], wait_s: float) -> Mapping[TopicPartition, Sequence[Record]]:
        try:
            return await self._fetch_whole(stands, wait_s)
        except LOST as error:
            raise PositionLost(f"partition {self.partition}: {error!r}") from error
        except KafkaError as error:
            # Records of the other topics, or of the same batch, may be gone with the exception.
            self._check_held()
            for stand in stands:
                self._seek(stand)
            if error.retriable:
                raise SourceUnavailable(f"partition {self.partition}: {error!r}") from error
            raise

    async def _fetch_whole(
        self, stands: Sequence[_Stand], wait_s: float
    ) -> Mapping[TopicPartition, Sequence[Record]]:
        """What aiokafka brings; where it cannot unpack that, what is read past it."""
        try:
            fetching = self._consumer.getmany(*(stand.tp for stand in stands), timeout_ms=int(wait_s * 1_000))
            fetched: Mapping[TopicPartition, Sequence[Record]] = await self._unless_released(fetching)
            return fetched
        except Exception as error:
            if not is_of_unpacking(error):
                raise
            log.warning("ingest.read_again", partition=self.partition, error=repr(error))
        return await self._reread(stands)

    async def _reread(self, stands: Sequence[_Stand]) -> Mapping[TopicPartition, Sequence[Record]]:
        """The error does not say which topic it is about; all are moved only after all are read."""
        found = []
        for stand in stands:
            try:
                found.append(await self._unless_released(reread(self._consumer, stand.tp, stand.taken_to)))
            except Unreadable:
                self._unreadable = stand.tp, stand.taken_to
                raise
        for stand, (_, next_offset) in zip(stands, found, strict=True):
            self._consumer.seek(stand.tp, next_offset)
        return {stand.tp: records for stand, (records, _) in zip(stands, found, strict=True)}

    async def _check_readable(self) -> None:
        if self._unreadable is None:
            return
        with suppress(OffsetOutOfRangeError):  # it was removed, and that is for the bounds to tell
            await reread(self._consumer, *self._unreadable)
        self._unreadable = None

    async def _unless_released(self, fetching: Awaitable[T]) -> T:
        """What the fetch brings; while a rebalance goes on it would not end by itself."""
        task = asyncio.ensure_future(fetching)
        try:
            either: set[asyncio.Future[Any]] = {task, self._released}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            self._check_held()
            return task.result()
        finally:
            task.cancel()

    async def _stands_right(self, stand: _Stand) -> bool:
        """Whether the consumer stands where this source has taken up to; tells it again if not."""
        if await self._position(stand) == stand.taken_to:
            return True
        if self._clock.monotonic_s() - stand.sought_at_s < SEEK_AGAIN_S:
            return False
        self._seek(stand)
        return True

    async def _position(self, stand: _Stand) -> int:
        position: int = await self._consumer.position(stand.tp)
        return position

    def _seek(self, stand: _Stand) -> None:
        self._consumer.seek(stand.tp, stand.taken_to)
        stand.sought_at_s = self._clock.monotonic_s()

    def _exhausted(self) -> frozenset[str]:
        return frozenset(topic for topic, stand in self._stands.items() if self._is_exhausted(stand))

    def _is_exhausted(self, stand: _Stand) -> bool:
        told_ms = self._consumer.last_poll_timestamp(stand.tp)
        if stand.buffer or told_ms is None:
            return False
        if not 0 <= self._clock.now_ms() - told_ms <= FRESH_MS:
            return False
        end = self._end(stand)
        return end is not None and stand.taken_to >= end

    def _end(self, stand: _Stand) -> int | None:
        """The last stable offset, as told last."""
        end: int | None = self._consumer.last_stable_offset(stand.tp)
        if end is None or end < 0:
            # A broker without transactions.
            end = self._consumer.highwater(stand.tp)
        return end

    def _unreadable_s(self, stand: _Stand) -> float:
        return 0.0 if stand.buffer else self._clock.monotonic_s() - stand.heard_at_s

    def _is_held(self) -> bool:
        assigned: frozenset[TopicPartition] = self._consumer.assignment()
        return not self._released.done() and assigned.issuperset(stand.tp for stand in self._stands.values())

    def _check_held(self) -> None:
        if not self._is_held():
            raise PositionLost(f"partition {self.partition} is no longer held")
