"""From an event to the change that it causes, while nothing else happens.

Each sample is a lead that has one webinar signup behind it; the second one lifts it over the line. The clock runs
from before the producer is given the event until a `read_committed` consumer has the change in hand.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import quantiles

from streams.kafka.follow import ChangeFollower
from streams.kafka.producer import RecordProducer
from tests.benchmarks.generator import SIGNUPS
from tests.benchmarks.progress import Progress

SAMPLES = 200
PAUSE_S = (0.02, 0.15)
"""Between a change and the next event: of uneven length, so that no timer of the worker falls into step."""

PREPARED_TIMEOUT_S = 60.0
"""For 200 first signups, with the worker's first take-over; 1 s as a rule."""

CHANGE_TIMEOUT_S = 30.0
"""A change that has not come by then does not come."""

POLL_S = 0.05
"""Between two looks whether the first signups are committed."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds."""

    samples: int
    p50_ms: float
    p99_ms: float
    max_ms: float


async def latency(bootstrap: str, progress: Progress, seed: int) -> Latency:
    """Take all samples. Raises TimeoutError when a change does not come."""
    rng = random.Random(seed)
    leads = [f"sample-{number:04d}" for number in range(SAMPLES)]
    async with RecordProducer(bootstrap) as producer:
        for lead in leads:
            await _sign_up(producer, lead, "first")
        await producer.flush()
        async with asyncio.timeout(PREPARED_TIMEOUT_S):
            while progress.look().records < SAMPLES:  # noqa: ASYNC110 -- Redis tells nobody
                await asyncio.sleep(POLL_S)
        async with ChangeFollower(bootstrap) as follower:
            took_ms = []
            for lead in leads:
                await asyncio.sleep(rng.uniform(*PAUSE_S))
                took_ms.append(await _sample(producer, follower, lead))
    percentiles = quantiles(took_ms, n=100, method="inclusive")
    return Latency(SAMPLES, percentiles[49], percentiles[98], max(took_ms))


async def _sample(producer: RecordProducer, follower: ChangeFollower, lead: str) -> float:
    started_s = time.perf_counter()
    await _sign_up(producer, lead, "second")
    async with asyncio.timeout(CHANGE_TIMEOUT_S):
        while not any(change.members["lead_id"] == lead for change in await follower.take(CHANGE_TIMEOUT_S)):
            pass
    return (time.perf_counter() - started_s) * 1_000


async def _sign_up(producer: RecordProducer, lead: str, webinar: str) -> None:
    now = datetime.now(UTC)
    value = {
        "id": f"{lead}-{webinar}",
        "lead_id": lead,
        "occurred_at": now.isoformat(timespec="milliseconds"),
        "webinar_id": webinar,
    }
    timestamp_ms = int(now.timestamp() * 1_000)
    await producer.send(SIGNUPS, key=lead.encode(), value=json.dumps(value).encode(), timestamp_ms=timestamp_ms)
