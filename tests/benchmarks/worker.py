"""The worker under measurement: a process of its own, as an operator starts it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.benchmarks.exposition import Exposition
from tests.support.servers import KafkaServer, Program, RedisServer, free_port

ROOT = Path(__file__).parents[2]
PREFIX = "ll"


class Worker:
    """A running worker."""

    def __init__(self, program: Program, http: str) -> None:
        self.program = program
        self.http = http

    @property
    def pid(self) -> int:
        """Its process."""
        return self.program.pid

    def has_lanes(self) -> bool:
        """Whether it has taken over lanes."""
        with suppress(OSError):
            return self.metrics().total("leadline_takeovers_total") > 0
        return False

    def metrics(self) -> Exposition:
        """Its metrics now."""
        return Exposition.read(self.http)


@contextmanager
def running_worker(kafka: KafkaServer, redis: RedisServer, partitions: int) -> Iterator[Worker]:
    """A worker from its start to its end; its log is beside Redis's files."""
    http = f"127.0.0.1:{free_port()}"
    log = redis.directory / f"worker-{http.rpartition(':')[2]}.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADLINE_")}
    environment |= {
        "LEADLINE_KAFKA": kafka.bootstrap,
        "LEADLINE_REDIS": redis.url,
        "LEADLINE_HTTP": http,
        "LEADLINE_PREFIX": PREFIX,
        "LEADLINE_PARTITIONS": str(partitions),
    }
    program = Program([sys.executable, "-m", "streams.cli", "worker"], log=log, env=environment, cwd=ROOT)
    try:
        yield Worker(program, http)
    finally:
        if program.running:
            program.terminate()
