"""Passwords are renewed under a running worker: its next connections use what the files hold then."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from redis import Redis

from schemas.instants import MINUTE_MS
from streams.clock import SystemClock
from tests.connected.secured.house import House
from tests.support.rights import redis_rights
from tests.support.traffic import Traffic, events, produce
from tests.support.workers import Site

RENEWED = "battery-staple"
GRACE_S = 3_600

pytestmark = [pytest.mark.timeout(120), pytest.mark.real_kafka]


async def test_a_worker_goes_on_with_renewed_passwords(house: House, site: Site, tmp_path: Path) -> None:
    """Both passwords change, and every connection is cut: the worker comes back by itself, and scores."""
    given = house.user(site.prefix, tmp_path)
    worker = site.start(**given, grace_s=GRACE_S)
    await site.running(worker)
    (tmp_path / "kafka_password").write_text(RENEWED)
    (tmp_path / "redis").write_text(house.redis.tls_url(site.prefix, RENEWED))
    await asyncio.to_thread(house.kafka.set_password, site.prefix, RENEWED)
    house.redis_user(site.prefix, redis_rights("Worker and operator", site.prefix), RENEWED)
    with Redis.from_url(house.redis.url) as admin:
        assert int(admin.execute_command("CLIENT", "KILL", "USER", site.prefix)) >= 1
    await asyncio.to_thread(house.kafka.restart)
    traffic = Traffic(SystemClock().now_ms() - 30 * MINUTE_MS, 500, 50)
    assert await produce(site, events(traffic)) == 500
    await site.caught_up(worker)
    assert worker.stop() == 0
