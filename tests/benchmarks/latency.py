"""From an event to the change that it causes: on an idle system, under live traffic, beside a backlog.

Each sample is a lead that has one webinar signup behind it; the second one lifts it over the line. The clock runs
from before the producer is given the event until a `read_committed` consumer has the change in hand. A sample is
sent when its time has come, whether the one before has been answered or not: so a pause shows in all that fall
into it.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import quantiles

from streams.kafka.follow import ChangeFollower
from streams.kafka.placement import partition_of
from streams.kafka.producer import RecordProducer
from tests.benchmarks.generator import SIGNUPS
from tests.benchmarks.progress import Progress

SAMPLES = 200
SEED = 7

PAUSE_S = (0.02, 0.15)
"""Between two samples: of uneven length, so that no timer of the worker falls into step."""

QUICK_PAUSE_S = (0.005, 0.05)
"""Where what goes on beside the samples ends by itself: all of them within six seconds."""

PREPARED_TIMEOUT_S = 60.0
"""For 200 first signups, with the worker's first take-over; 1 s as a rule."""

CHANGE_TIMEOUT_S = 30.0
"""A change that has not come by then does not come."""

POLL_S = 0.05
"""Between two looks whether the first signups are committed."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds. `around_per_s`: the events that were committed meanwhile, besides the samples, a second."""

    samples: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    around_per_s: float


def sample_leads(partitions: int, avoiding: int | None) -> list[str]:
    """Leads to take samples of; none of the partition to avoid."""
    named = (f"sample-{number:05d}" for number in range(2 * SAMPLES))
    return [lead for lead in named if partition_of(lead.encode(), partitions) != avoiding][:SAMPLES]


async def prepare(bootstrap: str, leads: Sequence[str]) -> None:
    """Their first signups, on their way."""
    async with RecordProducer(bootstrap) as producer:
        for lead in leads:
            await _sign_up(producer, lead, "first")
        await producer.flush()


async def are_prepared(progress: Progress, leads: Sequence[str]) -> None:
    """Returns once each has a state. Raises TimeoutError."""
    async with asyncio.timeout(PREPARED_TIMEOUT_S):
        while not progress.know(leads):  # noqa: ASYNC110 -- Redis tells nobody
            await asyncio.sleep(POLL_S)


async def latency(
    bootstrap: str, progress: Progress, leads: Sequence[str], pause_s: tuple[float, float]
) -> Latency:
    """Take all samples. Raises TimeoutError when a change does not come."""
    rng = random.Random(SEED)
    sent_s: dict[str, float] = {}
    took_ms: dict[str, float] = {}
    async with RecordProducer(bootstrap) as producer, ChangeFollower(bootstrap) as follower:
        begun_s, before = time.perf_counter(), progress.look().records
        receiving = asyncio.create_task(_receive(follower, set(leads), sent_s, took_ms))
        for lead in leads:
            await asyncio.sleep(rng.uniform(*pause_s))
            sent_s[lead] = time.perf_counter()
            await _sign_up(producer, lead, "second")
        around = progress.look().records - before - len(took_ms)
        around_per_s = max(0, around) / (time.perf_counter() - begun_s)
        async with asyncio.timeout(CHANGE_TIMEOUT_S):
            await receiving
    percentiles = quantiles(took_ms.values(), n=100, method="inclusive")
    return Latency(len(leads), percentiles[49], percentiles[98], max(took_ms.values()), around_per_s)


async def _receive(
    follower: ChangeFollower, waiting: set[str], sent_s: dict[str, float], took_ms: dict[str, float]
) -> None:
    """Note when each lead's change has come."""
    while waiting:
        changes = await follower.take(CHANGE_TIMEOUT_S)
        now_s = time.perf_counter()
        for change in changes:
            lead = str(change.members["lead_id"])
            if lead in waiting and lead in sent_s:
                waiting.discard(lead)
                took_ms[lead] = (now_s - sent_s[lead]) * 1_000


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
