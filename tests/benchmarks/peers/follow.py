"""One measured run of a peer: its process, and its Redis if it has one, from the first event to the last.

The run ends when the last event is scored, so that a peer's last commit is not in its cost. What it made in Kafka
is removed afterwards.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.benchmarks.accounting import cpu_time, peak_memory_mib
from tests.benchmarks.measure import LOOK_S, RUN_TIMEOUT_S, Mark, Run, cost, half_of, mark
from tests.benchmarks.peers.field import Peer, Site
from tests.benchmarks.peers.rule import CHANGES
from tests.benchmarks.worker import ROOT
from tests.support.servers import KafkaServer, Program, RedisServer
from tests.support.servers.topics import names

START_TIMEOUT_S = 120.0
"""From the process's start to its first event: a JVM on a busy machine, RocksDB, a rebalance."""

STOP_TIMEOUT_S = 10.0

TAIL_BYTES = 2_000
"""The last line of the log that tells how far the program is lies within these."""

TOLD = re.compile(rb"^(\d+) (\d+)$", re.MULTILINE)


def follow(kafka: KafkaServer, peer: Peer, prepared: str, events: int, partitions: int) -> Run:
    """Run a peer through the events. Raises ServerFailed with its log when it does not get there."""
    events = min(events, peer.events_max or events)
    group = f"peer-{secrets.token_hex(4)}"
    asyncio.run(_make_output(kafka.bootstrap, partitions))
    with _directory() as directory, RedisServer() if peer.uses_redis else nullcontext() as redis:
        site = Site(kafka.bootstrap, group, directory, redis.url if redis else "")
        log = directory / "peer.log"
        started_s = time.monotonic()
        program = Program(peer.command(prepared, site), log=log, cwd=ROOT)
        try:
            marks, changes = _watch(program, kafka, redis, events)
            return Run(
                whole=cost(marks[0], marks[-1]),
                second_half=cost(half_of(marks, events), marks[-1]),
                start_s=marks[0].at_s - started_s,
                start_cpu_s=marks[0].own_s,
                peak_mib=peak_memory_mib(program.pid),
                changes=changes,
            )
        finally:
            if program.running:
                program.terminate(timeout_s=STOP_TIMEOUT_S)
            asyncio.run(_remove_topics(kafka.bootstrap))


def _watch(program: Program, kafka: KafkaServer, redis: RedisServer | None, events: int) -> tuple[list[Mark], int]:
    """The looks from the first event to the last, and how many changes were published."""

    def look() -> Mark:
        return mark(_told(program.log)[0], cpu_time(program.pid).total_s, kafka, redis)

    program.wait_until(lambda: _told(program.log)[0] > 0, timeout_s=START_TIMEOUT_S)
    marks = [look()]

    def is_done() -> bool:
        if time.monotonic() - marks[-1].at_s >= LOOK_S:
            marks.append(look())
        return marks[-1].records >= events

    program.wait_until(is_done, timeout_s=RUN_TIMEOUT_S)
    return marks, _told(program.log)[1]


def _told(log: Path) -> tuple[int, int]:
    """Events and changes by the last line that tells them."""
    with log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - TAIL_BYTES))
        found = TOLD.findall(file.read().rpartition(b"\n")[0])
    return (int(found[-1][0]), int(found[-1][1])) if found else (0, 0)


@contextmanager
def _directory() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="leadline-peer-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def _make_output(bootstrap: str, partitions: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(CHANGES, partitions, 1)])
    finally:
        await admin.close()


async def _remove_topics(bootstrap: str) -> None:
    """The output and the changelogs: all but our own topics and Kafka's."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        made = [topic for topic in await admin.list_topics() if topic not in names() and not topic.startswith("__")]
        await admin.delete_topics(made)
    finally:
        await admin.close()
