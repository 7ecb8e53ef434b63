"""A server that is away or unsafe: the exit code, the address, and what to do, within 15 seconds."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator, Mapping

import pytest

from scoring.document import default_text
from streams.clock import SystemClock
from tests.conftest import FreshTopics
from tests.support.servers import RedisServer, free_port
from tests.support.workers import ROOT, WORKER

LEADLINE = WORKER[:-1]
WITHIN_S = 15.0

KAFKA_COMMANDS = ("topics plan", "topics apply", "topics check", "watch", "simulate", "model activate MODEL")
REDIS_COMMANDS = ("top", "lead L-1")

pytestmark = [pytest.mark.timeout(120), pytest.mark.connected]


async def ended(command: str, settings: Mapping[str, object]) -> tuple[int, str, str, float]:
    """Exit code, output, errors and seconds of a command."""
    environ = {f"LEADLINE_{name.upper()}": str(value) for name, value in settings.items()}
    clock = SystemClock()
    began_s = clock.monotonic_s()
    process = await asyncio.create_subprocess_exec(
        *LEADLINE, *command.split(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environ}, cwd=ROOT,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode(), clock.monotonic_s() - began_s


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
def silence() -> Iterator[str]:
    """An address that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


async def expect_unreachable(command: str, settings: Mapping[str, object], address: str) -> None:
    """3 within 15 s, one error that names the address, nothing on standard output."""
    code, out, err, elapsed_s = await ended(command, settings)
    assert (code, out) == (3, ""), err
    assert err.startswith("error: ")
    assert address in err
    assert err.count("\n") == 1
    assert elapsed_s < WITHIN_S


@pytest.mark.parametrize("command", KAFKA_COMMANDS)
async def test_without_kafka(command: str, nobody: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each command that needs Kafka says so."""
    model = tmp_path_factory.mktemp("model") / "model.yaml"
    model.write_text(default_text())
    await expect_unreachable(command.replace("MODEL", str(model)), {"kafka": nobody}, nobody)


@pytest.mark.parametrize("command", REDIS_COMMANDS)
async def test_without_redis(command: str, nobody: str) -> None:
    """Each command that needs Redis says so."""
    await expect_unreachable(command, {"redis": f"redis://{nobody}/0"}, nobody)


async def test_behind_an_address_that_says_nothing(silence: str) -> None:
    """A firewall, or another kind of server: as unreachable as none, though it takes longer to tell."""
    await asyncio.gather(
        expect_unreachable("topics plan", {"kafka": silence}, silence),
        expect_unreachable("top", {"redis": f"redis://{silence}/0"}, silence),
    )


async def test_a_worker_without_its_servers(nobody: str, redis_url: str, prefix: str) -> None:
    """It names Redis, or Kafka if Redis is there, as the last line of its log."""
    http = f"127.0.0.1:{free_port()}"
    without_redis = {"redis": f"redis://{nobody}/0", "http": http}
    without_kafka = {"redis": redis_url, "kafka": nobody, "http": http, "prefix": prefix}
    for settings in (without_redis, without_kafka):
        code, out, err, elapsed_s = await ended("worker", settings)
        assert (code, out) == (3, "")
        assert err.splitlines()[-1].startswith("error: ")
        assert nobody in err.splitlines()[-1]
        assert elapsed_s < WITHIN_S


async def test_a_worker_whose_address_is_taken(
    fresh_topics: FreshTopics, silence: str, redis_url: str, prefix: str
) -> None:
    """Two workers on one host: the second needs an address of its own, and is told which variable sets it."""
    settings = {"kafka": await fresh_topics(1), "redis": redis_url, "partitions": 1, "prefix": prefix}
    code, _, err, _ = await ended("worker", {**settings, "http": silence})
    assert code == 2
    assert err.splitlines()[-1].startswith(f"error: the address LEADLINE_HTTP={silence} is taken")


async def test_doctor_says_of_both_that_they_are_away(nobody: str) -> None:
    """One does not hide the other; exit code 3."""
    code, out, _, elapsed_s = await ended("doctor", {"kafka": nobody, "redis": f"redis://{nobody}/0"})
    assert code == 3
    assert [line.split()[0:2] for line in out.splitlines() if line.startswith("error")] == [
        ["error", "Kafka"], ["error", "Redis"]
    ]  # fmt: skip
    assert elapsed_s < WITHIN_S


async def test_an_unsafe_redis_is_refused(fresh_topics: FreshTopics, prefix: str) -> None:
    """By the worker and by doctor, with 5; without persistence only unless `--volatile`."""
    bootstrap = await fresh_topics(1)
    http = f"127.0.0.1:{free_port()}"
    with RedisServer("--maxmemory-policy", "allkeys-lru") as redis:
        settings = {"kafka": bootstrap, "redis": redis.url, "partitions": 1, "prefix": prefix, "http": http}
        for command in ("worker", "worker --volatile"):
            code, _, err, _ = await ended(command, settings)
            assert code == 5
            assert "allkeys-lru" in err.splitlines()[-1]
        code, out, _, _ = await ended("doctor", settings)
        assert code == 5
        assert "set maxmemory-policy noeviction" in out


async def test_topics_that_are_missing_are_unsafe(kafka: str, redis_url: str, prefix: str) -> None:
    """A worker would read half of what there is: doctor and `topics check` say 5, and what makes it good."""
    settings = {"kafka": kafka, "redis": redis_url, "partitions": 977, "prefix": prefix}
    code, _, err, _ = await ended("topics check", settings)
    assert code == 5
    assert "should be 977" in err
    assert (await ended("doctor", settings))[0] == 5


async def test_nothing_scored_yet_is_told(redis_url: str, prefix: str) -> None:
    """4, with the prefix that was looked under."""
    for command in REDIS_COMMANDS:
        code, out, err, _ = await ended(command, {"redis": redis_url, "prefix": prefix})
        assert (code, out) == (4, "")
        assert f"nothing has been scored under the prefix '{prefix}'" in err
