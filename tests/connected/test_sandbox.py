"""The embedded servers: they serve, they forget, and they never outlive us."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.sandbox.broker import EmbeddedBroker, SandboxUnavailable
from streams.sandbox.redis import EmbeddedRedis
from tests.support.servers import ServerFailed, until

PATIENCE_S = 60.0
"""Far more than anything here takes on a busy machine."""

DEMO = [sys.executable, "-m", "streams.cli", "demo"]

ROOT = Path(__file__).parents[2]

STARTS_REDIS = """
import sys, time
from pathlib import Path
from streams.sandbox.redis import EmbeddedRedis
redis = EmbeddedRedis(Path(sys.argv[1])).__enter__()
print(redis.pid, redis.url, flush=True)
time.sleep(3600)
"""

IS_SIGNALLED = """
import os, signal
from streams.sandbox.broker import EmbeddedBroker
signal.signal(signal.SIGUSR1, lambda *_: print("a thread of the broker got it"))
with EmbeddedBroker() as broker:
    broker.create_topics(["email.opens"], 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    for _ in range(20):
        os.kill(os.getpid(), signal.SIGUSR1)
        broker.trim("email.opens", 0, 0)
assert signal.SIGUSR1 in signal.sigpending()
"""


def wait_until(holds: Callable[[], bool]) -> bool:
    """Whether it holds within PATIENCE_S."""
    try:
        until(holds, timeout_s=PATIENCE_S, what="it holds")
    except ServerFailed:
        return holds()
    return True


def answers(url: str) -> bool:
    """Whether somebody listens at this redis:// address."""
    port = int(url.rsplit(":", 1)[1].split("/")[0])
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(parent: int) -> set[int]:
    """The processes that this one has started."""
    return {int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}


async def test_the_broker_keeps_timestamps_and_forgets_what_is_trimmed() -> None:
    """Records are read back with their historic CreateTime; after a trim the log begins there."""
    place = TopicPartition("email.opens", 0)
    with EmbeddedBroker() as broker:
        broker.create_topics(["email.opens"], 2)
        async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, linger_ms=5) as producer:
            for number in range(100):
                await producer.send("email.opens", b"v", partition=0, timestamp_ms=1_000 + number)
            await producer.flush()
        async with AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="none") as consumer:
            consumer.assign([place])
            consumer.seek(place, 0)
            assert (await consumer.getone()).timestamp == 1_000
            broker.trim("email.opens", 0, 60)
            assert await consumer.beginning_offsets([place]) == {place: 60}
            assert await consumer.end_offsets([place]) == {place: 100}
            consumer.seek(place, 60)
            assert (await consumer.getone()).timestamp == 1_060


def test_the_broker_says_what_it_cannot_do() -> None:
    """Beyond the end, an unknown topic, a topic made twice, a broker that was closed."""
    with EmbeddedBroker() as broker:
        broker.create_topics(["email.opens"], 1)
        with pytest.raises(SandboxUnavailable, match=r"trim email\.opens/0 to 5"):
            broker.trim("email.opens", 0, 5)
        with pytest.raises(SandboxUnavailable, match="trim unheard-of/0"):
            broker.trim("unheard-of", 0, 0)
        with pytest.raises(SandboxUnavailable, match="already exists"):
            broker.create_topics(["email.opens"], 1)
    with pytest.raises(SandboxUnavailable, match="not running"):
        _ = broker.bootstrap


@pytest.mark.skipif(sys.platform == "win32", reason="has no signals to give")
def test_no_signal_reaches_the_threads_of_the_broker() -> None:
    """One that our thread does not take stays pending: the broker's, which would end by it, are never given it."""
    ended = subprocess.run(
        [sys.executable, "-c", IS_SIGNALLED], capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE_S
    )
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr


def test_redis_serves_and_ends_with_its_context(tmp_path: Path) -> None:
    """It answers inside, keeps an append-only file, and is gone outside."""
    with EmbeddedRedis(tmp_path) as redis:
        assert answers(redis.url)
        pid = redis.pid
    assert pid is not None
    assert not is_running(pid)
    assert not answers(redis.url)
    assert any("appendonly" in path.name for path in tmp_path.rglob("*"))


def test_a_redis_that_cannot_start_shows_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is in the error: nobody has to look for a file in a folder that is gone."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr("streams.sandbox.redis.free_port", lambda: taken.getsockname()[1])
        with pytest.raises(SandboxUnavailable, match="Address already in use"), EmbeddedRedis(tmp_path):
            pass


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_redis_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """SIGKILL leaves no time to clean up; the kernel does it."""
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTS_REDIS, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert parent.stdout is not None
        pid, url = parent.stdout.readline().split()
        assert is_running(int(pid))
        assert answers(url)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.communicate()
    assert wait_until(lambda: not is_running(int(pid)))
    assert wait_until(lambda: not answers(url))


def test_the_demo_ends_by_itself_after_so_many_events() -> None:
    """With exit code 0 and a summary that is one JSON object, in which no event is missing."""
    demo = subprocess.run([*DEMO, "--events", "3000", "--json"], capture_output=True, text=True, cwd=ROOT)
    assert demo.returncode == 0, demo.stderr
    summary = json.loads(demo.stdout)
    assert summary["events"] == summary["backlog_events"] == 3_000
    assert summary["machine_opens"] > 0
    assert sum(summary["by_band"].values()) == summary["leads"] == 2_000


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_demo_that_is_stopped(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C and SIGTERM end it in order, with a summary; after SIGKILL the kernel ends Redis and the worker."""
    with (tmp_path / "screen").open("wb") as screen:
        demo = subprocess.Popen(DEMO, stdout=screen, cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)})
    try:
        assert wait_until(lambda: len(children(demo.pid)) == 2), "Redis and a worker"
        started = children(demo.pid)
        demo.send_signal(number)
        code = demo.wait(PATIENCE_S)
    finally:
        demo.kill()
        demo.wait()
    assert wait_until(lambda: not any(map(is_running, started)))
    if number != signal.SIGKILL:
        assert code == 0
        assert "in all" in (tmp_path / "screen").read_text()
        assert [path.name for path in tmp_path.iterdir()] == ["screen"]
