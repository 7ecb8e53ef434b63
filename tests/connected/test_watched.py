"""A real Prometheus watches a real worker: the dashboard has data, and nothing calls but a lane that is stuck.

The rules are the ones that are shipped, but that an alert waits three seconds before it fires.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.topics import INPUT_NAMES
from streams.clock import SystemClock
from tests.conftest import FreshTopics
from tests.operations.deployed import hurried, targets
from tests.operations.site import LiveTraffic
from tests.operations.stretched import fired_within_an_hour
from tests.support.servers import ServerFailed, free_port
from tests.support.servers.missing import missing_for_prometheus
from tests.support.servers.prometheus import PrometheusServer
from tests.support.servers.topics import delete_before
from tests.support.workers import ROOT, Site, Worker, eventually

PARTITIONS = 3
RECORDS_PER_S = 100
INTERVAL = "10s"
"""For rates: ten scrapes."""

SEEN_S = 60.0
"""A scrape a second, a count of leads after five: some ten seconds, on a machine that runs everything else too."""

UP, FIRING = 'up{job="leadline"}', 'ALERTS{alertstate="firing"}'

SCRAPES = 15
"""Gone on with for an hour."""

OPENS = INPUT_NAMES[0]

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.real_kafka,
    pytest.mark.skipif(bool(missing_for_prometheus()), reason="Prometheus is not installed"),
]


@dataclass
class Watched:
    """A site, where its worker answers, and the Prometheus that asks there."""

    site: Site
    http: str
    prometheus: PrometheusServer
    seen_at_s: float = 0.0

    def start(self) -> Worker:
        """A worker that Prometheus asks."""
        return self.site.start(http=self.http, grace_s=1, journal=False)

    async def silent(self) -> list[str]:
        """The expressions of the dashboard that have no data."""
        answers = [
            (target, await asyncio.to_thread(self.prometheus.query, target.expression))
            for target in targets(INTERVAL)
        ]
        return [f"{target.panel}: {target.expression}" for target, answer in answers if not answer]

    async def look(self) -> None:
        """Prometheus looks, and has seen the worker: it begins after five seconds, and calls for one till then."""
        await asyncio.to_thread(self.prometheus.start)

        async def it_sees() -> bool:
            seen = await asyncio.to_thread(self.prometheus.query, UP)
            return bool(seen) and not await asyncio.to_thread(self.prometheus.firing)

        await eventually(it_sees, timeout_s=SEEN_S, what="Prometheus sees the worker")
        self.seen_at_s = SystemClock().now_ms() / 1000

    async def fired(self) -> set[str]:
        """Every alert that has fired since then."""
        told = await asyncio.to_thread(
            self.prometheus.history, FIRING, self.seen_at_s, SystemClock().now_ms() / 1000, 1.0
        )
        return {each.labels["alertname"] for each in told}

    async def hour(self, directory: Path) -> str:
        """What fires in an hour of what was seen so far, by the rules as they are shipped; empty for nothing."""

        async def has_enough() -> bool:
            (scrapes,) = await asyncio.to_thread(self.prometheus.query, f"count_over_time({UP}[1h])")
            return scrapes.value >= SCRAPES

        await eventually(has_enough, timeout_s=SEEN_S, what=f"{SCRAPES} scrapes")
        now_s = SystemClock().now_ms() / 1000
        told = await asyncio.to_thread(
            self.prometheus.history, '{job="leadline",alertname=""}', now_s - SCRAPES + 1, now_s, 1.0
        )
        assert any(each.labels["__name__"] == "leadline_records_total" for each in told)
        return await asyncio.to_thread(fired_within_an_hour, told, directory)

    async def fires(self, name: str, *workers: Worker) -> None:
        """Returns once this alert fires."""

        async def it_fires() -> bool:
            return name in await asyncio.to_thread(self.prometheus.firing)

        await eventually(it_fires, timeout_s=SEEN_S, what=f"{name} fires", workers=workers)


@pytest.fixture
async def watched(fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Watched]:
    """Prometheus is started by the test, once there is something to see."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    http = f"127.0.0.1:{free_port()}"
    prometheus = PrometheusServer(http, hurried())
    try:
        yield Watched(site, http, prometheus)
    finally:
        prometheus.close()


def ready(http: str) -> tuple[int, str]:
    """The status of /ready, and its body."""
    try:
        with urllib.request.urlopen(f"http://{http}/ready", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


def doctor_metrics(http: str) -> subprocess.CompletedProcess[str]:
    """`leadline doctor metrics` of this worker."""
    command = [sys.executable, "-m", "streams.cli", "doctor", "metrics", "--address", http]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)


async def test_prometheus_sees_the_worker_and_calls_for_a_lane_that_is_stuck(
    watched: Watched, tmp_path: Path
) -> None:
    """Every panel has data and nothing fires; then retention passes a lane's position, and its alert does."""
    site, http = watched.site, watched.http
    traffic = LiveTraffic(site, RECORDS_PER_S)
    worker = watched.start()
    async with traffic.flowing():
        await site.running(worker)
        await watched.look()

        async def all_told() -> bool:
            return not await watched.silent()

        try:
            await eventually(all_told, timeout_s=SEEN_S, what="every panel has data", workers=(worker,))
        except ServerFailed as failure:
            pytest.fail("\n".join([*await watched.silent(), str(failure)]))
        assert await watched.fired() == set()
        assert await watched.hour(tmp_path) == ""
        assert ready(http) == (200, "ready\n")
        checked = await asyncio.to_thread(doctor_metrics, http)
        assert (checked.returncode, "nothing to find fault with" in checked.stdout) == (0, True), checked.stdout
        assert worker.stop() == 0
        await watched.fires("LeadlineNoWorker")
        stood = await at(site, OPENS, 0)

        async def log_has_more() -> bool:
            return await end_of(site, OPENS, 0) > stood + 1

        await eventually(log_has_more, timeout_s=SEEN_S, what="more records than the worker has read")
    await delete_before(site.kafka, OPENS, 0, await end_of(site, OPENS, 0))
    again = watched.start()
    await watched.fires("LeadlineLaneHalted", again)
    (alert,) = [each for each in watched.prometheus.alerts() if each.name == "LeadlineLaneHalted"]
    assert (alert.state, alert.labels["partition"]) == ("firing", "0")
    status, body = ready(http)
    assert status == 503
    assert body.startswith(f"lane 0 is halted: {OPENS}/0")
    assert again.stop() == 0


async def at(site: Site, topic: str, partition: int) -> int:
    """Where the lane stands in a topic."""
    async with site.reader() as reader:
        return int((await reader.meta(partition))[f"offset:{topic}"])


async def end_of(site: Site, topic: str, partition: int) -> int:
    """Where the log ends."""
    ends = {(tp.topic, tp.partition): end for tp, end in (await site.ends()).items()}
    return ends[topic, partition]
