"""Reads on where aiokafka cannot unpack what it has fetched: the same once more, record by record.

Kafka takes a record whose header has a name that is not UTF-8. aiokafka raises at it, and with it goes all that
was fetched; it says neither which record nor which topic it was. So each topic is fetched again from where it
stands, and unpacked by aiokafka's parser in Python, which can be told to go on: such a record comes with
UNREADABLE_HEADERS in place of its own, and the lane refuses it. Nothing is read in this way but after a fault.

What cannot be unpacked here either (bytes that were damaged, a compression that is not known) nobody can score:
`Unreadable`, after everything before it has been read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import (
    ConsumerStoppedError,
    CorruptRecordException,
    KafkaError,
    LeaderNotAvailableError,
    UnsupportedCodecError,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.default_records import DefaultRecord, _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy
from aiokafka.record.util import decode_varint

from streams.kafka.consumer import FETCH_BYTES
from streams.kafka.errors import Unreadable
from streams.lane.ports import UNREADABLE_HEADERS, PositionLost

ABORTED_SINCE_11 = 2
"""The place of the aborted transactions in what a fetch tells of a partition: from version 11 of it on, one more
member comes after them."""


class Reread(NamedTuple):
    """Records in order of offset, and the position after them."""

    records: Sequence[ConsumerRecord]
    next_offset: int


def is_of_unpacking(error: Exception) -> bool:
    """Whether aiokafka has raised this because of the bytes it fetched; these raise what they like."""
    if isinstance(error, KafkaError):
        return isinstance(error, CorruptRecordException | UnsupportedCodecError)
    return not isinstance(error, ConsumerStoppedError | PositionLost)


async def reread(consumer: AIOKafkaConsumer, tp: TopicPartition, offset: int) -> Reread:
    """What is committed in `tp` from `offset` on, as much as one fetch brings. Raises Unreadable, KafkaError."""
    client = consumer._client  # what else a consumer has to fetch with unpacks it, too
    leader = client.cluster.leader_for_partition(tp)
    if leader is None or leader < 0:
        raise LeaderNotAvailableError(tp)
    topics = [(tp.topic, [(tp.partition, offset, FETCH_BYTES)])]
    response = await client.send(leader, FetchRequest(0, 1, FETCH_BYTES, READ_COMMITTED, topics))
    ((_, ((_, error_code, _, *told),)),) = response.topics
    if error_code:
        raise for_code(error_code)(tp)
    aborted = told[ABORTED_SINCE_11] if response.API_VERSION >= 11 else told[-2]
    return unpack(tp, offset, told[-1], aborted)


async def next_records(consumer: AIOKafkaConsumer, tp: TopicPartition, timeout_ms: int) -> Sequence[ConsumerRecord]:
    """As `getmany` of this one partition, but past what aiokafka cannot unpack. Raises Unreadable, KafkaError."""
    offset: int = await consumer.position(tp)
    try:
        fetched: Sequence[ConsumerRecord] = (await consumer.getmany(tp, timeout_ms=timeout_ms)).get(tp, ())
        return fetched
    except Exception as error:
        if not is_of_unpacking(error):
            raise
    found = await reread(consumer, tp, offset)
    consumer.seek(tp, found.next_offset)
    return found.records


def unpack(
    tp: TopicPartition, offset: int, fetched: bytes, aborted: Sequence[tuple[int, int]] | None = None
) -> Reread:
    """The records from `offset` on, up to what cannot be unpacked. Raises Unreadable where that is the first."""
    batches = _Batches(fetched)
    unpacking = PartitionRecords(tp, batches, aborted, offset, None, None, True, READ_COMMITTED)
    records: list[ConsumerRecord] = []
    try:
        records.extend(unpacking)
    except Exception as error:
        if unpacking.next_fetch_offset == offset:
            raise Unreadable(tp.topic, tp.partition, offset, batches.end, error) from error
    return Reread(records, unpacking.next_fetch_offset)


class _Batches(_MemoryRecordsPy):  # type: ignore[misc]  # aiokafka has no types
    """What was fetched, batch by batch. `end` is the offset after the batch taken last."""

    end = -1

    def next_batch(self) -> Any:
        """The next one; one in the formats before headers is aiokafka's own."""
        taken = self._next_slice
        batch = super().next_batch()
        if taken[self.MAGIC_OFFSET] >= 2:
            batch = _Batch(taken)
        self.end = batch.next_offset
        return batch


class _Batch(_DefaultRecordBatchPy):  # type: ignore[misc]  # aiokafka has no types
    """A batch that gives a record without its headers, if they cannot be named. The next one begins at `_pos`."""

    _pos: int

    def _read_msg(self) -> DefaultRecord:
        try:
            return super()._read_msg()
        except UnicodeDecodeError:
            return self._read_without_headers()

    def _read_without_headers(self) -> DefaultRecord:
        """The record at this place: how long it is stands before it."""
        length, begin = decode_varint(self._buffer, self._pos)
        _, place = decode_varint(self._buffer, begin)
        delta_ms, place = decode_varint(self._buffer, place)
        number, place = decode_varint(self._buffer, place)
        key, place = self._read_bytes(place)
        value, _ = self._read_bytes(place)
        self._pos = begin + length
        is_of_log = self.timestamp_type == self.LOG_APPEND_TIME
        timestamp_ms = self.max_timestamp if is_of_log else self.first_timestamp + delta_ms
        offset = self.base_offset + number
        return DefaultRecord(offset, timestamp_ms, self.timestamp_type, key, value, UNREADABLE_HEADERS)

    def _read_bytes(self, place: int) -> tuple[bytes | None, int]:
        length, begin = decode_varint(self._buffer, place)
        end = begin + max(length, 0)
        return (bytes(self._buffer[begin:end]) if length >= 0 else None), end
