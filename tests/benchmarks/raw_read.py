"""The yardstick: the same topics read with aiokafka and thrown away, in a process of its own.

    python -m tests.benchmarks.raw_read 127.0.0.1:9092 6 1000000

prints {"cpu_s": ..., "wall_s": ...} from the first fetch to the last record. Nothing that reads with aiokafka can
be cheaper; the ratio to it says what leadline adds, and moves less than CPU time from one machine to the next.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.kafka.consumer import FETCH_BYTES, FETCH_WAIT_MS
from tests.benchmarks.generator import TOPICS

PULL_S = 1.0
"""A fetch without records comes back after this, which no read of a full topic waits for."""

TIMEOUT_S = 300.0
"""A million records take 2 s."""


class RawRead(NamedTuple):
    """What reading took, in seconds."""

    cpu_s: float
    wall_s: float


def raw_read(bootstrap: str, partitions: int, records: int) -> RawRead:
    """Read so many records in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, bootstrap, str(partitions), str(records)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        timeout=TIMEOUT_S,
        check=True,
    )
    return RawRead(**json.loads(done.stdout))


async def _read(bootstrap: str, partitions: int, records: int) -> RawRead:
    """The worker's consumer without a group: the same fetches, no rebalance in between."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_wait_ms=FETCH_WAIT_MS,
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    await consumer.start()
    try:
        gc.collect()
        gc.freeze()
        cpu_s, wall_s = time.process_time(), time.monotonic()
        consumer.assign([TopicPartition(topic, number) for topic in TOPICS for number in range(partitions)])
        left = records
        while left > 0:
            fetched = await consumer.getmany(timeout_ms=int(PULL_S * 1_000))
            left -= sum(map(len, fetched.values()))
        return RawRead(time.process_time() - cpu_s, time.monotonic() - wall_s)
    finally:
        await consumer.stop()


if __name__ == "__main__":
    address, partition_count, record_count = sys.argv[1:]
    print(json.dumps(asyncio.run(_read(address, int(partition_count), int(record_count)))._asdict()))
