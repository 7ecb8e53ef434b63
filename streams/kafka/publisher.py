"""A lane's outbox entries to Kafka: in order, each at least once. For a broker without transactions.

    1 send      every entry to its own partition; Kafka away: the same entry again, with a growing pause
    2 wait      for all acknowledgements; the idempotent producer repeats by itself, in order, until they come
    3 return    the lane's next commit trims the outbox

A crash between 2 and 3 publishes entries once more, under the same seq: consumers drop what is not greater.
An entry that Kafka never takes raises NeverTaken, which halts the lane with its text.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Sequence

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from schemas.published import Published
from streams.kafka.clients import client_options, pace
from streams.kafka.cluster import Kafka
from streams.kafka.errors import NEVER, named, reach
from streams.lane.ports import OutboxEntry

PAUSE_FIRST_S = 0.1
PAUSE_MAX_S = 5.0
"""Between attempts while Kafka is away: doubled each time, then half of it at random."""

SAY_AFTER_S = 10.0
"""Acknowledgements take milliseconds; an operator hears of this."""

REQUEST_BYTES_MAX = 8 * 1024 * 1024
"""Whether an entry is too large is the broker's decision; this is the largest that is offered."""

STOP_TIMEOUT_S = 2.0
"""What is not acknowledged by then is in the outbox still."""

log = structlog.get_logger("leadline.publisher")

Acknowledged = asyncio.Future[object]


class OutboxPublisher:
    """One for each worker; its lanes share it, each by a `SharedPublisher`."""

    def __init__(
        self, kafka: Kafka, rng: random.Random | None = None, on_retry: Callable[[], None] = lambda: None
    ) -> None:
        self._kafka = kafka
        self._on_retry = on_retry
        self._rng = rng or random.Random(os.urandom(8))
        self._producer: AIOKafkaProducer | None = None

    async def start(self, patience_s: float = 0.0) -> None:
        """Connect. Raises KafkaUnreachable."""
        producer = AIOKafkaProducer(
            **client_options(self._kafka),
            acks="all",
            enable_idempotence=True,
            max_request_size=REQUEST_BYTES_MAX,
        )
        pace(producer.client)
        self._producer = producer
        try:
            await reach(producer, self._kafka, patience_s)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close the connection; does not wait for a Kafka that is away."""
        if self._producer is None:
            return
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._producer.stop()
        except (TimeoutError, KafkaError) as error:
            log.warning("publisher.not_closed", error=repr(error))

    async def publish(self, entries: Sequence[OutboxEntry]) -> None:
        """Returns when Kafka has acknowledged all of them. Raises NeverTaken."""
        acknowledged = [await self._send_patiently(entry) for entry in entries]
        await self._wait(acknowledged)
        for entry, future in zip(entries, acknowledged, strict=True):
            error = future.exception()
            if isinstance(error, NEVER):
                raise named(self._kafka, error) from error
            if error is not None:
                raise RuntimeError(f"{entry.topic}/{entry.partition}: entry {entry.number}: {error!r}") from error

    async def _send_patiently(self, entry: OutboxEntry) -> Acknowledged:
        """Nothing was handed over when `_send` fails, so the same entry can go again."""
        pause_s = PAUSE_FIRST_S
        while True:
            try:
                return await self._send(entry)
            except NEVER as error:
                raise named(self._kafka, error) from error
            except KafkaError as error:
                if not (error.retriable or isinstance(error, KafkaTimeoutError)):
                    raise
                self._on_retry()
                log.warning("publisher.waits", topic=entry.topic, error=repr(error))
            await asyncio.sleep(pause_s * self._rng.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, PAUSE_MAX_S)

    async def _send(self, entry: OutboxEntry) -> Acknowledged:
        if self._producer is None:
            raise RuntimeError("start the publisher first")
        future: Acknowledged = await self._producer.send(
            entry.topic,
            value=entry.value,
            key=entry.key,
            partition=entry.partition,
            timestamp_ms=entry.timestamp_ms,
            headers=list(entry.headers),
        )
        return future

    async def _wait(self, acknowledged: Sequence[Acknowledged]) -> None:
        pending = set(acknowledged)
        while pending:
            _, pending = await asyncio.wait(pending, timeout=SAY_AFTER_S)
            if pending:
                log.warning("publisher.waits", unacknowledged=len(pending))


class SharedPublisher:
    """See `streams.lane.ports.Publisher`: a lane's share of the publisher of its worker. Fences nobody."""

    keeps_marks = False

    def __init__(self, publisher: OutboxPublisher) -> None:
        self._publisher = publisher

    async def last(self) -> Published | None:
        """Nobody knows."""
        return None

    async def take_over(self) -> Published | None:
        """Nobody knows."""
        return None

    async def publish(self, entries: Sequence[OutboxEntry], mark: Published) -> None:
        """Returns when Kafka has acknowledged all of them. Raises NeverTaken."""
        await self._publisher.publish(entries)

    async def stop(self) -> None:
        """The worker's publisher goes on."""
