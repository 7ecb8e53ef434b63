"""What goes out: outbox entries in order, commands everywhere or nowhere, changes followed once each."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from schemas.topics import CHANGES, COMMANDS, INPUT_NAMES
from streams.kafka.errors import KafkaUnreachable, NeverTaken, TopicsDiffer
from streams.kafka.follow import ChangeFollower, FollowedChange
from streams.kafka.producer import RecordProducer, send_everywhere
from streams.kafka.publisher import OutboxPublisher
from streams.kafka.topics import partitions_of
from streams.lane.ports import OutboxEntry
from tests.conftest import FreshTopics
from tests.support.servers import KafkaServer, free_port
from tests.support.servers.topics import make_topics_anew

OPENS = INPUT_NAMES[0]


def entry(number: int, *, timeline: int = 1, seq: int | None = None, partition: int = 0) -> OutboxEntry:
    """A change on its way out."""
    place = {"timeline": timeline, "seq": number if seq is None else seq}
    return OutboxEntry(
        number,
        CHANGES.name,
        partition,
        b"L-%d" % number,
        json.dumps(place).encode(),
        tuple((name, b"%d" % value) for name, value in place.items()),
        1_700_000_000_000 + number,
    )


async def publish(bootstrap: str, *entries: OutboxEntry) -> None:
    """By a publisher of its own."""
    publisher = OutboxPublisher(bootstrap)
    try:
        await publisher.start()
        await publisher.publish(entries)
    finally:
        await publisher.stop()


async def read(bootstrap: str, topic: str, partition: int = 0) -> list[ConsumerRecord]:
    """All committed records of a partition, once no transaction is open there."""
    tp = TopicPartition(topic, partition)
    records: list[ConsumerRecord] = []
    async with AsyncExitStack() as stack:
        raw, consumer = [
            await stack.enter_async_context(AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level=level))
            for level in ("read_uncommitted", "read_committed")
        ]
        consumer.assign([tp])
        consumer.seek(tp, 0)
        end = (await raw.end_offsets([tp]))[tp]
        async with asyncio.timeout(10):
            while await consumer.position(tp) < end:
                records += (await consumer.getmany(timeout_ms=100)).get(tp, [])
    return records


async def limit_records(bootstrap: str, topic: str, size_bytes: int = 1_000) -> None:
    """From now on the topic takes no record above this size."""
    resource = ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": str(size_bytes)})
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.alter_configs([resource])
        while True:
            (answer,) = await admin.describe_configs([resource])
            if [entry[1] for entry in answer.resources[0][4]] == [str(size_bytes)]:
                return
            await asyncio.sleep(0.02)
    finally:
        await admin.close()


async def follow(follower: ChangeFollower, count: int) -> list[FollowedChange]:
    """The next `count` changes."""
    changes: list[FollowedChange] = []
    async with asyncio.timeout(10):
        while len(changes) < count:
            changes += await follower.take(0.2)
    return changes


async def test_entries_are_published_as_they_are_and_in_order(fresh_topics: FreshTopics) -> None:
    """Key, value, headers, timestamp and partition are the entry's, and the order is the outbox's."""
    bootstrap = await fresh_topics(2)
    await publish(bootstrap, *(entry(number, partition=1) for number in range(1, 501)))
    records = await read(bootstrap, CHANGES.name, 1)
    assert [record.key for record in records] == [b"L-%d" % number for number in range(1, 501)]
    first = records[0]
    assert json.loads(first.value) == {"timeline": 1, "seq": 1}
    assert first.headers == (("timeline", b"1"), ("seq", b"1"))
    assert first.timestamp == 1_700_000_000_001
    assert await read(bootstrap, CHANGES.name, 0) == []


@pytest.mark.real_kafka
async def test_publishing_waits_for_a_broker_that_restarts() -> None:
    """Entries handed over while Kafka is down are acknowledged once it is back, each once and in order."""
    with KafkaServer() as server:
        await make_topics_anew(server.bootstrap, 1)
        publisher = OutboxPublisher(server.bootstrap)
        await publisher.start()
        try:
            await publisher.publish([entry(1)])
            await asyncio.to_thread(server.stop)
            publishing = asyncio.create_task(publisher.publish([entry(number) for number in (2, 3, 4)]))
            await asyncio.sleep(0)
            assert not publishing.done()
            await asyncio.to_thread(server.start)
            async with asyncio.timeout(60):
                await publishing
        finally:
            await publisher.stop()
        offsets = [(record.offset, record.key) for record in await read(server.bootstrap, CHANGES.name)]
    assert offsets == [(number - 1, b"L-%d" % number) for number in (1, 2, 3, 4)]


@pytest.mark.real_kafka
async def test_an_entry_that_kafka_never_takes_says_so(fresh_topics: FreshTopics) -> None:
    """An entry over the broker's size limit raises in place of being offered for ever."""
    bootstrap = await fresh_topics(1)
    await limit_records(bootstrap, CHANGES.name)
    large = OutboxEntry(1, CHANGES.name, 0, b"L", b"x" * 2_000)
    with pytest.raises(NeverTaken, match=r"max\.message\.bytes"):
        await publish(bootstrap, large)


async def test_records_go_to_the_partition_of_their_key(fresh_topics: FreshTopics) -> None:
    """The producer places keys by murmur2, as Kafka's own clients do."""
    bootstrap = await fresh_topics(5)
    known = {b"foobar": -790332482, b"21": -973932308, b"a-little-bit-long-string": -985981536}
    async with RecordProducer(bootstrap) as producer:
        for key in known:
            await producer.send(OPENS, key=key, value=b"{}")
        await producer.flush()
    places = {record.key: place for place in range(5) for record in await read(bootstrap, OPENS, place)}
    assert places == {key: (murmur2 & 0x7FFFFFFF) % 5 for key, murmur2 in known.items()}


@pytest.mark.real_kafka
async def test_a_record_that_failed_is_told_at_the_flush(fresh_topics: FreshTopics) -> None:
    """The producer does not lose an error because nobody waited for that record."""
    bootstrap = await fresh_topics(1)
    await limit_records(bootstrap, OPENS)
    async with RecordProducer(bootstrap) as producer:
        await producer.send(OPENS, key=b"L", value=b"x" * 2_000)
        with pytest.raises(NeverTaken):
            await producer.flush()
        await producer.send(OPENS, key=b"L", value=b"small")
        await producer.flush()
    assert [record.value for record in await read(bootstrap, OPENS)] == [b"small"]


@pytest.mark.real_kafka  # the embedded broker's transaction markers cannot be read
async def test_a_command_goes_everywhere(fresh_topics: FreshTopics) -> None:
    """One record without a key is in each partition."""
    bootstrap = await fresh_topics(3)
    await send_everywhere(bootstrap, COMMANDS.name, b"{}", 3)
    for partition in range(3):
        records = await read(bootstrap, COMMANDS.name, partition)
        assert [(record.key, record.value) for record in records] == [(None, b"{}")]


@pytest.mark.real_kafka
async def test_a_command_that_fails_goes_nowhere(fresh_topics: FreshTopics) -> None:
    """If one partition does not take it, no reader sees it in any."""
    bootstrap = await fresh_topics(3)
    with pytest.raises((NeverTaken, AssertionError)):
        await send_everywhere(bootstrap, COMMANDS.name, b"{}", 4)
    assert [await read(bootstrap, COMMANDS.name, partition) for partition in range(3)] == [[], [], []]


async def test_each_change_is_followed_once(fresh_topics: FreshTopics) -> None:
    """What a publisher has repeated is not seen again; a higher timeline is."""
    bootstrap = await fresh_topics(2)
    await publish(bootstrap, entry(1), entry(2), entry(3, partition=1, seq=1))
    async with ChangeFollower(bootstrap, from_beginning=True) as follower:
        changes = await follow(follower, 3)
        repeated = [entry(4, seq=1), entry(5, seq=2), entry(6, seq=3), entry(7, timeline=2, seq=1)]
        await publish(bootstrap, *repeated)
        changes += await follow(follower, 2)
    seen = sorted((change.partition, change.timeline, change.seq) for change in changes)
    assert seen == [(0, 1, 1), (0, 1, 2), (0, 1, 3), (0, 2, 1), (1, 1, 1)]
    assert all(change.members["seq"] == change.seq for change in changes)


async def test_following_from_the_end_begins_with_what_comes_next(fresh_topics: FreshTopics) -> None:
    """What was published before is left out, and the first change after the start is there."""
    bootstrap = await fresh_topics(2)
    await publish(bootstrap, entry(1))
    async with ChangeFollower(bootstrap) as follower:
        await publish(bootstrap, entry(2))
        async with asyncio.timeout(10):
            change = await anext(aiter(follower))
    assert change.seq == 2


async def test_a_missing_topic_is_named(fresh_topics: FreshTopics) -> None:
    """What asks for a topic that is not there says which, and how to make it."""
    bootstrap = await fresh_topics(1)
    with pytest.raises(TopicsDiffer, match=r"nothing\.here is missing: `leadline topics apply`"):
        await partitions_of(bootstrap, "nothing.here")


async def test_no_kafka_is_unreachable() -> None:
    """Every way out says which address does not answer."""
    bootstrap = f"127.0.0.1:{free_port()}"
    with pytest.raises(KafkaUnreachable, match=bootstrap):
        async with RecordProducer(bootstrap):
            pass
    with pytest.raises(KafkaUnreachable, match=bootstrap):
        await send_everywhere(bootstrap, COMMANDS.name, b"{}", 1)
    with pytest.raises(KafkaUnreachable, match=bootstrap):
        async with ChangeFollower(bootstrap):
            pass
    with pytest.raises(KafkaUnreachable, match=bootstrap):
        await publish(bootstrap, entry(1))
