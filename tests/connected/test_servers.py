"""The test servers keep what they promise, else every test that runs on them proves nothing."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from redis import Redis

from tests.conftest import FreshTopics
from tests.support.servers import KafkaServer, Program, RedisServer, ServerFailed, until
from tests.support.servers.process import answers
from tests.support.servers.topics import make_topics_anew

CLICKS = TopicPartition("email.clicks", 0)

CRASHING_RUN = """
import os, signal
from tests.support.servers import RedisServer

server = RedisServer()
server.start()
print(server.port, server.directory, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

ROOT = Path(__file__).parents[2]


async def produce(bootstrap: str, value: bytes) -> None:
    """One record at the end of CLICKS, acknowledged."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(CLICKS.topic, value, partition=CLICKS.partition)


async def committed(bootstrap: str) -> list[bytes]:
    """What a read_committed reader finds in CLICKS, from its beginning to its last stable offset."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
    async with consumer:
        consumer.assign([CLICKS])
        await consumer.seek_to_beginning(CLICKS)
        end = (await consumer.end_offsets([CLICKS]))[CLICKS]
        values: list[bytes] = []
        while await consumer.position(CLICKS) < end:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                values.extend(record.value for record in records)
        return values


async def test_fresh_topics_hold_nothing_of_the_test_before(fresh_topics: FreshTopics) -> None:
    """Topics made anew are empty, whatever was in them."""
    await produce(await fresh_topics(2), b"old")
    bootstrap = await fresh_topics(3)
    await produce(bootstrap, b"new")
    assert await committed(bootstrap) == [b"new"]


@pytest.mark.real_kafka
async def test_kafka_keeps_its_records_when_it_is_killed() -> None:
    """A broker killed and started again answers at the same address with what it had acknowledged."""
    with KafkaServer() as server:
        await make_topics_anew(server.bootstrap, 1)
        await produce(server.bootstrap, b"kept")
        first_pid = server.pid
        await asyncio.to_thread(server.kill)
        assert not server.running
        await asyncio.to_thread(server.start)
        assert server.pid != first_pid
        assert await committed(server.bootstrap) == [b"kept"]


@pytest.mark.real_kafka
async def test_kafka_hides_an_aborted_transaction(fresh_topics: FreshTopics, prefix: str) -> None:
    """A read_committed reader sees the committed transaction and not the aborted one."""
    bootstrap = await fresh_topics(1)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=prefix) as producer:
        await producer.begin_transaction()
        await producer.send_and_wait(CLICKS.topic, b"aborted", partition=0)
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_and_wait(CLICKS.topic, b"committed", partition=0)
    assert await committed(bootstrap) == [b"committed"]


def test_redis_keeps_its_keys_when_it_is_killed() -> None:
    """A Redis killed and started again answers at the same address with what it had acknowledged."""
    with RedisServer() as server, Redis.from_url(server.url) as client:
        client.set("key", "kept")
        server.kill()
        server.start()
        assert client.get("key") == b"kept"


def test_redis_refuses_to_evict_and_takes_further_arguments() -> None:
    """The server has the policy that production must have, and what a test adds."""
    with RedisServer("--maxmemory", "64mb") as server, Redis.from_url(server.url) as client:
        assert client.config_get("maxmemory*")["maxmemory-policy"] == "noeviction"
        assert client.config_get("maxmemory")["maxmemory"] == str(64 * 1024 * 1024)


def test_each_test_finds_redis_empty(redis_url: str, redis_server: RedisServer) -> None:
    """The fixture's Redis holds no key at the start of a test."""
    with Redis.from_url(redis_url) as client:
        client.set("left", "over")
        redis_server.flush()
        assert client.dbsize() == 0


def test_nothing_outlives_a_killed_run() -> None:
    """When a test run is killed, its server ends and its directory goes."""
    run = subprocess.run(
        [sys.executable, "-c", CRASHING_RUN], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    assert run.returncode == -signal.SIGKILL
    port, directory = run.stdout.split()
    until(lambda: not Path(directory).exists(), timeout_s=20, what=f"{directory} is removed")
    assert not answers(int(port), b"PING\r\n", b"PONG")


def test_a_program_that_fails_shows_its_log(tmp_path: Path) -> None:
    """Waiting for a program that ends by itself raises at once, with its code and what it printed."""
    program = Program([sys.executable, "-c", "print('why'); raise SystemExit(3)"], log=tmp_path / "log")
    with pytest.raises(ServerFailed, match=r"ended with code 3\nwhy"):
        program.wait_until(lambda: False, timeout_s=20)
