"""A source reads its partition exactly: in order, from where the lane stands, to the last stable offset."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from confluent_kafka import Producer

from schemas.topics import INPUT_NAMES
from streams.clock import SystemClock
from streams.kafka.producer import RecordProducer, send_everywhere
from streams.kafka.source import PartitionSource
from streams.lane.ports import UNREADABLE_HEADERS, PositionLost, Pull
from tests.conftest import FreshTopics
from tests.support.batches import LATIN, Made, batch, compression_of, send_batch

OPENS, CLICKS = INPUT_NAMES[:2]
START = dict.fromkeys(INPUT_NAMES, 0)
LONG_S = 10.0
"""For what comes within milliseconds on an idle broker."""


@asynccontextmanager
async def a_source(bootstrap: str, partition: int = 0) -> AsyncIterator[tuple[PartitionSource, AIOKafkaConsumer]]:
    """A source over a consumer without a group, sought to the beginning."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_wait_ms=100,
    )
    async with consumer:
        consumer.assign([TopicPartition(topic, partition) for topic in INPUT_NAMES])
        source = PartitionSource(consumer, partition, INPUT_NAMES, SystemClock())
        source.seek(START)
        await asyncio.sleep(0)  # aiokafka cannot be stopped before its tasks have run once
        yield source, consumer


async def produce(bootstrap: str, topic: str, count: int, partition: int = 0, first: int = 0) -> None:
    """Records `first`, `first` + 1, ... acknowledged."""
    async with RecordProducer(bootstrap, linger_ms=5) as producer:
        for number in range(first, first + count):
            await producer.send(topic, key=b"L", value=b"%d" % number, partition=partition)
        await producer.flush()


async def pull_until(
    source: PartitionSource, done: Callable[[Pull], bool], topics: Sequence[str] = INPUT_NAMES
) -> Pull:
    """Pull until `done`; the records of all these pulls are in the answer."""
    values: dict[str, list[object]] = {topic: [] for topic in topics}
    async with asyncio.timeout(LONG_S):
        while True:
            pull = await source.pull(topics, 10_000, 1.0)
            for topic, records in pull.records.items():
                values[topic].extend(records)
            whole = pull._replace(records=values)  # type: ignore[arg-type]
            if done(whole):
                return whole


def offsets(pull: Pull, topic: str) -> list[int]:
    """The offsets of a topic's records."""
    return [record.offset for record in pull.records[topic]]


async def test_all_topics_are_read_in_order_and_found_exhausted(fresh_topics: FreshTopics) -> None:
    """Every record comes once, in order of offset, and idle topics are exhausted at once."""
    bootstrap = await fresh_topics(2)
    await produce(bootstrap, OPENS, 3_000, partition=1)
    await produce(bootstrap, CLICKS, 5, partition=1)
    async with a_source(bootstrap, 1) as (source, _):
        pull = await pull_until(source, lambda pull: len(pull.exhausted) == len(INPUT_NAMES))
    assert offsets(pull, OPENS) == list(range(3_000))
    assert offsets(pull, CLICKS) == list(range(5))
    assert pull.next_offset == {**START, OPENS: 3_000, CLICKS: 5}


async def test_a_pull_is_bounded_and_continues_where_it_stopped(fresh_topics: FreshTopics) -> None:
    """A pull brings at most as many records as asked for, and says where the next one begins."""
    bootstrap = await fresh_topics(1)
    await produce(bootstrap, OPENS, 100)
    async with a_source(bootstrap) as (source, _):
        first = await source.pull([OPENS], 30, LONG_S)
        second = await source.pull([OPENS], 30, LONG_S)
    assert offsets(first, OPENS) == list(range(30))
    assert first.next_offset[OPENS] == 30
    assert OPENS not in first.exhausted
    assert offsets(second, OPENS) == list(range(30, 60))


async def test_a_topic_held_back_is_kept_and_does_not_stop_the_others(fresh_topics: FreshTopics) -> None:
    """Records of a topic that is not asked for wait in the source; what is asked for goes on coming."""
    bootstrap = await fresh_topics(1)
    await produce(bootstrap, CLICKS, 20_000)
    await produce(bootstrap, OPENS, 20_000)
    async with a_source(bootstrap) as (source, _):
        opens = await pull_until(source, lambda pull: len(pull.records[OPENS]) == 20_000, [OPENS])
        assert opens.next_offset[CLICKS] == 0
        assert CLICKS not in opens.exhausted
        assert opens.unreadable_s[CLICKS] == 0
        clicks = await pull_until(source, lambda pull: CLICKS in pull.exhausted, [CLICKS])
    assert offsets(clicks, CLICKS) == list(range(20_000))


async def test_a_pull_that_waits_ends_when_a_record_comes(fresh_topics: FreshTopics) -> None:
    """A lane that is idle gets a new record long before its timeout."""
    bootstrap = await fresh_topics(1)
    async with a_source(bootstrap) as (source, _):
        await pull_until(source, lambda pull: len(pull.exhausted) == len(INPUT_NAMES))
        pulling = asyncio.create_task(source.pull(INPUT_NAMES, 10, 60.0))
        await asyncio.sleep(0)
        await produce(bootstrap, CLICKS, 1)
        async with asyncio.timeout(LONG_S):
            pull = await pulling
    assert offsets(pull, CLICKS) == [0]


async def test_seeking_again_gives_the_same_records_again(fresh_topics: FreshTopics) -> None:
    """After a take-over from older offsets the same records come, without a gap."""
    bootstrap = await fresh_topics(1)
    await produce(bootstrap, OPENS, 50)
    async with a_source(bootstrap) as (source, _):
        await pull_until(source, lambda pull: OPENS in pull.exhausted)
        source.seek({**START, OPENS: 20})
        again = await pull_until(source, lambda pull: OPENS in pull.exhausted)
    assert offsets(again, OPENS) == list(range(20, 50))


async def test_a_consumer_that_stands_elsewhere_is_put_right(fresh_topics: FreshTopics) -> None:
    """When somebody has moved the consumer, nothing is skipped and nothing comes twice."""
    bootstrap = await fresh_topics(1)
    await produce(bootstrap, OPENS, 60)
    async with a_source(bootstrap) as (source, consumer):
        first = await source.pull(INPUT_NAMES, 10_000, LONG_S)
        before = len(first.records[OPENS])
        await produce(bootstrap, OPENS, 40, first=60)
        consumer.seek(TopicPartition(OPENS, 0), 90)
        rest = await pull_until(source, lambda pull: pull.next_offset[OPENS] == 100)
    assert offsets(rest, OPENS) == list(range(before, 100))


@pytest.mark.parametrize(("compression", "number"), [("gzip", 1), ("snappy", 2), ("lz4", 3), ("zstd", 4)])
async def test_each_compression_of_kafka_is_read(fresh_topics: FreshTopics, compression: str, number: int) -> None:
    """What librdkafka has compressed comes as it was sent."""
    bootstrap = await fresh_topics(1)
    sent = [b'{"id": "e-%d", "lead_id": "L-%d"}' % (number, number % 7) for number in range(2_000)]
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": compression, "linger.ms": 50})
    for value in sent:
        producer.produce(OPENS, value=value, partition=0)
    assert await asyncio.to_thread(producer.flush, LONG_S) == 0
    assert await compression_of(bootstrap, OPENS, 0) == number
    async with a_source(bootstrap) as (source, _):
        pull = await pull_until(source, lambda pull: OPENS in pull.exhausted)
    assert [record.value for record in pull.records[OPENS]] == sent


@pytest.mark.real_kafka
async def test_what_was_taken_back_stays_away_where_aiokafka_cannot_unpack(
    fresh_topics: FreshTopics, prefix: str
) -> None:
    """Read again in another way, an aborted transaction is not seen either, and no record comes twice."""
    bootstrap = await fresh_topics(1)
    await produce(bootstrap, OPENS, 5)
    await send_batch(bootstrap, OPENS, 0, batch([Made(b"L", b"bad", 0, LATIN)]))
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=prefix) as producer:
        await producer.begin_transaction()
        await producer.send_and_wait(OPENS, b"no", partition=0)
        await producer.abort_transaction()
    await produce(bootstrap, OPENS, 5, first=5)
    await produce(bootstrap, CLICKS, 5)
    async with a_source(bootstrap) as (source, _):
        pull = await pull_until(source, lambda pull: len(pull.exhausted) == len(INPUT_NAMES))
    numbers = [b"%d" % number for number in range(10)]
    assert [record.value for record in pull.records[OPENS]] == [*numbers[:5], b"bad", *numbers[5:]]
    assert [record.headers is UNREADABLE_HEADERS for record in pull.records[OPENS]].index(True) == 5
    assert offsets(pull, CLICKS) == list(range(5))


@pytest.mark.real_kafka
async def test_the_marker_of_a_transaction_at_the_end_is_passed(fresh_topics: FreshTopics) -> None:
    """A topic whose last record is a transaction marker is exhausted, and its position is behind the marker."""
    bootstrap = await fresh_topics(2)
    await send_everywhere(bootstrap, "lead.commands", b"{}", 2)
    async with a_source(bootstrap, 1) as (source, _):
        pull = await pull_until(source, lambda pull: len(pull.exhausted) == len(INPUT_NAMES))
    assert offsets(pull, "lead.commands") == [0]
    assert pull.next_offset["lead.commands"] == 2


@pytest.mark.real_kafka
async def test_an_idle_pull_passes_an_aborted_transaction(fresh_topics: FreshTopics, prefix: str) -> None:
    """Records that were taken back are not seen, and the position goes behind them."""
    bootstrap = await fresh_topics(1)
    async with a_source(bootstrap) as (source, _):
        await pull_until(source, lambda pull: len(pull.exhausted) == len(INPUT_NAMES))
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=prefix) as producer:
            await producer.begin_transaction()
            await producer.send_and_wait(OPENS, b"no", partition=0)
            waiting = await source.pull([OPENS], 10, 0.5)
            await producer.abort_transaction()
        passed = await pull_until(source, lambda pull: pull.next_offset[OPENS] == 2)
    assert waiting.records[OPENS] == []
    assert OPENS in waiting.exhausted
    assert passed.records[OPENS] == []
    assert OPENS in passed.exhausted


async def test_bounds_are_those_of_the_log(fresh_topics: FreshTopics) -> None:
    """A source says where each topic's log begins and ends."""
    bootstrap = await fresh_topics(1)
    await produce(bootstrap, OPENS, 7)
    async with a_source(bootstrap) as (source, _):
        bounds = await source.bounds()
    assert bounds[OPENS] == (0, 7)
    assert bounds[CLICKS] == (0, 0)


@pytest.mark.real_kafka
async def test_a_position_that_the_log_does_not_have_is_lost(fresh_topics: FreshTopics) -> None:
    """A position beyond the log's end raises PositionLost; nothing is reset silently."""
    bootstrap = await fresh_topics(1)
    async with a_source(bootstrap) as (source, _):
        source.seek({**START, OPENS: 1_000})
        with pytest.raises(PositionLost, match="OffsetOutOfRange"):
            await pull_until(source, lambda pull: False)


@pytest.mark.parametrize("use", [lambda source: source.pull(INPUT_NAMES, 1, 60.0), lambda source: source.bounds()])
async def test_a_released_source_raises(
    fresh_topics: FreshTopics, use: Callable[[PartitionSource], Awaitable[object]]
) -> None:
    """Once the partition is given up, the source says so, and a pull that waits ends at once."""
    bootstrap = await fresh_topics(1)
    async with a_source(bootstrap) as (source, _):
        await source.pull(INPUT_NAMES, 1, 0.0)
        pulling = asyncio.create_task(source.pull(INPUT_NAMES, 1, 60.0))
        await asyncio.sleep(0)
        source.release()
        async with asyncio.timeout(LONG_S):
            with pytest.raises(PositionLost):
                await pulling
            with pytest.raises(PositionLost):
                await use(source)


async def test_a_source_without_a_position_is_a_fault_of_ours(fresh_topics: FreshTopics) -> None:
    """Pulling before every topic was sought raises, in place of waiting for ever."""
    bootstrap = await fresh_topics(1)
    async with a_source(bootstrap) as (_, consumer):
        with pytest.raises(RuntimeError, match="seek every topic"):
            await PartitionSource(consumer, 0, INPUT_NAMES, SystemClock()).pull([OPENS], 1, 0.0)
