"""Batches of records made by hand, as no ordinary client writes them, sent and fetched as they are.

await send_batch(bootstrap, "email.opens", 0, batch([Made(b"L-1", b"{}", 0), Made(b"L-2", b"{}", 0, LATIN)]))
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterable
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy, _DefaultRecordBatchPy
from aiokafka.record.util import calc_crc32c

ROOM_BYTES = 1 << 20
ANSWER_MS = 10_000

ALL_REPLICAS = -1

NOT_LEADER = 6
"""The answer of a broker that has not heard yet that it leads a topic made a moment ago."""

HEADER_BYTES = _DefaultRecordBatchPy.HEADER_STRUCT.size
"""Of a batch, before its first record."""

CHECKED_FROM = _DefaultRecordBatchPy.ATTRIBUTES_OFFSET
CHECKSUM_AT = _DefaultRecordBatchPy.CRC_OFFSET

COMPRESSION_AT = CHECKED_FROM + 1
COMPRESSION_BITS = _DefaultRecordBatchPy.CODEC_MASK
"""Where a batch says how it is compressed."""


class HeaderName:
    """A name of a header, in whatever encoding. aiokafka asks it for its UTF-8."""

    def __init__(self, name: bytes) -> None:
        self._name = name

    def encode(self, encoding: str) -> bytes:
        """These bytes."""
        return self._name


LATIN = "größe".encode("latin-1")
"""What a client sends whose texts are bytes, as those of C and PHP are."""


class Made(NamedTuple):
    """A record, with the name of its one header if it has any."""

    key: bytes
    value: bytes
    timestamp_ms: int
    header: bytes | None = None


def batch(records: Iterable[Made], *, compression: int = 0) -> bytes:
    """One batch of these records. `compression` is Kafka's number: 0 is none, 1 gzip, 2 snappy, 3 lz4, 4 zstd."""
    builder = _DefaultRecordBatchBuilderPy(
        magic=2,
        compression_type=compression,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=ROOM_BYTES,
    )
    for number, record in enumerate(records):
        headers = [] if record.header is None else [(HeaderName(record.header), b"x")]
        taken = builder.append(number, record.timestamp_ms, record.key, record.value, headers)
        assert taken is not None, "more records than a batch has room for"
    return bytes(builder.build())


def at_offset(whole: bytes, offset: int) -> bytes:
    """The batch as it stands in a log that begins it at this offset."""
    return struct.pack(">q", offset) + whole[8:]


def checked(whole: bytearray) -> bytes:
    """The batch with the checksum of what it holds now."""
    struct.pack_into(">I", whole, CHECKSUM_AT, calc_crc32c(bytes(whole[CHECKED_FROM:])))
    return bytes(whole)


async def send_batch(bootstrap: str, topic: str, partition: int, whole: bytes) -> int:
    """The offset of its first record, as Kafka has taken it."""
    error_code = NOT_LEADER
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer, asyncio.timeout(ANSWER_MS / 1_000):
        while error_code == NOT_LEADER:
            request = ProduceRequest(None, ALL_REPLICAS, ANSWER_MS, [(topic, [(partition, whole)])])
            error_code, offset, *_ = await _ask(producer, topic, partition, request)
    assert error_code == 0, f"Kafka refuses the batch with code {error_code}"
    return int(offset)


async def compression_of(bootstrap: str, topic: str, partition: int) -> int:
    """Kafka's number of how the first batch there is compressed."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        request = FetchRequest(ANSWER_MS, 1, ROOM_BYTES, 0, [(topic, [(partition, 0, ROOM_BYTES)])])
        *_, fetched = await _ask(producer, topic, partition, request)
    return int(fetched[COMPRESSION_AT] & COMPRESSION_BITS)


async def _ask(producer: AIOKafkaProducer, topic: str, partition: int, request: object) -> tuple[Any, ...]:
    """What the partition's leader answers of it."""
    client: AIOKafkaClient = producer.client
    await client.force_metadata_update()
    await producer.partitions_for(topic)
    leader = client.cluster.leader_for_partition(TopicPartition(topic, partition))
    response = await client.send(leader, request)
    ((_, ((_, *told),)),) = response.topics
    return tuple(told)
