"""`leadline rebuild` on a real Kafka and a real Redis: scores computed anew, and what differs published."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from redis.asyncio import Redis

from schemas.instants import MINUTE_MS
from schemas.topics import CHANGES
from scoring.state import decode_lead, encode_lead
from streams.clock import SystemClock
from tests.conftest import FreshTopics
from tests.support.traffic import Event, Traffic, events, produce
from tests.support.workers import ROOT, Site

EVENTS, LEADS = 6_000, 300

SETTINGS = {"grace_s": 3_600}
"""Idle lanes let no time pass beyond the traffic, which ends 30 minutes before now: so a run ends still."""

pytestmark = [pytest.mark.timeout(240), pytest.mark.real_kafka]


@pytest.fixture
async def site(fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path) -> Site:
    """Two partitions."""
    return Site(await fresh_topics(2), redis_url, prefix, tmp_path, 2)


@pytest.fixture
async def raw(redis_url: str) -> AsyncIterator[Redis]:
    """A client of Redis, to harm it with."""
    async with Redis.from_url(redis_url) as client:
        yield client


def traffic(seed: int = 1) -> list[Event]:
    """Of the last month, ended half an hour ago."""
    return list(events(Traffic(SystemClock().now_ms() - 30 * MINUTE_MS, EVENTS, LEADS, seed=seed)))


async def scored(site: Site, given: Sequence[Event]) -> None:
    """A worker has scored all of it, and was stopped."""
    await produce(site, given)
    worker = site.start(**SETTINGS)
    await site.caught_up(worker)
    assert worker.stop() == 0


async def leadline(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, run to its end."""
    environ = {f"LEADLINE_{name.upper()}": str(value) for name, value in site.settings(**SETTINGS).items()}
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "streams.cli", *arguments],
        capture_output=True,
        text=True,
        env=environ,
        cwd=ROOT,
        check=False,
    )


async def rebuilt(site: Site, *arguments: str) -> list[dict[str, Any]]:
    """What the command says of each lane, once it has done it."""
    done = await leadline(site, "rebuild", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    lanes: list[dict[str, Any]] = json.loads(done.stdout)["lanes"]
    return lanes


async def changes(site: Site) -> list[ConsumerRecord]:
    """What a consumer of committed records sees, in order."""
    records, _ = await site.records(CHANGES.name)
    return [record for _, record in sorted(records.items())]


async def kept(raw: Redis, site: Site) -> dict[str, Any]:
    """All that Redis keeps of leads, by key. Of a state without what depends on when it was looked at last."""
    found: dict[str, Any] = {}
    async for key in raw.scan_iter(match=f"{{{site.prefix}:*"):
        name = key.decode()
        kind = name.split("}")[1].split(":")[1]
        if kind in ("lead",):
            lead = decode_lead(await raw.get(key))
            lead.wake, lead.ceiling = 0, 0.0
            found[name] = encode_lead(lead)
        elif kind == "profile":
            found[name] = await raw.get(key)
        elif kind == "history":
            found[name] = await raw.lrange(key, 0, -1)
        elif kind == "timers":
            found[name] = await raw.zrange(key, 0, -1, withscores=True)
        elif kind == "board":
            found[name] = sorted(await raw.zrange(key, 0, -1))
        elif kind == "erased":
            found[name] = await raw.hgetall(key)
        elif kind == "outcomes":
            found[name] = [fields for _, fields in await raw.xrange(key)]
        elif kind == "meta":
            meta = {field.decode(): value.decode() for field, value in (await raw.hgetall(key)).items()}
            found[name] = {field: value for field, value in meta.items() if field not in UNLIKE}
        elif kind == "draft":
            found[name] = "left over"
    return found


UNLIKE = frozenset({"token", "ver", "commit", "timeline", "timeline_base", "starts", "starts_at", "trying"})
"""Fields of meta that a rebuild leaves otherwise than it found them."""


async def test_over_an_intact_log_nothing_is_published_and_everything_is_the_same(site: Site, raw: Redis) -> None:
    """Every key comes out as it was."""
    await scored(site, traffic())
    told, before = await changes(site), await kept(raw, site)
    lanes = await rebuilt(site)
    assert [(lane["published"], lane["taken_back"], lane["timeline"]) for lane in lanes] == [({}, [], 2)] * 2
    assert sum(lane["records"] for lane in lanes) == EVENTS
    assert await kept(raw, site) == before
    assert len(told) > 100
    assert await changes(site) == told
