"""Redis is restored from a snapshot by the steps of deploy/README.md: the worker goes on, every score is right."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.conftest import FreshTopics
from tests.connected.test_cli_scores import answer
from tests.connected.test_more_partitions import differences, leads_of
from tests.support.servers import RedisServer
from tests.support.workers import Site, eventually

PARTITIONS = 2
REDIS_S = 20.0
"""A snapshot, or a new append-only file, of so few leads takes milliseconds."""

pytestmark = [pytest.mark.timeout(180), pytest.mark.real_kafka]


async def test_a_snapshot_is_restored_under_a_running_worker(
    fresh_topics: FreshTopics, prefix: str, tmp_path: Path
) -> None:
    """What was scored after the snapshot is scored again, under the next timeline, and kept at the next restart."""
    with RedisServer() as redis:
        site = Site(await fresh_topics(PARTITIONS), redis.url, prefix, tmp_path, PARTITIONS)
        worker = site.start(grace_s=3_600)
        await answer(site, "simulate", "--leads", "60", "--rate", "0", "--events", "600")
        await site.caught_up(worker)
        backup = await snapshot(redis, tmp_path)
        await answer(site, "simulate", "--leads", "60", "--days", "0", "--rate", "400", "--events", "600")
        await site.caught_up(worker)
        stood = await leads_of(site)
        assert await timelines(site) == {"1"}
        redis.kill()
        await restore(redis, backup)
        await site.caught_up(worker)
        assert differences(stood, await leads_of(site)) == []
        assert "2" in await timelines(site), "changes that were published are published again"
        assert worker.stop() == 0
        redis.restart()
        assert differences(stood, await leads_of(site)) == []


async def snapshot(redis: RedisServer, directory: Path) -> Path:
    """A copy of what BGSAVE writes."""
    async with Redis.from_url(redis.url) as raw:
        await raw.bgsave()
        await until_done(raw, "rdb_bgsave_in_progress", "rdb_last_bgsave_status")
    return Path(shutil.copy(redis.directory / "dump.rdb", directory / "backup.rdb"))


async def restore(redis: RedisServer, backup: Path) -> None:
    """Start from the snapshot without an append-only file, then write one; it starts with that from then on."""
    shutil.rmtree(redis.directory / "appendonlydir")
    shutil.copy(backup, redis.directory / "dump.rdb")
    usual, redis.arguments = redis.arguments, ("--appendonly", "no")
    redis.start()
    redis.arguments = usual
    async with Redis.from_url(redis.url) as raw:
        await raw.config_set("appendonly", "yes")
        await until_done(raw, "aof_rewrite_in_progress", "aof_last_bgrewrite_status")


async def until_done(raw: Redis, running: str, outcome: str) -> None:
    """Returns once Redis has saved; it has failed if it says so."""

    async def done() -> bool:
        return not (await raw.info("persistence"))[running]

    await eventually(done, timeout_s=REDIS_S, what=running)
    assert (await raw.info("persistence"))[outcome] == "ok"


async def timelines(site: Site) -> set[str]:
    """Which history the changes of each lane belong to."""
    async with site.reader() as reader:
        return {(await reader.meta(number))["timeline"] for number in range(site.partitions)}
