"""A lane's entries are visible once, together with the mark how far they go, whoever dies or comes late."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from schemas.published import Published
from schemas.topics import CHANGES, PUBLISHED, REJECTED, REKEYED
from streams.kafka import transactions
from streams.kafka.marks import WINDOW_OFFSETS, read_marks
from streams.kafka.transactions import LanePublisher
from streams.lane.ports import Fenced, Halted, OutboxEntry
from tests.conftest import FreshTopics
from tests.connected.test_kafka_out import entry, limit_records, read
from tests.support.servers import FAST_JVM, KafkaServer
from tests.support.servers.jars import kafka_jars
from tests.support.servers.topics import make_topics_anew

pytestmark = pytest.mark.real_kafka


def mark(outbox: int, timeline: int = 1) -> Published:
    """The outbox is published up to this entry."""
    return Published(timeline=timeline, outbox=outbox, environment="test", lineage="ours")


@asynccontextmanager
async def taken_over(bootstrap: str, prefix: str) -> AsyncIterator[LanePublisher]:
    """A publisher of partition 0 that has taken over."""
    publisher = LanePublisher(bootstrap, f"{prefix}-out-0", 0)
    try:
        await publisher.take_over()
        yield publisher
    finally:
        await publisher.stop()


async def publish(publisher: LanePublisher, entries: Sequence[OutboxEntry]) -> None:
    """These, and that the outbox is published up to the last of them."""
    await publisher.publish(entries, mark(entries[-1].number))


async def keys(bootstrap: str, topic: str = CHANGES.name) -> list[bytes]:
    """What a consumer of committed records sees in partition 0."""
    return [record.key for record in await read(bootstrap, topic)]


async def written(bootstrap: str, topic: str = CHANGES.name) -> int:
    """Offsets of partition 0 that are in use: records seen or not, and markers."""
    tp = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_uncommitted") as consumer:
        return int((await consumer.end_offsets([tp]))[tp])


async def leave_open(publisher: LanePublisher, entries: Sequence[OutboxEntry]) -> asyncio.Task[None]:
    """The publisher comes to where all is acknowledged and nothing committed, and stays there."""
    arrived, never = asyncio.Event(), asyncio.Event()

    async def stay(*_: object) -> None:
        arrived.set()
        await never.wait()

    assert publisher._producer is not None
    publisher._producer.commit_transaction = stay
    publishing = asyncio.create_task(publish(publisher, entries))
    async with asyncio.timeout(10):
        await arrived.wait()
    return publishing


async def test_entries_and_mark_are_visible_together(fresh_topics: FreshTopics, prefix: str) -> None:
    """Entries of all output topics come as they are; the mark beside them says how far."""
    bootstrap = await fresh_topics(2)
    rekeyed = OutboxEntry(3, REKEYED.name, 1, b"L-3", b"{}", (("leadline-origin", b"email.opens/0/7"),), 1_234)
    refusal = OutboxEntry(2, REJECTED.name, 0, None, b"{}", (("timeline", b"1"), ("seq", b"1")))
    async with taken_over(bootstrap, prefix) as publisher:
        await publish(publisher, [entry(1), refusal, rekeyed])
        await publish(publisher, [entry(4)])
    assert await keys(bootstrap) == [b"L-1", b"L-4"]
    assert await keys(bootstrap, REJECTED.name) == [None]
    (record,) = await read(bootstrap, REKEYED.name, 1)
    assert (record.key, record.timestamp, record.headers) == (b"L-3", 1_234, rekeyed.headers)
    assert [Published.model_validate_json(record.value) for record in await read(bootstrap, PUBLISHED.name)] == [
        mark(3),
        mark(4),
    ]
    assert await read_marks(bootstrap, 2) == [mark(4), None]


async def test_the_next_owner_reads_how_far_it_was(fresh_topics: FreshTopics, prefix: str) -> None:
    """Behind the last mark stands a transaction's marker; a take-over reads past it, and again after it."""
    bootstrap = await fresh_topics(1)
    async with taken_over(bootstrap, prefix) as publisher:
        assert await publisher.last() is None
        await publish(publisher, [entry(1), entry(2)])
    successor = LanePublisher(bootstrap, f"{prefix}-out-0", 0)
    try:
        assert await successor.last() == await successor.take_over() == mark(2)
    finally:
        await successor.stop()


async def test_what_was_begun_by_an_owner_before_is_not_seen(fresh_topics: FreshTopics, prefix: str) -> None:
    """An owner that stops amid its transaction: the next one publishes the same entries, and they come once."""
    bootstrap = await fresh_topics(1)
    async with taken_over(bootstrap, prefix) as late:
        await publish(late, [entry(1)])
        before = await written(bootstrap)
        publishing = await leave_open(late, [entry(2), entry(3)])
        assert await written(bootstrap) == before + 2
        async with taken_over(bootstrap, prefix) as successor:
            assert await successor.last() == mark(1)
            await publish(successor, [entry(2), entry(3), entry(4)])
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
    assert await keys(bootstrap) == [b"L-1", b"L-2", b"L-3", b"L-4"]


@pytest.mark.parametrize("point", ["before", "amid"])
async def test_a_late_owner_is_fenced(fresh_topics: FreshTopics, prefix: str, point: str) -> None:
    """Whoever comes back after a take-over, before its transaction or amid it, publishes nothing more."""
    bootstrap = await fresh_topics(1)
    async with taken_over(bootstrap, prefix) as late:
        await publish(late, [entry(1)])
        producer = late._producer
        assert producer is not None
        if point == "amid":
            await producer.begin_transaction()
            await producer.send_and_wait(CHANGES.name, b"late", partition=0)
        async with taken_over(bootstrap, prefix) as successor:
            await publish(successor, [entry(2)])
            if point == "amid":
                producer.begin_transaction = _nothing
            with pytest.raises(Fenced, match=f"{prefix}-out-0"):
                await publish(late, [entry(2)])
    assert await keys(bootstrap) == [b"L-1", b"L-2"]
    assert (await read_marks(bootstrap, 1)) == [mark(2)]


async def _nothing() -> None:
    """The transaction was begun before."""


async def test_a_mark_is_found_behind_much_that_was_taken_back(fresh_topics: FreshTopics, prefix: str) -> None:
    """A log may end with many transactions that came to nothing; the mark before them counts."""
    bootstrap = await fresh_topics(1)
    async with taken_over(bootstrap, prefix) as publisher:
        await publish(publisher, [entry(1)])
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=prefix) as producer:
        for _ in range(WINDOW_OFFSETS):
            await producer.begin_transaction()
            await producer.send_and_wait(PUBLISHED.name, b"taken back", b"k", partition=0)
            await producer.abort_transaction()
    assert await written(bootstrap, PUBLISHED.name) > 2 * WINDOW_OFFSETS
    assert await read_marks(bootstrap, 1) == [mark(1)]


async def test_outputs_tell_that_somebody_has_published(fresh_topics: FreshTopics, prefix: str) -> None:
    """Where the marks are gone, the timeline of the last output is known, and nothing else."""
    bootstrap = await fresh_topics(1)
    async with taken_over(bootstrap, prefix) as publisher:
        await publish(publisher, [entry(1, timeline=3)])
    await make_topics_anew(bootstrap, 1, [PUBLISHED])
    assert await read_marks(bootstrap, 1) == [Published(timeline=3, outbox=0, environment="", lineage="")]


async def test_what_is_no_mark_halts(fresh_topics: FreshTopics) -> None:
    """A record that somebody else has written is not taken for a mark, nor passed over."""
    bootstrap = await fresh_topics(1)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(PUBLISHED.name, b"hello", b"k", partition=0)
    with pytest.raises(Halted, match=r"leadline\.published/0 holds at offset 0 what leadline has not written"):
        await read_marks(bootstrap, 1)


async def test_an_entry_that_kafka_never_takes_halts(fresh_topics: FreshTopics, prefix: str) -> None:
    """It is named with its size, and nothing of its page is seen; a new publisher goes on once there is room."""
    bootstrap = await fresh_topics(1)
    await limit_records(bootstrap, CHANGES.name, 1_000)
    entries = [entry(1), OutboxEntry(2, CHANGES.name, 0, b"L-2", b"x" * 2_000), entry(3)]
    async with taken_over(bootstrap, prefix) as publisher:
        with pytest.raises(Halted, match=r"entry 2 of the outbox \(2003 bytes for lead\.score-changes/0\).*max\.m"):
            await publish(publisher, entries)
    assert await keys(bootstrap) == []
    await limit_records(bootstrap, CHANGES.name, 10_000)
    async with taken_over(bootstrap, prefix) as publisher:
        await publish(publisher, entries)
    assert await keys(bootstrap) == [b"L-1", b"L-2", b"L-3"]


async def test_what_the_access_rules_forbid_halts(prefix: str) -> None:
    """Writing a topic, the transactional id, reading the marks: each halts with what is not allowed."""
    rules = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "true",
    }
    forbidden = (
        (("--operation", "Write", "--topic", CHANGES.name), "entry 1 of the outbox .* access rules"),
        (("--operation", "Write", "--transactional-id", f"{prefix}-out-0"), f"transactional id.*{prefix}-out-0"),
        (
            ("--operation", "Read", "--topic", PUBLISHED.name),
            "does not show leadline.published: it is missing .* or",
        ),
    )
    with KafkaServer(settings=rules) as server:
        await make_topics_anew(server.bootstrap, 1)
        for rule, text in forbidden:
            await asyncio.to_thread(_rule, server.bootstrap, "--add", "--deny-principal", "User:ANONYMOUS", *rule)
            with pytest.raises(Halted, match=text):
                async with taken_over(server.bootstrap, prefix) as publisher:
                    await publish(publisher, [entry(1)])
            await asyncio.to_thread(_rule, server.bootstrap, "--remove", "--force", *rule[2:])
        async with taken_over(server.bootstrap, prefix) as publisher:
            await publish(publisher, [entry(1)])
        assert await keys(server.bootstrap) == [b"L-1"]


def _rule(bootstrap: str, *arguments: str) -> None:
    """By Kafka's own tool: aiokafka sets no rules."""
    tool = ["java", *FAST_JVM, "-cp", f"{kafka_jars()}/*", "org.apache.kafka.tools.AclCommand"]
    tool += ["--bootstrap-server", bootstrap]
    subprocess.run([*tool, *arguments], check=True, capture_output=True, timeout=60)


async def test_publishing_waits_for_a_broker_that_restarts(prefix: str) -> None:
    """Entries handed over while Kafka is down are visible once it is back, each once and in order."""
    with KafkaServer() as server:
        await make_topics_anew(server.bootstrap, 1)
        async with taken_over(server.bootstrap, prefix) as publisher:
            await publish(publisher, [entry(1)])
            await asyncio.to_thread(server.stop)
            publishing = asyncio.create_task(publish(publisher, [entry(2), entry(3)]))
            await asyncio.sleep(0)
            assert not publishing.done()
            await asyncio.to_thread(server.start)
            async with asyncio.timeout(60):
                await publishing
        assert await keys(server.bootstrap) == [b"L-1", b"L-2", b"L-3"]


async def test_a_transaction_that_kafka_has_ended_for_its_age_fences(
    fresh_topics: FreshTopics, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An owner that stood still for too long takes over anew, and finds out what was published."""
    monkeypatch.setattr(transactions, "TRANSACTION_TIMEOUT_S", 0.5)
    bootstrap = await fresh_topics(1)
    async with taken_over(bootstrap, prefix) as publisher:
        producer = publisher._producer
        assert producer is not None
        await producer.begin_transaction()
        await producer.send_and_wait(CHANGES.name, b"old", partition=0)
        before = await written(bootstrap)
        async with asyncio.timeout(30):
            while True:
                if await written(bootstrap) > before:
                    break
                await asyncio.sleep(0.2)
        producer.begin_transaction = _nothing
        with pytest.raises(Fenced):
            await publish(publisher, [entry(1)])
    assert await keys(bootstrap) == []
