"""Lanes whose logs, Redis or outputs are not as they left them: halted, with the text, until somebody decides."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from redis.asyncio import Redis

from schemas.instants import MINUTE_MS, format_ms
from schemas.topics import BY_NAME, CHANGES, INPUT_NAMES, PUBLISHED
from streams.clock import SystemClock
from streams.kafka.marks import read_marks
from tests.benchmarks.exposition import Exposition
from tests.conftest import FreshTopics
from tests.support.journal import instants, read_run
from tests.support.servers import free_port
from tests.support.servers.topics import delete_before, make_topics_anew
from tests.support.traffic import Event, Traffic, events, produce
from tests.support.workers import ROOT, Site, Worker, eventually

OPENS, CLICKS, SIGNUPS = INPUT_NAMES[:3]
EVENTS, LEADS = 4_000, 300

SETTINGS = {"grace_s": 3_600}
"""Idle lanes let no time pass beyond the traffic, which ends 30 minutes before now: so a run ends still."""

NOTICED_S = 30.0
"""An idle lane compares with Redis every 2 s, a halted one looks again after 5; this is for a busy machine."""

pytestmark = [pytest.mark.timeout(240), pytest.mark.real_kafka]


@pytest.fixture
async def site(fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path) -> Site:
    """One partition: everything that happens is about lane 0."""
    return Site(await fresh_topics(1), redis_url, prefix, tmp_path, 1)


def traffic(seed: int = 1) -> list[Event]:
    """Of the last month, ended half an hour ago."""
    return list(events(Traffic(SystemClock().now_ms() - 30 * MINUTE_MS, EVENTS, LEADS, seed=seed)))


def at(event: Event, number: int) -> Event:
    """The event as a signup that came and occurred at this place of 25 minutes within the last hour."""
    timestamp_ms = SystemClock().now_ms() - 55 * MINUTE_MS + number * 25 * MINUTE_MS // EVENTS
    value = {**json.loads(event.value), "occurred_at": format_ms(timestamp_ms)}
    return Event(SIGNUPS, event.key, json.dumps(value).encode(), timestamp_ms)


async def scored(site: Site, given: Sequence[Event]) -> None:
    """A worker has scored all of it, and was stopped."""
    await produce(site, given)
    worker = site.start(**SETTINGS)
    await site.caught_up(worker)
    assert worker.stop() == 0


async def halted(worker: Worker) -> str:
    """What it says once it has halted; it has taken nothing over."""

    async def has_halted() -> bool:
        return bool(worker.events("lane.halted"))

    await eventually(has_halted, timeout_s=NOTICED_S, what="the lane halts", workers=(worker,))
    assert worker.taken == []
    return str(worker.events("lane.halted")[0]["cause"])


async def accept_gap(site: Site, *arguments: str, answer: str = "", **settings: object) -> tuple[int, str]:
    """The command's exit code and what it printed."""
    return await leadline(site, "accept-gap", *arguments, answer=answer, **settings)


async def leadline(site: Site, *arguments: str, answer: str = "", **settings: object) -> tuple[int, str]:
    """A command's exit code and what it printed."""
    environ = {f"LEADLINE_{name.upper()}": str(value) for name, value in site.settings(**settings).items()}
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "streams.cli", *arguments],
        input=answer,
        capture_output=True,
        text=True,
        env=environ,
        cwd=ROOT,
        check=False,
    )
    return done.returncode, done.stdout.strip()


async def goes_on(site: Site, worker: Worker) -> None:
    """The halted lane takes over by itself, and comes to the end of everything."""
    await site.running(worker)
    await site.caught_up(worker)
    assert worker.stop() == 0


async def changes(site: Site) -> list[ConsumerRecord]:
    """What a consumer of committed records sees, in order."""
    records, _ = await site.records(CHANGES.name)
    return list(records.values())


def place(record: ConsumerRecord) -> tuple[int, int]:
    """Its (timeline, seq)."""
    headers = dict(record.headers)
    return int(headers["timeline"]), int(headers["seq"])


def content(record: ConsumerRecord) -> dict[str, Any]:
    """The change, without its place."""
    return {**json.loads(record.value), "timeline": 0, "seq": 0}


async def test_a_topic_made_anew_and_filled_again_halts(site: Site) -> None:
    """Its log goes on beyond the position, and the record scored last gives it away; accepted, it is read."""
    given = traffic()
    await scored(site, given)
    before = (await site.records(OPENS))[0]
    await make_topics_anew(site.kafka, 1, [BY_NAME[OPENS]])
    others = [event for event in traffic(seed=2) if event.topic == OPENS]
    again = [*others, *others[: len(before)]]
    await produce(site, again)
    assert len(again) > len(before)
    worker = site.start(**SETTINGS)
    text = await halted(worker)
    assert f"{OPENS}/0 does not hold at offset {len(before) - 1} the record that was scored from there last" in text
    assert f"`leadline accept-gap --partition 0 --topic {OPENS}` reads the {len(again)} records" in text
    code, diagnosis = await leadline(site, "doctor")
    assert code == 5
    assert f"lane 0: is halted: {OPENS}/0 does not hold at offset {len(before) - 1} the record that" in diagnosis
    assert f"-> `leadline accept-gap --partition 0 --topic {OPENS}` reads the {len(again)} records" in diagnosis
    assert await accept_gap(site, "--topic", INPUT_NAMES[1]) == (0, "nothing keeps a lane from going on")
    code, answer = await accept_gap(site, "--json")
    assert (code, [gap["accepted"] for gap in json.loads(answer)["gaps"]]) == (5, [False])
    code, answer = await accept_gap(site, "--partition", "0", "--topic", OPENS, "--yes")
    assert (code, answer.splitlines()[-1].strip()) == (0, "accepted: the lanes go on within five seconds")
    await goes_on(site, worker)
    run = await read_run(site)
    (lane,) = run.lanes
    assert sum(
        entry.offsets[OPENS][1] - entry.offsets[OPENS][0] for entry in lane.entries if OPENS in entry.offsets
    ) == len(before) + len(again)


async def test_a_topic_that_is_left_unread_is_gone_on_behind(site: Site) -> None:
    """With --skip nothing of what a topic made anew holds is scored, but all that comes after."""
    await scored(site, traffic())
    await make_topics_anew(site.kafka, 1, [BY_NAME[OPENS]])
    others = [event for event in traffic(seed=2) if event.topic == OPENS][:50]
    await produce(site, others[:40])
    worker = site.start(**SETTINGS)
    assert f"{OPENS}/0 ends at offset 40, but is scored up to" in await halted(worker)
    code, _ = await accept_gap(site, "--skip", "--yes")
    assert code == 0
    await produce(site, others[40:])
    await goes_on(site, worker)
    (lane,) = (await read_run(site)).lanes
    read = [offset for entry in lane.entries for topic, offset, _ in entry.applied if topic == OPENS]
    assert read[-10:] == list(range(40, 50))


async def test_records_removed_before_they_were_scored_halt(site: Site) -> None:
    """Said with their number; asked and not meant, nothing changes; accepted, the rest is scored."""
    given = traffic()
    await scored(site, given[: EVENTS // 2])
    await produce(site, given[EVENTS // 2 :])
    stands = (await site.ends())[TopicPartition(OPENS, 0)]
    async with site.reader() as reader:
        scored_to = int((await reader.meta(0))[f"offset:{OPENS}"])
    beginning = (scored_to + stands) // 2
    await delete_before(site.kafka, OPENS, 0, beginning)
    worker = site.start(**SETTINGS)
    assert f"{beginning - scored_to} records were removed by Kafka's retention" in await halted(worker)
    code, answer = await accept_gap(site, answer="n\n")
    assert (code, answer.splitlines()[-1].strip()) == (5, "nothing was changed")
    code, answer = await accept_gap(site, answer="y\n")
    assert (code, answer.splitlines()[-1].strip()) == (0, "accepted: the lanes go on within five seconds")
    await goes_on(site, worker)
    (lane,) = (await read_run(site)).lanes
    read = [offset for entry in lane.entries for topic, offset, _ in entry.applied if topic == OPENS]
    assert sorted(read) == [*range(scored_to), *range(beginning, stands)]


async def test_a_redis_that_was_emptied_halts(site: Site, raw: Redis) -> None:
    """Accepted, everything is scored anew: the same changes come again, all under the next timeline."""
    await scored(site, traffic())
    first = await changes(site)
    await raw.flushdb()
    worker = site.start(**SETTINGS)
    text = await halted(worker)
    assert (
        f"{PUBLISHED.name}/0 says that {len(first)} entries were published (timeline 1), and Redis has no " in text
    )
    code, answer = await accept_gap(site, "--partition", "0", "--yes", "--json")
    assert (code, [gap["accepted"] for gap in json.loads(answer)["gaps"]]) == (0, [True])
    await goes_on(site, worker)
    seen = await changes(site)
    assert [content(record) for record in seen] == [content(record) for record in first] * 2
    assert [place(record) for record in seen] == [
        (1 + n // len(first), 1 + n % len(first)) for n in range(len(seen))
    ]


async def test_an_older_redis_begins_the_next_timeline(site: Site, raw: Redis) -> None:
    """Under a live worker, twice: what is lost is made again and counted; a reader sees nothing out of order.

    Of one topic, and within the grace of idle lanes: so what is made again, in one go, is the same as what was
    made as it came.
    """
    given = [at(event, number) for number, event in enumerate(traffic()) if event.topic in (CLICKS, SIGNUPS)]
    third = len(given) // 3
    parts = [given[:third], given[third : 2 * third], given[2 * third :]]
    http = f"127.0.0.1:{free_port()}"
    worker = site.start(http=http, **SETTINGS)
    await produce(site, parts[0])
    await site.caught_up(worker)
    older = {key: await raw.dump(key) for key in await raw.keys("*")}
    lost = []
    for number, part in enumerate(parts[1:], start=1):
        before = len(await changes(site))
        await produce(site, part)
        await site.caught_up(worker)
        lost.append(len(await changes(site)) - before)
        await restore(raw, older)
        await eventually(
            lambda number=number: taken_over(worker, number),
            timeout_s=NOTICED_S,
            what="a timeline",
            workers=(worker,),
        )
        await site.caught_up(worker)
    corrections = Exposition.read(http).total("leadline_corrections_total")
    assert worker.stop() == 0
    await expect_corrected(site, lost, corrections)


async def taken_over(worker: Worker, times: int) -> bool:
    """Whether so many timelines have begun."""
    return len(worker.events("lane.timeline")) >= times


async def restore(raw: Redis, older: dict[bytes, bytes]) -> None:
    """Redis holds at once what it held then."""
    async with raw.pipeline(transaction=True) as commands:
        commands.flushdb()
        for key, value in older.items():
            commands.restore(key, 0, value)
        await commands.execute()


async def expect_corrected(site: Site, lost: list[int], corrections: float) -> None:
    """Repeats only under a higher timeline, each the same change, and counted; in the end all is as in the fold."""
    seen = await changes(site)
    places = [place(record) for record in seen]
    assert places == sorted(set(places))
    assert {timeline for timeline, _ in places} == {1, 2, 3}
    by_id: dict[str, list[ConsumerRecord]] = {}
    for record in seen:
        by_id.setdefault(content(record)["change_id"], []).append(record)
    for repeats in by_id.values():
        assert len({json.dumps(content(record)) for record in repeats}) == 1
        assert len({place(record)[0] for record in repeats}) == len(repeats)
    repeated = sum(len(repeats) - 1 for repeats in by_id.values())
    assert repeated == corrections > sum(lost)
    run = await read_run(site)
    (lane,) = run.lanes
    folded = run.fold(lane)
    assert run.uncovered(lane) == []
    assert instants(lane) == sorted(instants(lane))
    assert {change.change_id for change in folded.changes} == set(by_id)


async def test_another_environment_is_stopped_before_it_fences(
    site: Site, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """A worker of staging at the Kafka of production halts, and production goes on as if it were not there."""
    given = traffic()
    worker = site.start(**SETTINGS)
    await produce(site, given[: EVENTS // 2])
    await site.caught_up(worker)
    other = Site(site.kafka, redis_url, f"{prefix}-s", tmp_path / "s", 1)
    other.directory.mkdir()
    stranger = other.start(environment="staging", **SETTINGS)
    text = await halted(stranger)
    assert "the environment 'default' publishes to this Kafka, and this worker belongs to 'staging'" in text
    code, answer = await accept_gap(other, "--yes", environment="staging")
    assert (code, answer.splitlines()[-1].strip()) == (5, "-> not to be accepted")
    await produce(site, given[EVENTS // 2 :])
    await site.caught_up(worker)
    assert (stranger.stop(), worker.stop()) == (0, 0)
    assert worker.events("publisher.fenced") == []
    (mark,) = await read_marks(site.kafka, 1)
    assert mark is not None
    assert mark.environment == "default"


async def test_partitions_added_to_a_topic_refuse_the_start(site: Site) -> None:
    """A key would move away from its score: the worker says so, in numbers, and ends with 5."""
    await scored(site, list(islice(traffic(), 200)))
    admin = AIOKafkaAdminClient(bootstrap_servers=site.kafka)
    await admin.start()
    try:
        await admin.create_partitions({OPENS: NewPartitions(total_count=3)})
    finally:
        await admin.close()
    worker = site.start(**SETTINGS)
    assert worker.wait(NOTICED_S) == 5
    text = worker.log_tail()
    assert f"{OPENS}: partitions is 3, should be 1" in text
    assert "set LEADLINE_PARTITIONS=3 and LEADLINE_PREFIX to a name not used yet" in text


@pytest.mark.parametrize(
    ("field", "stored", "text"),
    [
        (
            "layout",
            "9:murmur2",
            "was scored with the layout 9:murmur2 (partitions:hash), and the topics now",
        ),
        ("environment", "staging", "belongs to the environment 'staging', and this worker to 'default': check"),
        ("format", "999", "holds states of format 999, and this leadline knows formats up to 1: start the version"),
    ],
)
async def test_scores_that_are_not_for_this_worker_refuse_the_start(
    site: Site, raw: Redis, field: str, stored: str, text: str
) -> None:
    """Another layout, another environment, a newer format: said in words, exit code 5, and nothing is written."""
    await scored(site, list(islice(traffic(), 200)))
    meta = f"{{{site.prefix}:0}}:meta"
    await raw.hset(meta, field, stored)
    before = await raw.hgetall(meta)
    worker = site.start(**SETTINGS)
    assert worker.wait(NOTICED_S) == 5
    assert text in worker.log_tail()
    assert await raw.hgetall(meta) == before
