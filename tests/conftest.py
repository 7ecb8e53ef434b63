"""Which servers a test run uses, and the fixtures that hand them out.

A real Kafka and a real Redis, started once for the run. Where Java or Maven is missing, the same tests run on
the embedded broker of streams/sandbox; those that only a real Kafka can show (`@pytest.mark.real_kafka`) are
then listed at the end of the report. With CI=true a missing server ends the run at once.

`make test` runs two processes side by side, each with servers of its own, since a test with servers mostly waits.
The files of such tests are dealt out whole, so that what a file starts is started once, and all of chaos goes to
one process; all other tests fill up what is left.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis  # noqa: F401 - loaded now: its plugin does so at the very end, where CPython 3.11 failed
import pytest
from redis.asyncio import Redis

from tests.support.compiled import compiled_modules
from tests.support.servers import KafkaServer, RedisCluster, RedisServer, ServerFailed
from tests.support.servers.jars import kafka_jars
from tests.support.servers.missing import (
    missing_for_kafka,
    missing_for_prometheus,
    missing_for_redis,
    missing_for_tls,
)
from tests.support.servers.topics import make_topics_anew, names

TESTS = Path(__file__).parent

SERVER_FIXTURES = frozenset({"kafka", "redis_server", "redis_cluster"})
"""A test that uses one of these, at any distance, is `connected`."""

DEALT_BY_FILE = frozenset({"benchmarks", "connected", "deploy", "operations"})
"""The directories whose tests start servers, workers or much else, once for each file."""

ONLY_REAL_KAFKA = "only a real Kafka can show this"
LACKING_KAFKA = pytest.StashKey[list[str]]()

FreshTopics = Callable[[int], Awaitable[str]]
"""Called with a number of partitions; returns the address of a broker with all topics made new and empty."""


def pytest_configure(config: pytest.Config) -> None:
    """Look once at what this machine has."""
    config.addinivalue_line(
        "markers", "chaos: faults under load, some five minutes; runs in CI, or by `make chaos`"
    )
    config.addinivalue_line("markers", "real_kafka: an embedded broker cannot show this (transactions, kills)")
    config.stash[LACKING_KAFKA] = missing_for_kafka()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what the tests run on."""
    lacking = config.stash[LACKING_KAFKA]
    scoring = f"scoring: {'compiled' if compiled_modules() else 'plain Python, `make install` compiles it'}"
    if not lacking:
        lines = [scoring, "servers: a real Kafka 4.1, started on free ports"]
    else:
        lines = [
            scoring,
            "servers: an embedded broker in place of Kafka; what it cannot show is listed at the end",
            *lacking,
        ]
    if missing_for_redis():
        return [*lines, "servers: the demo's Redis", *missing_for_redis()]
    return [*lines, "servers: a real Redis, started on a free port"]


@pytest.hookimpl(tryfirst=True)  # before the groups are written into the names
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs servers, and take out what cannot be shown without a real Kafka, or is for CI only."""
    _leave_chaos_to_ci(config, items)
    for item in items:
        if SERVER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.connected)
        if item.get_closest_marker("real_kafka") is not None:
            item.add_marker(pytest.mark.connected)
            if config.stash[LACKING_KAFKA]:
                item.add_marker(pytest.mark.skip(reason=ONLY_REAL_KAFKA))
        if group := _dealt_with(item.path.relative_to(TESTS)):
            item.add_marker(pytest.mark.xdist_group(group))


def _dealt_with(path: Path) -> str:
    """What must run in the same process as the others of that name; empty if it may run anywhere."""
    folder = path.parts[0]
    if folder in DEALT_BY_FILE:
        return str(path.with_suffix(""))
    return folder if folder == "chaos" else ""


def _leave_chaos_to_ci(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Five minutes of chaos run in CI, or when they are asked for by file or by mark."""
    if os.environ.get("CI") == "true" or config.option.markexpr or any("chaos" in str(arg) for arg in config.args):
        return
    left_out = [item for item in items if item.get_closest_marker("chaos") is not None]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_sessionstart(session: pytest.Session) -> None:
    """The process that deals the tests out collects none itself: it looks for servers before the others start."""
    if session.config.getoption("numprocesses", default=None):
        _prepare_servers(session.config)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Before the first connected test."""
    if session.config.option.collectonly:
        return
    if any(item.get_closest_marker("connected") for item in session.items):
        _prepare_servers(session.config)


def _prepare_servers(config: pytest.Config) -> None:
    """In CI nothing may lack; Maven runs outside any test's timeout."""
    lacking_kafka = config.stash[LACKING_KAFKA]
    lacking = [*lacking_kafka, *missing_for_redis(), *missing_for_tls(), *missing_for_prometheus()]
    if lacking and os.environ.get("CI") == "true":
        pytest.exit("the tests need real servers in CI:\n" + "\n".join(lacking), returncode=1)
    if not lacking_kafka:
        try:
            kafka_jars()
        except ServerFailed as failure:
            pytest.exit(str(failure), returncode=1)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell the figures of the run; list what this machine could not show, so that nobody takes it for shown."""
    for report in terminalreporter.getreports("passed"):
        for name, figure in report.user_properties:
            terminalreporter.line(f"{name}: {figure}")
    skipped = terminalreporter.getreports("skipped")
    if not_shown := [report.nodeid for report in skipped if ONLY_REAL_KAFKA in str(report.longrepr)]:
        terminalreporter.section("not shown here, for want of a real Kafka")
        for line in (*config.stash[LACKING_KAFKA], *not_shown):
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def kafka(pytestconfig: pytest.Config) -> Iterator[str]:
    """The address of this run's broker: a real Kafka, or the embedded one where the header says so."""
    if not pytestconfig.stash[LACKING_KAFKA]:
        with KafkaServer() as server:
            yield server.bootstrap
    else:
        from streams.sandbox.broker import EmbeddedBroker

        os.environ["LEADLINE_PUBLISHING"] = "at-least-once"
        with EmbeddedBroker() as broker:
            yield broker.bootstrap


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """The Redis of this run. A test that kills it makes one of its own instead."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of a Redis without any key."""
    redis_server.flush()
    return redis_server.url


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[RedisCluster]:
    """The Redis Cluster of this run. A test that kills a node makes one of its own instead."""
    with RedisCluster() as cluster:
        yield cluster


@pytest.fixture
def cluster_url(redis_cluster: RedisCluster) -> str:
    """The address of a cluster without any key."""
    redis_cluster.flush()
    return redis_cluster.url


@pytest.fixture
def prefix() -> str:
    """A fresh name for this test's Redis keys, consumer group and transactions."""
    return f"t{secrets.token_hex(4)}"


@pytest.fixture
def fresh_topics(kafka: str, pytestconfig: pytest.Config) -> Iterator[FreshTopics]:
    """All topics, new and empty: `bootstrap = await fresh_topics(6)`.

    On a real Kafka they are deleted and made again, which takes 0.1 s (a new broker: 5 s). The embedded
    broker cannot delete, so there each call starts another one.
    """
    with ExitStack() as brokers:

        async def make(partitions: int) -> str:
            if not pytestconfig.stash[LACKING_KAFKA]:
                await make_topics_anew(kafka, partitions)
                return kafka
            from streams.sandbox.broker import EmbeddedBroker

            broker = brokers.enter_context(EmbeddedBroker())
            broker.create_topics(names(), partitions)
            return broker.bootstrap

        yield make


@pytest.fixture
async def raw(redis_url: str) -> AsyncIterator[Redis]:
    """A client of Redis, to harm it with."""
    async with Redis.from_url(redis_url) as client:
        yield client
