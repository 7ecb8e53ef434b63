"""What aiokafka cannot unpack: a bad record is refused, damaged bytes halt their lane and the remedy is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException

from schemas.instants import MINUTE_MS, SECOND_MS, format_ms
from schemas.topics import INPUT_NAMES, REJECTED
from scoring.state import decode_lead
from streams.clock import SystemClock
from tests.conftest import FreshTopics
from tests.support.batches import LATIN, Made, batch, send_batch
from tests.support.journal import read_entry, read_states
from tests.support.servers import KafkaServer
from tests.support.servers.topics import delete_before, make_topics_anew
from tests.support.workers import ROOT, Site, Worker, eventually

OPENS, CLICKS = INPUT_NAMES[:2]
RECORDS, BAD = 40, 17
"""A batch, and the place in it of the record whose header has a name that is not UTF-8."""

SETTINGS = {"grace_s": 3_600}
NOTICED_S = 30.0
"""A halted lane looks again after 5 s; this is for a busy machine."""

pytestmark = [pytest.mark.timeout(120), pytest.mark.real_kafka]


@pytest.fixture(scope="module")
def own_kafka() -> Iterator[KafkaServer]:
    """A broker whose files may be damaged."""
    with KafkaServer() as server:
        yield server


def opens(begin_ms: int, bad: int | None = None) -> list[Made]:
    """As many leads, each with one open, a second apart; the one at `bad` with such a header."""
    made = []
    for number in range(RECORDS):
        at_ms, lead_id = begin_ms + number * SECOND_MS, f"L-{number}"
        known = {
            "id": f"e-{at_ms}",
            "lead_id": lead_id,
            "occurred_at": format_ms(at_ms),
            "message_id": f"m-{at_ms}",
        }
        made.append(Made(lead_id.encode(), json.dumps(known).encode(), at_ms, LATIN if number == bad else None))
    return made


async def raised_at(bootstrap: str, offset: int) -> Exception | None:
    """What the ordinary way raises that reads from here."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        consumer.assign([TopicPartition(OPENS, 0)])
        consumer.seek(TopicPartition(OPENS, 0), offset)
        try:
            await consumer.getmany(timeout_ms=10_000)
        except Exception as error:
            return error
    return None


async def applied(site: Site) -> list[int]:
    """The offsets of the topic in the order in which the lane has applied them, and each lead has one arrival."""
    async with site.reader() as reader:
        entries = [read_entry(json.loads(text)) async for text in reader.journal(0)]
        states = await read_states(reader, 0)
    assert {len(decode_lead(state).arrivals) for state in states.values()} == {1}
    assert len(states) == RECORDS - 1
    return [place for entry in entries for topic, place, _ in entry.applied if topic == OPENS]


async def test_a_header_whose_name_is_no_text_is_refused_and_its_neighbours_are_scored_once(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """Between good records of one batch: no process ends of it, and the refusal has its place and its reason."""
    site = Site(await fresh_topics(1), redis_url, prefix, tmp_path, 1)
    made = opens(SystemClock().now_ms() - 30 * MINUTE_MS, BAD)
    assert await send_batch(site.kafka, OPENS, 0, batch(made)) == 0
    assert isinstance(await raised_at(site.kafka, 0), UnicodeDecodeError)
    worker = site.start(**SETTINGS)
    await site.caught_up(worker)
    assert worker.stop() == 0
    assert len(worker.events("ingest.read_again")) == 1
    assert await applied(site) == list(range(RECORDS))
    rejected, _ = await site.records(REJECTED.name)
    refusals = [json.loads(record.value) for record in rejected.values()]
    told = [(one["reason"], one["field"], one["topic"], one["partition"], one["offset"]) for one in refusals]
    assert told == [("wrong_type", "headers", OPENS, 0, BAD)]
    assert f"{RECORDS} records looked at" in leadline(site, "doctor"), "the doctor must read past it, too"


def damage(server: KafkaServer, value: bytes) -> None:
    """Change a byte of this value where the broker keeps it."""
    (segment,) = (server.directory / "logs" / f"{OPENS}-0").glob("*.log")
    kept = bytearray(segment.read_bytes())
    kept[kept.index(value)] ^= 1
    with segment.open("r+b") as file:
        file.write(kept)


async def halts(worker: Worker, times: int) -> list[str]:
    """What the lane has said once it has halted so often."""

    async def has_halted() -> bool:
        return len(worker.events("lane.halted")) >= times

    await eventually(has_halted, timeout_s=NOTICED_S, what="the lane halts", workers=(worker,))
    return [str(line["cause"]) for line in worker.events("lane.halted")]


async def test_damaged_bytes_halt_the_lane_until_they_are_removed(
    own_kafka: KafkaServer, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """The text has the place and both commands; the lane stays halted, and goes on as soon as these were given."""
    await make_topics_anew(own_kafka.bootstrap, 1)
    site = Site(own_kafka.bootstrap, redis_url, prefix, tmp_path, 1)
    begin_ms = SystemClock().now_ms() - 30 * MINUTE_MS
    batches = [opens(begin_ms + number * MINUTE_MS) for number in range(3)]
    for made in batches:
        await send_batch(site.kafka, OPENS, 0, batch(made))
    damage(own_kafka, batches[1][5].value)
    assert isinstance(await raised_at(site.kafka, RECORDS), CorruptRecordException)
    worker = site.start(**SETTINGS)
    texts = await halts(worker, 2)
    assert len(worker.taken) == 1, "a lane that takes over again is not halted meanwhile"
    assert set(texts) == {texts[0]}
    assert f"{OPENS}/0 cannot be read from offset {RECORDS} on: " in texts[0]
    end = 2 * RECORDS
    assert f"before offset {end} with Kafka's kafka-delete-records.sh" in texts[0]
    await delete_before(site.kafka, OPENS, 0, end)
    accepted = leadline(site, "accept-gap", "--partition", "0", "--topic", OPENS, "--yes")
    assert f"begins at offset {end}, but is scored only up to {RECORDS}: {RECORDS} records" in accepted
    await site.caught_up(worker)
    assert worker.stop() == 0


def leadline(site: Site, *arguments: str) -> str:
    """What a command prints."""
    environ = {f"LEADLINE_{name.upper()}": str(value) for name, value in site.settings().items()}
    argv = [sys.executable, "-m", "streams.cli", *arguments]
    return subprocess.run(
        argv, capture_output=True, text=True, env=os.environ | environ, cwd=ROOT, check=False
    ).stdout
