"""Each line of the table of outcomes (`schemas/README.md`) holds for the stream; for a file in tests/unit."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from schemas.instants import HOUR_MS, MINUTE_MS
from streams.clock import SystemClock
from streams.kafka.placement import partition_of
from streams.kafka.producer import RecordProducer
from tests.conftest import FreshTopics
from tests.connected.test_bad_input import PARTITIONS, rejections
from tests.support.journal import read_run
from tests.support.outcomes import CASES, ITS_NAME, ROWS, Lead
from tests.support.servers import free_port
from tests.support.workers import Place, Site

pytestmark = pytest.mark.timeout(90)


async def send_cases(producer: RecordProducer, start_ms: int) -> dict[Place, tuple[str, str]]:
    """The inputs of every line of the table of outcomes, a lead and a minute for each: what is refused, and why."""
    sent: Counter[tuple[str, int]] = Counter()
    refused: dict[Place, tuple[str, str]] = {}
    for number, row in enumerate(ROWS):
        lead_id, case = f"L-{number}", CASES[row.what]
        partition = partition_of(lead_id.encode(), PARTITIONS)
        for record in case.inputs(Lead(lead_id, start_ms + number * MINUTE_MS)):
            content = json.dumps(record.value).encode()
            key = lead_id.encode()
            await producer.send(
                record.topic, key=key, value=content, partition=partition, timestamp_ms=record.at_ms
            )
            sent[record.topic, partition] += 1
            place = (record.topic, partition, sent[record.topic, partition] - 1)
        if row.outcome == "rejected":
            refused[place] = (row.reason, case.name if row.field == ITS_NAME else row.field)
    await producer.flush()
    return refused


async def test_each_line_of_the_table_of_outcomes_holds_for_the_stream(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """Rejected with reason and field, ignored and counted, or applied; and as a file of the same would have it."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    async with RecordProducer(site.kafka) as producer:
        refused = await send_cases(producer, SystemClock().now_ms() - HOUR_MS)
    http = f"127.0.0.1:{free_port()}"
    worker = site.start(http=http)
    await site.caught_up(worker)
    async with aiohttp.ClientSession() as session, session.get(f"http://{http}/metrics") as page:
        counted = outcomes_counted(await page.text())
    assert worker.stop() == 0
    told = await rejections(site)
    assert {place: [(entry["reason"], entry["field"]) for entry in entries] for place, entries in told.items()} == {
        place: [why] for place, why in refused.items()
    }
    ignored = Counter(row.reason for row in ROWS if row.outcome == "ignored")
    ignored["command"] += 4  # that line has five commands
    assert {reason: counted[reason] for reason in ignored} == ignored
    run = await read_run(site)
    for lane in run.lanes:
        assert run.differences(lane) == []


def outcomes_counted(page: str) -> Counter[str]:
    """`leadline_records_total` by outcome, over all topics."""
    counted: Counter[str] = Counter()
    for line in page.splitlines():
        if line.startswith("leadline_records_total{"):
            outcome = line.partition('outcome="')[2].partition('"')[0]
            counted[outcome] += round(float(line.rpartition(" ")[2]))
    return counted
