"""The whole process: it starts soon, stops in order at SIGTERM, and ends with code 1 when a service crashes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import FreshTopics
from tests.support.servers import Program, free_port, until

ROOT = Path(__file__).parents[2]

WORKER = """
import asyncio, contextlib, os, sys
from collections.abc import Mapping, Sequence
from mode import Service
from streams import logs
from streams.kafka import ingest
from streams.app import run_worker
from streams.clock import SystemClock
from streams.kafka.ingest import Ingest
from streams.lane.ports import PositionLost
from streams.settings import load

class Lane:
    def __init__(self, partition, source):
        self.partition, self.source, self.stopping = partition, source, False

    async def run(self):
        bounds = await self.source.bounds()
        self.source.seek({topic: bound.beginning for topic, bound in bounds.items()})
        print("LANE", self.partition, flush=True)
        while not self.stopping:
            if sys.argv[1] == "crash":
                raise ValueError("a bug in a lane")
            while sys.argv[1] == "stick":
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(3600)
            try:
                await self.source.pull(self.source.topics, 100, 60.0)
            except PositionLost:
                break
        print("ENDED", self.partition, flush=True)

    def stop(self):
        self.stopping = True

    def offsets(self):
        return {}

async def build() -> Sequence[Service]:
    if sys.argv[1] == "refuse":
        raise LookupError("no store")
    return [Ingest(settings, Lane, SystemClock())]

logs.configure()
ingest.FINISH_S = ingest.CANCEL_S = 0.1
settings = load(os.environ)
run_worker(settings, build)
"""

START_S = 10.0
"""A worker alone starts in 1.5 s; this bound is for a machine that runs everything else too."""

STOP_S = 3.0
"""What is left after this is killed, which the exit code tells."""


def start(log: Path, mode: str, environ: Mapping[str, str]) -> Program:
    """A worker with three partitions whose lanes do nothing, or crash."""
    return Program(
        [sys.executable, "-c", WORKER, mode],
        log=log,
        cwd=ROOT,
        env={**os.environ, "LEADLINE_PARTITIONS": "3", **environ},
    )


def printed(log: Path) -> list[str]:
    """The lines that the worker printed and logged."""
    return log.read_text().splitlines()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """What the worker prints."""
    return tmp_path / "worker.log"


async def test_a_worker_starts_soon_and_stops_in_order(fresh_topics: FreshTopics, prefix: str, log: Path) -> None:
    """All lanes run within the time; at SIGTERM all end, with code 0; what is logged is JSON, and little."""
    bootstrap = await fresh_topics(3)
    worker = start(log, "run", {"LEADLINE_KAFKA": bootstrap, "LEADLINE_GROUP": prefix})
    worker.wait_until(lambda: log.read_text().count("LANE") == 3, timeout_s=START_S)
    assert worker.terminate(timeout_s=STOP_S) == 0
    lines = printed(log)
    assert sorted(line for line in lines if line.startswith("ENDED")) == ["ENDED 0", "ENDED 1", "ENDED 2"]
    logged = [json.loads(line) for line in lines if not line.startswith(("LANE", "ENDED"))]
    ours = [line["event"] for line in logged if line["level"] == "info"]
    assert ours == ["ingest.assigned", "worker.stops"]


async def test_a_crash_in_a_lane_ends_the_process(fresh_topics: FreshTopics, prefix: str, log: Path) -> None:
    """An exception in one lane ends the worker with code 1, and its text is in the log."""
    bootstrap = await fresh_topics(3)
    worker = start(log, "crash", {"LEADLINE_KAFKA": bootstrap, "LEADLINE_GROUP": prefix})
    assert worker.wait(timeout_s=30) == 1
    assert "ValueError: a bug in a lane" in "\n".join(printed(log))


async def test_a_lane_that_does_not_end_does_not_keep_the_process(
    fresh_topics: FreshTopics, prefix: str, log: Path
) -> None:
    """A lane that ignores even its cancellation has its stack logged, and the process ends with code 1."""
    bootstrap = await fresh_topics(3)
    worker = start(log, "stick", {"LEADLINE_KAFKA": bootstrap, "LEADLINE_GROUP": prefix})
    worker.wait_until(lambda: log.read_text().count("LANE") == 3, timeout_s=START_S)
    assert worker.terminate(timeout_s=3 * STOP_S) == 1
    stuck = [line for line in printed(log) if '"worker.stuck"' in line]
    assert len(stuck) == 3
    assert all("in run" in line for line in stuck)


def test_a_worker_that_cannot_be_put_together_ends(log: Path) -> None:
    """What fails before any service starts ends the process with code 1 and its text."""
    worker = start(log, "refuse", {})
    assert worker.wait(timeout_s=START_S) == 1
    assert "LookupError: no store" in log.read_text()


def test_a_worker_without_kafka_ends_in_time(prefix: str, log: Path) -> None:
    """Without Kafka the worker says which address does not answer, within 15 s."""
    bootstrap = f"127.0.0.1:{free_port()}"
    worker = start(log, "run", {"LEADLINE_KAFKA": bootstrap, "LEADLINE_GROUP": prefix})
    assert worker.wait(timeout_s=15) == 1
    assert f"Kafka at {bootstrap} does not answer" in log.read_text()


def test_a_worker_told_to_stop_while_it_starts_stops(prefix: str, log: Path) -> None:
    """SIGTERM counts from the first moment, also while the worker waits for its Kafka."""
    bootstrap = f"127.0.0.1:{free_port()}"
    worker = start(log, "run", {"LEADLINE_KAFKA": bootstrap, "LEADLINE_GROUP": prefix})
    until(lambda: "Unable connect" in log.read_text(), timeout_s=30, what="it looks for Kafka")
    assert worker.terminate(timeout_s=STOP_S) == 0
