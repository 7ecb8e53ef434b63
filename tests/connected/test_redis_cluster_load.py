"""A worker on a Redis Cluster: the slots of its lanes move under load, then a node goes. Nothing is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import FreshTopics
from tests.connected.test_cli_scores import leadline
from tests.connected.test_main_path_faults import GRACE_S, PARTITIONS, amid, expect_nothing_lost, traffic
from tests.connected.test_watched import ready
from tests.support.journal import read_run
from tests.support.servers import RedisCluster, RedisServer, free_port
from tests.support.servers.redis_cluster import call
from tests.support.traffic import events, produce
from tests.support.workers import Site, Worker, eventually

SEEN_S = 20.0
"""A lane tries again every 2 s, a worker looks every 5 s; on a machine that runs everything else too."""

pytestmark = [pytest.mark.timeout(180), pytest.mark.real_kafka]


async def test_slots_move_under_load(fresh_topics: FreshTopics, prefix: str, tmp_path: Path) -> None:
    """All lanes wait for their slots, then find them moved; all is as in the fold, and in a rebuild."""
    with RedisCluster() as cluster:
        site = Site(await fresh_topics(PARTITIONS), cluster.url, prefix, tmp_path, PARTITIONS)
        await produce(site, events(traffic(4)))
        http = f"127.0.0.1:{free_port()}"
        worker = site.start(grace_s=GRACE_S, http=http, batch_records=200)
        tags = [f"{{{prefix}:{partition}}}" for partition in range(PARTITIONS)]
        await amid(site, worker, 0.05)
        await move_slowly(cluster, tags, worker)
        await amid(site, worker, 0.4)
        before = cluster.errors("MOVED")
        for tag in tags:
            cluster.move(tag, cluster.other(cluster.owner(tag)))
        await site.caught_up(worker)
        assert cluster.errors("MOVED") > before
        await expect_named(site, worker, cluster.owner(tags[0]), http)
        assert worker.stop() == 0
        expect_nothing_lost(await read_run(site))
        rebuild = await leadline(site, "rebuild")
        assert (rebuild.code, rebuild.out.count("no change published")) == (0, PARTITIONS), (
            rebuild.out + rebuild.err
        )


async def move_slowly(cluster: RedisCluster, tags: Sequence[str], worker: Worker) -> None:
    """The slot of each lane goes to another node; before it has come half-way, and there, the lane has to wait."""
    targets = [cluster.other(cluster.owner(tag)) for tag in tags]
    for tag, target in zip(tags, targets, strict=True):
        cluster.begin_move(tag, target)
    await all_wait(worker)
    for tag, target in zip(tags, targets, strict=True):
        leads = call(cluster.owner(tag), "KEYS", f"{tag}:lead:*")
        cluster.move_keys(target, [f"{tag}:meta", *leads[::2]])
    await all_wait(worker)
    for tag, target in zip(tags, targets, strict=True):
        await asyncio.to_thread(cluster.end_move, tag, target)


async def all_wait(worker: Worker) -> None:
    """Returns once each lane was told again that it cannot be served now."""

    def told() -> Counter[int]:
        away = worker.events("redis_away")
        return Counter(line["partition"] for line in away if "TRYAGAIN" in line["error"])

    before = told()

    async def is_told() -> bool:
        now = told()
        return all(now[partition] > before[partition] for partition in range(PARTITIONS))

    await eventually(is_told, timeout_s=SEEN_S, what="each lane waits", workers=(worker,))


async def expect_named(site: Site, worker: Worker, node: RedisServer, http: str) -> None:
    """The worker's page and the doctor say which node it is that was killed; it comes back, and all is well."""

    async def is_named() -> bool:
        code, body = await asyncio.to_thread(ready, http)
        return code == 503 and f"Redis at 127.0.0.1:{node.port}/0 does not answer" in body

    async def is_ready() -> bool:
        return await asyncio.to_thread(ready, http) == (200, "ready\n")

    await eventually(is_ready, timeout_s=SEEN_S, what="all is well", workers=(worker,))
    node.kill()
    await eventually(is_named, timeout_s=SEEN_S, what="the node is named", workers=(worker,))
    doctor = await leadline(site, "doctor")
    assert doctor.code == 3
    assert f"Redis at 127.0.0.1:{node.port}/0 cannot be reached" in doctor.out
    await asyncio.to_thread(node.start)
    await eventually(is_ready, timeout_s=SEEN_S, what="all is well again", workers=(worker,))
