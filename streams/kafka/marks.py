"""How far each lane has been published: read back from the end of `leadline.published`, one partition at a time.

The last committed record counts. Behind it may lie markers of transactions and records that were taken back, so the
log is read from a little before its end, and from further back until there is one. A position passes markers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from pydantic import ValidationError

from schemas.published import Published
from schemas.topics import OUTPUTS, PUBLISHED
from streams.kafka.clients import client_options
from streams.kafka.cluster import Kafka
from streams.kafka.errors import TopicsDiffer, answering, closed, reach
from streams.lane.ports import Halted

WINDOW_OFFSETS = 16
"""A mark and the marker behind it are two: usually the last two."""

FURTHER = 16
"""So many times further back if there was none. Nearly always the first look finds one."""

POLL_MS = 20
"""aiokafka wakes nobody when a fetch brings only markers."""

FETCH_WAIT_MS = 5
"""How long a broker holds a fetch at the end of a log: after a seek, aiokafka first waits for the one under way."""


@asynccontextmanager
async def reader(kafka: Kafka) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of what is committed, without a group. Raises KafkaFault."""
    consumer = AIOKafkaConsumer(
        **client_options(kafka),
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )
    try:
        await reach(consumer, kafka)
        yield consumer
    finally:
        await closed(consumer.stop())


async def read_marks(kafka: Kafka, partitions: int) -> list[Published | None]:
    """How far each lane has been published. Raises KafkaFault, Halted."""
    async with reader(kafka) as consumer, answering(kafka):
        return [await read_mark(consumer, number) for number in range(partitions)]


async def read_mark(consumer: AIOKafkaConsumer, partition: int) -> Published | None:
    """How far the lane has been published; None if it never was.

    Where there is no mark, the outputs may still tell that somebody has published: then lineage and environment
    are empty. Raises Halted for a record that is none of ours, TopicsDiffer without the topic.
    """
    shown = await consumer.topics()
    if PUBLISHED.name not in shown:
        raise TopicsDiffer(
            f"Kafka does not show {PUBLISHED.name}: it is missing (`leadline topics apply` makes it), or access "
            "rules do not allow leadline to read it."
        )
    record = await _last_record(consumer, TopicPartition(PUBLISHED.name, partition))
    if record is None:
        outputs = [TopicPartition(topic.name, partition) for topic in OUTPUTS if topic.name in shown]
        return await _told_by_outputs(consumer, outputs)
    try:
        return Published.model_validate_json(record.value or b"")
    except ValidationError as error:
        raise Halted(
            f"{PUBLISHED.name}/{partition} holds at offset {record.offset} what leadline has not written: find out "
            f"who writes to this topic, stop that, make the topic anew (`leadline topics apply`), then "
            f"`leadline accept-gap --partition {partition}` goes on"
        ) from error


async def _told_by_outputs(consumer: AIOKafkaConsumer, outputs: Sequence[TopicPartition]) -> Published | None:
    last = [await _last_record(consumer, tp) for tp in outputs]
    timelines = [_timeline(record) for record in last if record is not None]
    return Published(timeline=max(timelines), outbox=0, environment="", lineage="") if timelines else None


def _timeline(record: ConsumerRecord) -> int:
    """That of an output; 1 for what has none."""
    told = dict(record.headers).get("timeline", b"1")
    return int(told) if told.isdigit() else 1


async def _last_record(consumer: AIOKafkaConsumer, tp: TopicPartition) -> ConsumerRecord | None:
    consumer.assign([tp])
    beginning = (await consumer.beginning_offsets([tp]))[tp]
    end = (await consumer.end_offsets([tp]))[tp]
    window = WINDOW_OFFSETS
    while True:
        start = max(beginning, end - window)
        records = await _read(consumer, tp, start, end)
        if records or start == beginning:
            return records[-1] if records else None
        window *= FURTHER


async def _read(consumer: AIOKafkaConsumer, tp: TopicPartition, start: int, end: int) -> Sequence[ConsumerRecord]:
    """The last records of this stretch."""
    consumer.seek(tp, start)
    records: Sequence[ConsumerRecord] = ()
    while await consumer.position(tp) < end:
        records = (await consumer.getmany(tp, timeout_ms=POLL_MS)).get(tp) or records
    return records
