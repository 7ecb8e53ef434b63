"""What aiokafka cannot unpack is read record by record; what nobody can unpack is said with its place."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, islice

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError, CorruptRecordException, UnknownTopicOrPartitionError
from aiokafka.record.memory_records import MemoryRecords

from schemas.rejected import Reason
from streams.kafka.errors import Unreadable
from streams.kafka.reread import is_of_unpacking, unpack
from streams.lane.inputs import read_input
from streams.lane.ports import UNREADABLE_HEADERS, PositionLost
from tests.support.batches import COMPRESSION_AT, HEADER_BYTES, LATIN, Made, at_offset, batch, checked

PLACE = TopicPartition("email.opens", 3)
NOON_MS = 1_763_899_200_000
GOOD = b'{"id": "e-1", "lead_id": "L-1", "occurred_at": "2025-11-23T12:00:00Z", "message_id": "m-1"}'

COMPRESSIONS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}

UNKNOWN_COMPRESSION = 7


def records(*headers: bytes | None) -> list[Made]:
    """As many good records, a second apart, each with a header of this name or without one."""
    numbers = islice(count(), len(headers))
    return [Made(b"L-1", GOOD, NOON_MS + 1_000 * number, headers[number]) for number in numbers]


def fetched(*batches: Sequence[Made], compression: int = 0) -> bytes:
    """These batches, one after the other from offset 0 on."""
    whole, offset = b"", 0
    for made in batches:
        whole += at_offset(batch(made, compression=compression), offset)
        offset += len(made)
    return whole


def raised_by_aiokafka(raw: bytes) -> Exception | None:
    """What the ordinary way says to these bytes."""
    found = MemoryRecords(raw)
    try:
        while found.has_next():
            list(found.next_batch())
    except Exception as error:
        return error
    return None


def told(found: Sequence[ConsumerRecord]) -> list[tuple[int, int, bytes, bytes, bool]]:
    """Of each record all that counts, and whether its headers could be read."""
    return [(one.offset, one.timestamp, one.key, one.value, one.headers is not UNREADABLE_HEADERS) for one in found]


@pytest.mark.parametrize("compression", COMPRESSIONS.values(), ids=COMPRESSIONS)
@pytest.mark.parametrize("bad", [0, 2, 4], ids=["first", "in the middle", "last"])
def test_a_record_with_a_name_that_is_no_text_comes_among_its_neighbours(bad: int, compression: int) -> None:
    """Each record once, in order and whole; only that one without its headers, and it is refused for them."""
    made = records(*(LATIN if number == bad else b"x" for number in range(5)))
    raw = fetched(made, records(None, None), compression=compression)
    assert isinstance(raised_by_aiokafka(raw), UnicodeDecodeError)
    found, next_offset = unpack(PLACE, 0, raw)
    times = [NOON_MS + 1_000 * number for number in (*range(5), 0, 1)]
    assert told(found) == [(number, at, b"L-1", GOOD, number != bad) for number, at in enumerate(times)]
    assert next_offset == 7
    refusals = [read_input(one, one.timestamp).refused for one in found]
    assert [(one.reason, one.field) for one in refusals if one] == [(Reason.WRONG_TYPE, "headers")]
    assert refusals[bad] is not None


def test_what_is_before_the_position_does_not_come_again() -> None:
    """A fetch begins with the batch that holds the position, not with the position."""
    found, next_offset = unpack(PLACE, 3, fetched(records(None, LATIN, None, None, LATIN)))
    assert [one.offset for one in found] == [3, 4]
    assert next_offset == 5


def test_an_absent_key_and_value_stay_absent() -> None:
    """Also in a record whose headers cannot be read."""
    made = Made(None, None, NOON_MS, LATIN)  # type: ignore[arg-type]
    (record,), _ = unpack(PLACE, 0, fetched([made]))
    assert (record.key, record.value, record.headers) == (None, None, UNREADABLE_HEADERS)


def test_everything_before_damaged_bytes_is_read_and_they_are_said_with_place_and_remedy() -> None:
    """First the batch before; then the lane halts, and the text has the offset after the damage."""
    whole = bytearray(fetched(records(None, None), records(None, None, None)))
    whole[-1] ^= 1
    found, next_offset = unpack(PLACE, 0, bytes(whole))
    assert [one.offset for one in found] == [0, 1]
    assert next_offset == 2
    with pytest.raises(Unreadable) as raised:
        unpack(PLACE, 2, bytes(whole))
    text = str(raised.value)
    assert text.startswith("email.opens/3 cannot be read from offset 2 on: ")
    assert "Invalid CRC" in text
    assert "remove what is before offset 5 with Kafka's kafka-delete-records.sh" in text
    assert "`leadline accept-gap --partition 3 --topic email.opens`" in text


def test_a_compression_that_is_not_known_is_said_with_its_remedy() -> None:
    """It is no damage: nothing is to be removed."""
    whole = bytearray(fetched(records(None)))
    whole[COMPRESSION_AT] |= UNKNOWN_COMPRESSION
    with pytest.raises(Unreadable, match=r"offset 0 on: .*0x07.* Install leadline with all its libraries"):
        unpack(PLACE, 0, checked(whole))


def read_or_said(raw: bytes) -> list[int] | str:
    """The offsets that are read of these bytes, or what is said of them."""
    try:
        return [one.offset for one in unpack(PLACE, 0, raw)[0]]
    except Unreadable as error:
        return str(error)


@pytest.mark.parametrize("place", range(HEADER_BYTES, HEADER_BYTES + 40))
def test_bytes_that_say_nothing_are_told_and_do_not_crash(place: int) -> None:
    """Whatever byte of a record is another, with a true checksum: it is read, or said with its place."""
    whole = bytearray(fetched(records(LATIN, None)))
    whole[place] ^= 0xFF
    assert read_or_said(checked(whole))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), True),
        (CorruptRecordException(), True),
        (EOFError(), True),
        (UnknownTopicOrPartitionError(), False),
        (ConsumerStoppedError(), False),
        (PositionLost(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_what_bytes_raise_is_read_again(error: Exception, expected: bool) -> None:
    """What a broker answers, or a partition that is given up, is dealt with as ever."""
    assert is_of_unpacking(error) is expected
