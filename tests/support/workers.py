"""Worker processes on the servers of a test: started with settings, killed, stopped, waited for.

    site = Site(kafka=bootstrap, redis=url, prefix=prefix, directory=tmp_path)
    worker = site.start(grace_s=3_600)      # a Program; its settings are the site's and these
    await site.caught_up(worker)            # every record applied, every change published
    assert worker.stop() == 0

A wait that does not come true in its time fails with the log of the worker.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas.topics import INPUT_NAMES
from streams.store import Reader
from tests.support.servers import Program, ServerFailed, free_port

ROOT = Path(__file__).parents[2]

WORKER = (sys.executable, "-m", "streams.cli", "worker")

POLL_S = 0.05
"""Between two looks at a condition that asks Redis or Kafka."""

STOP_S = 5.0
"""A worker that is told to stop has ended by then, or is killed, which its exit code tells."""

CATCH_UP_S = 150.0
"""For the largest backlog of the tests on a machine that runs everything else too."""

READ_S = 60.0
"""For reading the largest topics of the tests."""

Place = tuple[str, int, int]
"""Topic, partition, offset."""

Condition = Callable[[], Awaitable[bool]]


class Worker(Program):
    """One worker process. Each has a log of its own."""

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines of this event."""
        whole_lines, _, _ = self.log.read_text(errors="replace").rpartition("\n")
        logged = [json.loads(line) for line in whole_lines.splitlines() if line.startswith("{")]
        return [line for line in logged if line.get("event") == name]

    @property
    def taken(self) -> list[int]:
        """The partitions that it has taken over, in order, again each time."""
        return [line["partition"] for line in self.events("lane.taken")]

    def stop(self) -> int:
        """SIGTERM; the exit code. Negative if it had to be killed."""
        return self.terminate(timeout_s=STOP_S)


@dataclass
class Site:
    """Where the workers of a test work. Logs go to `directory`."""

    kafka: str
    redis: str
    prefix: str
    directory: Path
    partitions: int = 6
    started: int = 0

    def start(self, **settings: object) -> Worker:
        """A worker on this site. It keeps a journal unless told otherwise; a setting that is None is left out."""
        self.started += 1
        given = {name: value for name, value in self.settings(**settings).items() if value is not None}
        environ = {f"LEADLINE_{name.upper()}": str(value) for name, value in given.items()}
        log = self.directory / f"worker-{self.started}.log"
        return Worker(WORKER, log=log, env={**os.environ, **environ}, cwd=ROOT)

    def settings(self, **settings: object) -> dict[str, object]:
        """The settings of a worker here, by name."""
        return {
            "kafka": self.kafka,
            "redis": self.redis,
            "prefix": self.prefix,
            "group": self.prefix,
            "partitions": self.partitions,
            "http": f"127.0.0.1:{free_port()}",
            "journal": True,
            **settings,
        }

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[Reader]:
        """Questions to what the workers have written."""
        reader = await Reader.connect(self.redis, prefix=self.prefix)
        try:
            yield reader
        finally:
            await reader.close()

    async def applied(self) -> int:
        """How many offsets of all topics are behind the lanes."""
        async with self.reader() as reader:
            return await _applied(reader, self.partitions)

    async def ends(self) -> dict[TopicPartition, int]:
        """Where the log of each input partition ends, for a reader of what is committed."""
        places = [TopicPartition(topic, number) for topic in INPUT_NAMES for number in range(self.partitions)]
        async with AIOKafkaConsumer(bootstrap_servers=self.kafka, isolation_level="read_committed") as consumer:
            return dict(await consumer.end_offsets(places))

    async def records(self, *topics: str) -> tuple[dict[Place, ConsumerRecord], dict[tuple[str, int], int]]:
        """Every committed record of these topics, in order for each partition, and where each partition ends."""
        records: dict[Place, ConsumerRecord] = {}
        places = [TopicPartition(topic, number) for topic in topics for number in range(self.partitions)]
        async with AIOKafkaConsumer(bootstrap_servers=self.kafka, isolation_level="read_committed") as consumer:
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            ends = await consumer.end_offsets(places)
            async with asyncio.timeout(READ_S):
                while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                    for tp, fetched in (await consumer.getmany(timeout_ms=200)).items():
                        records.update(((tp.topic, tp.partition, record.offset), record) for record in fetched)
        return records, {(tp.topic, tp.partition): end for tp, end in ends.items()}

    async def is_caught_up(self, reader: Reader) -> bool:
        """Whether every record is applied, none came meanwhile, and every outbox is empty."""
        for partition in range(self.partitions):
            if (await reader.counts(partition)).outbox:
                return False
        return await _applied(reader, self.partitions) == sum((await self.ends()).values())

    async def caught_up(self, *workers: Worker, timeout_s: float = CATCH_UP_S) -> None:
        """Returns once the lanes have applied and published everything."""
        async with self.reader() as reader:
            await eventually(
                lambda: self.is_caught_up(reader), timeout_s=timeout_s, what="all is applied", workers=workers
            )

    async def running(self, worker: Worker, lanes: int | None = None, timeout_s: float = 30.0) -> None:
        """Returns once the worker has taken over so many lanes (default: one for each partition)."""
        wanted = self.partitions if lanes is None else lanes

        async def taken() -> bool:
            return len(set(worker.taken)) >= wanted

        await eventually(taken, timeout_s=timeout_s, what=f"{wanted} lanes run", workers=(worker,))


async def eventually(
    condition: Condition, *, timeout_s: float, what: str, workers: tuple[Worker, ...] = ()
) -> None:
    """Returns as soon as the condition holds. Raises ServerFailed when time runs out or a worker has ended."""
    try:
        async with asyncio.timeout(timeout_s):
            while not await condition():
                for worker in workers:
                    if not worker.running:
                        raise ServerFailed(f"{what}: a worker ended with {worker.exit_code}\n{worker.log_tail()}")
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        tails = "\n".join(worker.log_tail() for worker in workers)
        raise ServerFailed(f"not within {timeout_s} s: {what}\n{tails}") from None


async def _applied(reader: Reader, partitions: int) -> int:
    metas = [await reader.meta(partition) for partition in range(partitions)]
    return sum(int(value) for meta in metas for field, value in meta.items() if field.startswith("offset:"))
