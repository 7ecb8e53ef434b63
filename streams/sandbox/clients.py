"""What the demo asks of Kafka and of the worker, by the clients of `streams/kafka` and the worker's own page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

import aiohttp

from schemas.codec import read_change
from streams.kafka.follow import ChangeFollower
from streams.kafka.producer import RecordProducer
from streams.sandbox.ports import FollowedChange, RankedLead, Scores, WorkerCounts

METRICS_TIMEOUT_S = 5.0
"""The worker answers in milliseconds; one that has died is noticed elsewhere."""

SAMPLE = re.compile(r"^(?P<name>[a-z_]+)\{(?P<labels>.*)\} (?P<value>[0-9.e+]+)$", re.MULTILINE)
"""A counter in Prometheus's text format."""


class DemoClients:
    """The clients of one run. `scores` is open for as long as they are used."""

    def __init__(self, bootstrap: str, scores: Scores) -> None:
        self._bootstrap = bootstrap
        self._scores = scores

    def producer(self, linger_ms: int) -> AbstractAsyncContextManager[RecordProducer]:
        """A producer that collects records for `linger_ms` before it sends them together."""
        return RecordProducer(self._bootstrap, linger_ms)

    async def changes(self) -> AsyncIterator[FollowedChange]:
        """Every change from the beginning of the topic, as they come, without an end."""
        async with ChangeFollower(self._bootstrap, from_beginning=True) as follower:
            async for found in follower:
                yield FollowedChange(found.partition, found.offset, read_change(found.members))

    async def positions(self) -> Mapping[tuple[str, int], int]:
        """The next offset of each input topic and partition, as the lanes' last commits have left it."""
        return await self._scores.positions()

    async def ranking(self, limit: int) -> Sequence[RankedLead]:
        """The leads with the highest scores now."""
        return await self._scores.ranking(limit)

    async def worker_counts(self, http: str) -> WorkerCounts:
        """From the worker's metrics; nothing of a worker that Ctrl-C met before it answered."""
        timeout = aiohttp.ClientTimeout(total=METRICS_TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(f"http://{http}/metrics") as page,
            ):
                return worker_counts(await page.text())
        except (aiohttp.ClientError, TimeoutError):
            return WorkerCounts(rejected=0, duplicates=0, machine=0)


def worker_counts(page: str) -> WorkerCounts:
    """The counts from a worker's /metrics."""
    return WorkerCounts(
        rejected=_total(page, "leadline_rejected_total", ""),
        duplicates=_total(page, "leadline_records_total", 'outcome="duplicate"'),
        machine=_total(page, "leadline_records_total", 'outcome="machine"'),
    )


def _total(page: str, name: str, label: str) -> int:
    """The sum of a counter over the samples that have this label."""
    return round(
        sum(
            float(sample["value"])
            for sample in SAMPLE.finditer(page)
            if sample["name"] == name and label in sample["labels"]
        )
    )
