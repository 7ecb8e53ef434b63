"""A lane's outbox entries to Kafka, each visible exactly once: one transactional producer for each lane.

    1 take over   the producer starts: Kafka fences whoever had its transactional id, and takes back what they had
                  begun; how far was published is read from `leadline.published`
    2 send        some entries, and with them the mark how far the outbox is published by that
    3 wait        for all acknowledgements; Kafka away: aiokafka repeats by itself, in order
    4 commit      entries and mark become visible together, or none of them

A crash anywhere before the end of 4 leaves nothing that a `read_committed` consumer sees; after it the mark says so
to whoever takes over. What the producer dies of (fenced by the next owner, a transaction that Kafka has ended for
its age, sequence numbers that Kafka does not know) makes the lane take over anew, which finds out what is so.

With aiokafka a producer that has failed for good stays failed, and says so in several ways, assertions included.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from schemas.codec import encode
from schemas.published import Published
from schemas.topics import PUBLISHED
from streams.kafka.clients import client_options, pace
from streams.kafka.cluster import Cluster, Kafka
from streams.kafka.errors import NEVER, KafkaUnreachable, NeverTaken, TopicsDiffer, answering, named
from streams.kafka.marks import read_mark, reader
from streams.kafka.publisher import PAUSE_FIRST_S, PAUSE_MAX_S, REQUEST_BYTES_MAX, SAY_AFTER_S
from streams.lane.ports import Fenced, Halted, OutboxEntry, SourceUnavailable
from streams.settings import Settings

TRANSACTION_TIMEOUT_S = 20.0
"""Kafka ends a transaction that is open for longer: then nobody has taken over from an owner that is gone, which
takes 10 s. Until then consumers of what is committed wait behind it."""

GIVE_UP_S = TRANSACTION_TIMEOUT_S + 10.0
"""For one transaction. By then Kafka has ended it by itself, if it has heard of it: the lane takes over anew, with
another connection, and reads how far it was published."""

TAKE_OVER_S = 10.0
"""For starting the producer and reading the mark: 0.06 s, 0.2 s where a transaction is left open."""

BATCH_BYTES = 256 * 1024
"""Of one topic's partition in one request: a page of entries should need few of them."""

STEP_S = 0.4
"""For each step of an end, three at most: a lane that is cancelled has 2 s, with what drain.py takes of them. The
next owner does what is left."""

MARK_KEY = b"outbox"
"""The same in each partition, which is the lane: compaction keeps the last mark."""

DEAD = (KafkaError, AssertionError)
"""What aiokafka's producer raises once it has failed for good."""

Sending = dict[str, Any]
"""The arguments of aiokafka's `send`."""

log = structlog.get_logger("leadline.publisher")


class LanePublisher:
    """See `streams.lane.ports.Publisher`. One for each take-over of a lane."""

    keeps_marks = True

    def __init__(
        self,
        kafka: Kafka,
        transactional_id: str,
        partition: int,
        rng: random.Random | None = None,
        on_retry: Callable[[], None] = lambda: None,
    ) -> None:
        self._kafka = kafka
        self._on_retry = on_retry
        self._transactional_id = transactional_id
        self._partition = partition
        self._rng = rng or random.Random(os.urandom(8))
        self._producer: AIOKafkaProducer | None = None
        self._is_open = False
        self._reading = AsyncExitStack()
        self._reader: AIOKafkaConsumer | None = None

    async def last(self) -> Published | None:
        """How far the lane has been published. Raises SourceUnavailable, Halted."""
        async with self._answering():
            return await self._read_mark()

    async def take_over(self) -> Published | None:
        """The same, once nobody else can publish for the lane. Raises SourceUnavailable, Halted."""
        async with self._answering():
            self._producer = AIOKafkaProducer(
                **client_options(self._kafka),
                transactional_id=self._transactional_id,
                transaction_timeout_ms=int(TRANSACTION_TIMEOUT_S * 1_000),
                acks="all",
                max_batch_size=BATCH_BYTES,
                max_request_size=REQUEST_BYTES_MAX,
            )
            pace(self._producer.client)
            await self._producer.start()
            told = await self._read_mark()
            await self._close_reader()
            return told

    async def publish(self, entries: Sequence[OutboxEntry], mark: Published) -> None:
        """All of them and the mark in one transaction. Raises Fenced, Halted, SourceUnavailable."""
        pause_s = PAUSE_FIRST_S
        while (failure := await self._within_time(self._transaction(entries, mark))) is not None:
            self._on_retry()
            log.warning("publisher.waits", partition=self._partition, error=repr(failure))
            await asyncio.sleep(pause_s * self._rng.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, PAUSE_MAX_S)

    async def stop(self) -> None:
        """Take back what is open and close; what Kafka does not answer in time it ends by itself."""
        producer, self._producer = self._producer, None
        steps = [self._close_reader]
        if producer is not None:
            steps += [producer.abort_transaction, producer.stop] if self._is_open else [producer.stop]
        for step in steps:
            with suppress(TimeoutError, *DEAD):
                async with asyncio.timeout(STEP_S):
                    await step()

    async def _within_time(self, transaction: Awaitable[KafkaError | None]) -> KafkaError | None:
        try:
            async with asyncio.timeout(GIVE_UP_S):
                return await transaction
        except TimeoutError as error:
            raise SourceUnavailable(
                f"partition {self._partition}: no end of a transaction within {GIVE_UP_S:g} s"
            ) from error

    async def _transaction(self, entries: Sequence[OutboxEntry], mark: Published) -> KafkaError | None:
        """None once all is visible; else why the transaction was taken back, and may be tried again."""
        if self._producer is None:
            raise RuntimeError("take over before the first entry")
        producer, failed = self._producer, None
        try:
            await producer.begin_transaction()
            self._is_open = True
            failed = await _send(producer, [*map(_record, entries), self._mark(mark)])
            await (producer.commit_transaction() if failed is None else producer.abort_transaction())
            self._is_open = False
        except DEAD as error:
            raise self._fenced(failed.error if failed else error) from error
        if failed is None or failed.error.retriable or isinstance(failed.error, KafkaTimeoutError):
            return failed and failed.error
        if isinstance(failed.error, NEVER):
            raise NeverTaken(_refusal(entries, failed, named(self._kafka, failed.error))) from failed.error
        raise self._fenced(failed.error) from failed.error

    def _fenced(self, error: BaseException) -> Fenced:
        log.warning("publisher.fenced", partition=self._partition, error=repr(error))
        return Fenced(f"the producer {self._transactional_id} is of no more use: {error!r}")

    def _mark(self, mark: Published) -> Sending:
        return {
            "topic": PUBLISHED.name,
            "partition": self._partition,
            "key": MARK_KEY,
            "value": encode(mark),
        }

    async def _read_mark(self) -> Published | None:
        if self._reader is None:
            self._reader = await self._reading.enter_async_context(reader(self._kafka))
        return await read_mark(self._reader, self._partition)

    async def _close_reader(self) -> None:
        self._reader = None
        await self._reading.aclose()

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        """Around a take-over: a Kafka that is away is waited for, a missing topic or right is the operator's."""
        try:
            async with answering(self._kafka, TAKE_OVER_S):
                yield
        except KafkaUnreachable as error:
            raise SourceUnavailable(f"partition {self._partition}: {error}") from error
        except TopicsDiffer as error:
            raise Halted(str(error)) from error


def lane_publisher(
    settings: Settings, partition: int, on_retry: Callable[[], None] = lambda: None
) -> LanePublisher:
    """The publisher of a lane: who opens it last is the only one. `on_retry` is called at each repeated try."""
    return LanePublisher(Cluster.of(settings), f"{settings.prefix}-out-{partition}", partition, on_retry=on_retry)


class _Failure(NamedTuple):
    """Why the record in this place was not acknowledged."""

    place: int
    error: KafkaError


async def _send(producer: AIOKafkaProducer, records: Sequence[Sending]) -> _Failure | None:
    """Returns when all are acknowledged, or why one is not.

    What no repeat changes comes before all else, the largest first: Kafka refuses whole batches for one record.
    """
    sent: list[asyncio.Future[object]] = []
    failures: list[_Failure] = []
    try:
        for record in records:
            sent.append(await producer.send(**record))
            sent[-1].add_done_callback(_heard)
    except KafkaError as error:
        failures.append(_Failure(len(sent), error))
    await _acknowledged(sent)
    for place, future in enumerate(sent):
        reason = future.exception()
        if isinstance(reason, KafkaError):
            failures.append(_Failure(place, reason))
        elif reason is not None:
            raise reason
    return min(
        failures, key=lambda each: (not isinstance(each.error, NEVER), -_size(records[each.place])), default=None
    )


def _heard(future: asyncio.Future[object]) -> None:
    """Also of a publisher that was stopped meanwhile: asyncio would log an exception that nobody has looked at."""
    if not future.cancelled():
        future.exception()


def _size(record: Sending) -> int:
    return len(record["key"] or b"") + len(record["value"] or b"")


async def _acknowledged(sent: Sequence[asyncio.Future[object]]) -> None:
    """Returns when nothing is on its way any more; aiokafka repeats by itself until then."""
    pending = set(sent)
    while pending:
        _, pending = await asyncio.wait(pending, timeout=SAY_AFTER_S)
        if pending:
            log.warning("publisher.waits", unacknowledged=len(pending))


def _record(entry: OutboxEntry) -> Sending:
    return {
        "topic": entry.topic,
        "partition": entry.partition,
        "key": entry.key,
        "value": entry.value,
        "headers": list(entry.headers),
        "timestamp_ms": entry.timestamp_ms,
    }


def _refusal(entries: Sequence[OutboxEntry], failure: _Failure, told: Exception) -> str:
    if failure.place == len(entries):
        return f"{PUBLISHED.name} cannot be written: {told} The lane goes on by itself once it can."
    entry = entries[failure.place]
    return (
        f"entry {entry.number} of the outbox ({_size(_record(entry))} bytes for {entry.topic}/{entry.partition}) "
        f"cannot be published: {told} The lane goes on by itself once Kafka takes it."
    )
