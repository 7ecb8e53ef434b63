"""Records out, for the command line, the simulation and the benchmark. The worker's way out is `publisher`."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.kafka.clients import client_options
from streams.kafka.cluster import Kafka
from streams.kafka.errors import REACH_TIMEOUT_S, answering, closed, named, reach

BATCH_BYTES = 256 * 1024
"""Of one partition in one request; only a linger, or a Kafka slower than the sender, fills it."""

REQUEST_BYTES_MAX = 8 * 1024 * 1024
"""Whether a record is too large is the broker's decision; this is the largest that is offered."""

TRANSACTION_TIMEOUT_S = 10.0
"""A command that dies half-way holds up the readers of its partitions for this long at most."""

Headers = Sequence[tuple[str, bytes]]


class RecordProducer:
    """Sends without waiting for each record; `flush` waits for all, and raises what went wrong with any.

    Records with a key go to the partition that murmur2 of the key says, as every other client of the lead's
    topics must do it; `partition` overrides that. Order is kept for each partition.
    """

    def __init__(self, kafka: Kafka, linger_ms: int = 0) -> None:
        self._kafka = kafka
        self._linger_ms = linger_ms
        self._producer: AIOKafkaProducer | None = None
        self._failure: BaseException | None = None

    async def start(self) -> None:
        """Connect. Raises KafkaUnreachable."""
        self._producer = AIOKafkaProducer(
            **client_options(self._kafka),
            acks="all",
            enable_idempotence=True,
            linger_ms=self._linger_ms,
            max_batch_size=BATCH_BYTES,
            max_request_size=REQUEST_BYTES_MAX,
            request_timeout_ms=int(REACH_TIMEOUT_S * 1_000),
        )
        await reach(self._producer, self._kafka)

    async def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: Headers = (),
    ) -> None:
        """Hand one record over; waits only while its partition's batch is full. Raises KafkaFault."""
        try:
            future = await self._started().send(
                topic, value, key, partition, timestamp_ms=timestamp_ms, headers=list(headers)
            )
        except KafkaError as error:
            raise named(self._kafka, error) from error
        future.add_done_callback(self._note)

    async def flush(self) -> None:
        """Returns when Kafka has acknowledged all that was sent. Raises the first failure since the last flush."""
        async with answering(self._kafka):
            await self._started().flush()
            failure, self._failure = self._failure, None
            if failure is not None:
                raise failure

    async def stop(self) -> None:
        """Flush and close; what Kafka does not take within the time to reach it is given up."""
        if self._producer is not None:
            async with answering(self._kafka):
                await self._producer.stop()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise RuntimeError("start the producer first")
        return self._producer

    def _note(self, future: asyncio.Future[object]) -> None:
        if not future.cancelled() and self._failure is None:
            self._failure = future.exception()


async def send_everywhere(
    kafka: Kafka, topic: str, value: bytes, partitions: int, timestamp_ms: int | None = None
) -> None:
    """One record without a key into each partition, all of them or none. Raises KafkaFault."""
    producer = AIOKafkaProducer(
        **client_options(kafka),
        transactional_id=f"leadline-everywhere-{uuid.uuid4().hex}",
        transaction_timeout_ms=int(TRANSACTION_TIMEOUT_S * 1_000),
        max_request_size=REQUEST_BYTES_MAX,
    )
    try:
        await reach(producer, kafka)
        async with answering(kafka), producer.transaction():
            acknowledged = [
                await producer.send(topic, value, partition=partition, timestamp_ms=timestamp_ms)
                for partition in range(partitions)
            ]
            await asyncio.gather(*acknowledged)
    finally:
        await closed(producer.stop(), TRANSACTION_TIMEOUT_S)
