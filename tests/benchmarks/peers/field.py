"""Who takes part, with which settings. `settings` is printed beside the figures."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.peers.shelf import kafka_streams_classpath, quix_python

JAVA_HEAP = "-Xmx2g"
CACHE_BYTES = 256 * 1024 * 1024

FAUST_EVENTS = 40_000
"""An agent takes some 600 µs an event: half a minute of them."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a peer runs: the broker, a name that nothing else has, an empty folder, and Redis if it uses one."""

    bootstrap: str
    group: str
    directory: Path
    redis_url: str


@dataclass(frozen=True, slots=True)
class Peer:
    """One that takes part. `prepare` makes what it is installed in and gives what `command` needs of it (raises
    NotToBeHad). With `events_max` it is stopped after so many of the events."""

    name: str
    settings: str
    prepare: Callable[[], str]
    command: Callable[[str, Site], list[str]]
    uses_redis: bool = False
    events_max: int | None = None


def _program(module: str) -> Callable[[str, Site], list[str]]:
    def command(python: str, site: Site) -> list[str]:
        argv = [python, "-m", f"tests.benchmarks.peers.{module}", site.bootstrap, site.group, str(site.directory)]
        return [*argv, site.redis_url] if site.redis_url else argv

    return command


def _kafka_streams(what: str, settings: str, properties: Mapping[str, str]) -> Peer:
    def command(classpath: str, site: Site) -> list[str]:
        path = site.directory / "streams.properties"
        ours = {
            "bootstrap.servers": site.bootstrap,
            "application.id": site.group,
            "state.dir": str(site.directory / "state"),
            **properties,
        }
        path.write_text("".join(f"{key}={value}\n" for key, value in ours.items()))
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        return ["java", JAVA_HEAP, quiet, "-cp", classpath, "leadline.peer.Main", str(path)]

    return Peer(f"Kafka Streams 4.1, {what}", settings, kafka_streams_classpath, command)


FIELD = (
    _kafka_streams(
        "defaults",
        "at least once; commit every 30 s; cache 10 MB; RocksDB with changelog",
        {"processing.guarantee": "at_least_once"},
    ),
    _kafka_streams(
        "defaults, exactly once",
        "exactly once; commit every 100 ms; cache 10 MB; RocksDB with changelog",
        {"processing.guarantee": "exactly_once_v2"},
    ),
    _kafka_streams(
        "tuned",
        "at least once; commit every 1 s; cache 256 MB; RocksDB with changelog",
        {"statestore.cache.max.bytes": str(CACHE_BYTES), "commit.interval.ms": "1000"},
    ),
    _kafka_streams(
        "tuned, exactly once",
        "exactly once; commit every 1 s; cache 256 MB; RocksDB with changelog",
        {
            "processing.guarantee": "exactly_once_v2",
            "statestore.cache.max.bytes": str(CACHE_BYTES),
            "commit.interval.ms": "1000",
        },
    ),
    Peer(
        "Quix Streams 3.28",
        "at least once; commit every 1 s; no cache setting; RocksDB with changelog",
        quix_python,
        _program("quix"),
    ),
    Peer(
        "Faust agent, one Redis call an event",
        "at least once; offsets every 2.8 s, Redis at each event; leads in memory; Redis appendfsync everysec",
        lambda: sys.executable,
        _program("faust_agent"),
        uses_redis=True,
        events_max=FAUST_EVENTS,
    ),
)
