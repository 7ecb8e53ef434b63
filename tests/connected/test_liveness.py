"""Nothing waits for ever: neither for a server that says nothing, nor for another owner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.published import Published
from schemas.topics import CHANGES, INPUT_NAMES
from streams.clock import SystemClock
from streams.kafka import transactions
from streams.kafka.ends import log_bounds, records_at
from streams.kafka.errors import KafkaUnreachable
from streams.kafka.follow import ChangeFollower
from streams.kafka.marks import read_marks
from streams.kafka.producer import RecordProducer, send_everywhere
from streams.kafka.source import PartitionSource
from streams.kafka.told import Aftermath, send_command
from streams.kafka.topics import partitions_of
from streams.kafka.transactions import LanePublisher
from streams.lane.ports import SourceUnavailable, StoreUnavailable
from streams.store.cluster import connect
from streams.store.node import Node
from streams.store.scripts import STANDING
from tests.chaos.proxy import Mode, Proxy
from tests.chaos.servers import Servers, servers
from tests.connected.test_kafka_out import entry
from tests.support.servers.topics import make_topics_anew
from tests.support.workers import Site, Worker, eventually

OPENS = INPUT_NAMES[0]

WITHIN_S = 16.0
"""The longest bound of a call is 10 s, and closing 2 s; the rest is for a busy machine."""

GIVE_UP_S = 4.0
"""In place of the half minute for a transaction."""

CRASHED_S = 60.0
"""For three times fenced, two seconds apart, after a start on a busy machine."""

pytestmark = [pytest.mark.timeout(180), pytest.mark.real_kafka]


@asynccontextmanager
async def fronted() -> AsyncIterator[tuple[Servers, Proxy]]:
    """A Kafka with topics of one partition behind a proxy, and a Redis."""
    async with servers(1) as shared:
        (proxy,) = shared.kafka_proxies
        await make_topics_anew(shared.broker.bootstrap, 1)
        try:
            yield shared, proxy
        finally:
            proxy.mend()


@asynccontextmanager
async def reading(bootstrap: str) -> AsyncIterator[PartitionSource]:
    """A source that stands at the beginning."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="none")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0) for topic in INPUT_NAMES])
        source = PartitionSource(consumer, 0, INPUT_NAMES, SystemClock())
        source.seek(dict.fromkeys(INPUT_NAMES, 0))
        await source.pull(INPUT_NAMES, 10, 0.0)
        yield source
    finally:
        await consumer.stop()


async def flushed(producer: RecordProducer) -> None:
    """One record, acknowledged."""
    await producer.send(OPENS, key=b"L", value=b"{}")
    await producer.flush()


async def ended(what: str, call: Awaitable[object]) -> tuple[str, str]:
    """What a call has ended with, within the bound for all."""
    try:
        async with asyncio.timeout(WITHIN_S):
            await call
    except TimeoutError:
        return what, "nothing"
    except Exception as error:
        return what, type(error).__name__
    return what, "an answer"


async def test_a_kafka_that_says_nothing_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question to Kafka ends in its time with an error that says whose turn it is."""
    monkeypatch.setattr(transactions, "GIVE_UP_S", GIVE_UP_S)
    async with fronted() as (shared, proxy):
        front = shared.broker.front
        publisher, late = LanePublisher(front, "t-out-0", 0), LanePublisher(front, "t-out-1", 0)
        follower, producer = ChangeFollower(front), RecordProducer(front)
        await publisher.take_over()
        await asyncio.gather(follower.start(), producer.start())
        await flushed(producer)  # aiokafka says of a topic that it has never seen that it is missing
        async with reading(front) as source, Aftermath(front, 0) as aftermath:
            proxy.set_mode(Mode.BLACKHOLE)
            calls: Mapping[str, tuple[Awaitable[object], type[Exception] | None]] = {
                "bounds": (source.bounds(), SourceUnavailable),
                "pull": (source.pull(INPUT_NAMES, 10, 0.5), None),
                "publish": (publisher.publish([entry(1)], mark(1)), SourceUnavailable),
                "last": (late.last(), SourceUnavailable),
                "flush": (flushed(producer), KafkaUnreachable),
                "follow": (follower.take(0.5), None),
                "refusal": (aftermath.refusal((0, 0), (1, 1)), None),
                "read_marks": (read_marks(front, 1), KafkaUnreachable),
                "log_bounds": (log_bounds(front, [OPENS], 1), KafkaUnreachable),
                "records_at": (records_at(front, {(OPENS, 0): 0}), KafkaUnreachable),
                "send_command": (send_command(front, "L", b"{}"), KafkaUnreachable),
                "send_everywhere": (send_everywhere(front, OPENS, b"{}", 1), KafkaUnreachable),
                "partitions_of": (partitions_of(front, OPENS), KafkaUnreachable),
            }
            found = dict(await asyncio.gather(*(ended(what, call) for what, (call, _) in calls.items())))
            assert found == {what: error.__name__ if error else "an answer" for what, (_, error) in calls.items()}
            closing = {"publisher": publisher.stop(), "late": late.stop(), "follower": follower.stop()}
            closed = dict(await asyncio.gather(*(ended(what, call) for what, call in closing.items())))
            assert closed == dict.fromkeys(closing, "an answer")
            proxy.set_mode(Mode.PASS)
        assert proxy.kept > 0
        await producer.stop()


async def test_an_entry_given_up_is_published_once_by_the_next_take_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction without an end leaves nothing, or all with its mark."""
    monkeypatch.setattr(transactions, "GIVE_UP_S", GIVE_UP_S)
    async with fronted() as (shared, proxy):
        front = shared.broker.front
        given_up, again = (LanePublisher(front, "t-out-0", 0) for _ in range(2))
        await given_up.take_over()
        proxy.set_mode(Mode.BLACKHOLE)
        with pytest.raises(SourceUnavailable, match="no end of a transaction"):
            await given_up.publish([entry(1)], mark(1))
        await given_up.stop()
        proxy.set_mode(Mode.PASS)
        told = await again.take_over()
        if told is None:
            await again.publish([entry(1)], mark(1))
        await again.stop()
        assert await keys(shared.broker.bootstrap) == [b"L-1"]


async def test_a_redis_that_says_nothing_holds_nobody_up(redis_url: str) -> None:
    """Every question to Redis ends within its 5 s, a new connection's too."""
    port = int(redis_url.rpartition(":")[2].partition("/")[0])
    async with Proxy(port) as proxy:
        connection = Node(f"redis://127.0.0.1:{proxy.port}/0")
        await connection.ask("PING")
        proxy.set_mode(Mode.BLACKHOLE)
        calls = [
            connection.ask("PING"),
            connection.run(STANDING, ("a", "b", "c"), ("t",)),
            connect(f"redis://127.0.0.1:{proxy.port}/0"),
        ]
        found = await asyncio.gather(*(ended(str(number), call) for number, call in enumerate(calls)))
        assert [error for _, error in found] == [StoreUnavailable.__name__] * len(calls)
        assert await ended("close", connection.close()) == ("close", "an answer")
        assert proxy.kept > 0


async def test_two_owners_end_by_fencing_each_other(
    kafka: str, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """Two groups on one prefix: the first that was fenced three times in a minute ends, and the other goes on."""
    await make_topics_anew(kafka, 1)
    site = Site(kafka, redis_url, prefix, tmp_path, 1)
    workers = [site.start(), site.start(group=f"{prefix}-other")]

    async def one_has_ended() -> bool:
        return any(not worker.running for worker in workers)

    await eventually(one_has_ended, timeout_s=CRASHED_S, what="one has ended")
    (gone,) = [worker for worker in workers if not worker.running]
    (other,) = [worker for worker in workers if worker.running]
    assert (gone.exit_code, len(gone.events("lane.fenced"))) == (1, 3)
    await site.caught_up(other)
    await goes_on(other)
    assert other.stop() == 0


async def goes_on(worker: Worker) -> None:
    """It has taken the lane over since it was fenced last."""

    async def has_taken_over() -> bool:
        return len(worker.taken) > len(worker.events("lane.fenced"))

    await eventually(has_taken_over, timeout_s=CRASHED_S, what="the other goes on", workers=(worker,))


def mark(outbox: int) -> Published:
    """How far it is published."""
    return Published(timeline=1, outbox=outbox, environment="test", lineage="ours")


async def keys(bootstrap: str) -> list[bytes]:
    """Of the changes that a consumer sees."""
    tp = TopicPartition(CHANGES.name, 0)
    found: list[bytes] = []
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed") as consumer:
        consumer.assign([tp])
        await consumer.seek_to_beginning(tp)
        end = (await consumer.end_offsets([tp]))[tp]
        async with asyncio.timeout(WITHIN_S):
            while await consumer.position(tp) < end:
                found += [record.key for record in (await consumer.getmany(timeout_ms=100)).get(tp, ())]
    return found
