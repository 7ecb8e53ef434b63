"""Live events at a steady rate, as a process of its own: what goes on while latency is measured.

    python -m tests.benchmarks.traffic BOOTSTRAP PARTITIONS LEADS RATE SECONDS

The events are those of the generator, each sent when its Kafka timestamp comes. It ends after so many seconds, or
when it is told to.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Producer

from schemas.instants import DAY_MS
from tests.benchmarks.generator import Event, Workload, events
from tests.benchmarks.load import SETTINGS, send
from tests.benchmarks.worker import ROOT
from tests.support.servers import KafkaServer, Program

LINGER_MS = 5
"""What a sender of single events would choose."""

SECONDS_MAX = 600
"""More than any measurement takes; the process is told to stop before."""

NAP_S = 0.005
"""Events are sent in portions of so long."""

SEED = 77


@contextmanager
def live_traffic(kafka: KafkaServer, workload: Workload, rate: int) -> Iterator[None]:
    """Events at so many a second around the block; none for 0. Raises ServerFailed if they stopped meanwhile."""
    if not rate:
        yield
        return
    numbers = [workload.partitions, workload.leads, rate, SECONDS_MAX]
    argv = [sys.executable, "-m", __name__, kafka.bootstrap, *map(str, numbers)]
    program = Program(argv, log=kafka.directory / "traffic.log", cwd=ROOT)
    try:
        yield
        program.wait_until(lambda: True, timeout_s=1.0)
    finally:
        if program.running:
            program.terminate()


def main(bootstrap: str, partitions: int, leads: int, rate: int, seconds: int) -> None:
    """Send each event when its time comes."""
    producer = Producer({"bootstrap.servers": bootstrap, **SETTINGS, "linger.ms": LINGER_MS})
    workload = Workload(
        end_ms=_now_ms() + seconds * 1_000,
        events=rate * seconds,
        leads=leads,
        partitions=partitions,
        days=seconds * 1_000 / DAY_MS,
        seed=SEED,
    )
    for event in events(workload):
        _wait_for(event, producer)
        send(producer, event)
    producer.flush()


def _wait_for(event: Event, producer: Producer) -> None:
    while (ahead_ms := event.timestamp_ms - _now_ms()) > 0:
        producer.poll(max(NAP_S, ahead_ms / 1_000))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
