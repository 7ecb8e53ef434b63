"""`leadline doctor` on real servers: what it sees of producers, workers, memory and clocks."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.topics import INPUT_NAMES
from streams.kafka.placement import partition_of
from streams.kafka.producer import RecordProducer
from tests.conftest import FreshTopics
from tests.connected.test_cli_scores import answer
from tests.support.servers import RedisServer
from tests.support.workers import Site

PARTITIONS = 3
OPENS = INPUT_NAMES[0]
KEY = b"L-7"


@pytest.mark.real_kafka
async def test_doctor_tells_of_producers_workers_and_memory(
    fresh_topics: FreshTopics, prefix: str, tmp_path: Path
) -> None:
    """A producer with another partitioner, a small Redis, no worker, then one: each as it is, and what to do."""
    bootstrap = await fresh_topics(PARTITIONS)
    with RedisServer("--maxmemory", "3mb") as redis:
        site = Site(bootstrap, redis.url, prefix, tmp_path, PARTITIONS)
        await misplace(bootstrap, records=20)
        found = await findings(site)
        assert found[f"topic {OPENS}"][0] == "warning"
        assert found[f"topic {OPENS}"][1].startswith("20 of 20 records looked at lie in a partition")
        assert "workers" not in found
        assert found["versions"][1].startswith("leadline ")
        worker = site.start()
        await site.caught_up(worker)
        found = await findings(site)
        assert found["workers"] == ("ok", f"1 worker for {PARTITIONS} lanes")
        assert "of the 3 MiB of maxmemory" in found["memory of Redis"][1]
        assert worker.stop() == 0
        assert (await findings(site))["workers"] == ("warning", "none is in the group")


async def misplace(bootstrap: str, records: int) -> None:
    """Records of a lead in the partition beside its own."""
    wrong = (partition_of(KEY, PARTITIONS) + 1) % PARTITIONS
    async with RecordProducer(bootstrap) as producer:
        for number in range(records):
            value = b'{"id":"e-%d","lead_id":"L-7","occurred_at":"2026-11-23T09:30:00Z"}' % number
            await producer.send(OPENS, key=KEY, value=value, partition=wrong)
        await producer.flush()


async def findings(site: Site) -> dict[str, tuple[str, str]]:
    """(level, what) by what it is about; the last one where there are several."""
    told = await answer(site, "doctor")
    return {each["about"]: (each["level"], each["what"]) for each in told["findings"]}
