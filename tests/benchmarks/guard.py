"""The guard against a path that grows dearer: its cost as a multiple of a raw read, beside the committed figure.

Both are measured on the same machine in the same minute, and of several short runs the lowest counts: what the
machine does besides only ever adds. guard.json holds the figure, and says how to renew it.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.generator import Workload, events
from tests.benchmarks.load import load
from tests.benchmarks.raw_read import raw_read
from tests.benchmarks.scored import Case, score_backlog
from tests.support.servers import KafkaServer
from tests.support.servers.topics import make_topics_anew

FIGURE = Path(__file__).with_name("guard.json")

EVENTS, LEADS = 100_000, 10_000
"""A run takes 3 s: as short as tells a tenth more from noise."""

ROUNDS = 4
GROWTH_MAX = 1.25
"""The ratio moves by a tenth from one machine to the next, and by as much on a busy one."""

ENDS_AGO_MS = 60_000


@dataclass(frozen=True, slots=True)
class Ratio:
    """CPU µs an event: of worker and Redis, and of a raw read; the lowest of so many rounds."""

    path_us: float
    raw_us: float
    rounds: int

    @property
    def value(self) -> float:
        """What is compared."""
        return self.path_us / self.raw_us


def committed() -> float:
    """The figure in the repository."""
    return float(json.loads(FIGURE.read_text())["ratio"])


def renew(found: Ratio) -> None:
    """Put the ratio in its place."""
    told = json.loads(FIGURE.read_text()) | {"ratio": round(found.value, 1)}
    FIGURE.write_text(json.dumps(told, indent=2) + "\n")


def measure_ratio(enough: float = 0.0) -> Ratio:
    """Measure round by round, until the ratio is low enough or all rounds are done."""
    workload = Workload(end_ms=time.time_ns() // 1_000_000 - ENDS_AGO_MS, events=EVENTS, leads=LEADS)
    path_us: list[float] = []
    raw_us: list[float] = []
    with KafkaServer() as kafka:
        asyncio.run(make_topics_anew(kafka.bootstrap, workload.partitions))
        load(kafka.bootstrap, events(workload))
        raw_us.append(_raw_us(kafka, workload))
        for _ in range(ROUNDS):
            path_us.append(score_backlog(kafka, workload, Case("guard")).whole.path_us)
            raw_us.append(_raw_us(kafka, workload))
            found = Ratio(min(path_us), min(raw_us), len(path_us))
            if found.value <= enough:
                break
    return found


def _raw_us(kafka: KafkaServer, workload: Workload) -> float:
    return raw_read(kafka.bootstrap, workload.partitions, workload.events).cpu_s / workload.events * 1e6
