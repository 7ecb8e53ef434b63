"""`leadline rebuild` on a real Kafka and a real Redis: scores computed anew, and what differs published."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from redis.asyncio import Redis

from schemas.instants import MINUTE_MS, format_ms
from schemas.topics import BY_NAME, CHANGES, COMMANDS, INPUT_NAMES, REJECTED, REKEYED
from scoring.document import read_model
from scoring.plan import Plan
from scoring.score import Curve
from scoring.state import decode_lead, encode_lead
from streams.clock import SystemClock
from tests.conftest import FreshTopics
from tests.support.servers import Program
from tests.support.servers.topics import delete_before
from tests.support.traffic import (
    Event,
    Traffic,
    activate,
    events,
    model_without_limits,
    produce,
    produce_misplaced,
)
from tests.support.workers import ROOT, STOP_S, Site, Worker, eventually

OPENS, CLICKS = INPUT_NAMES[:2]
PROFILES = BY_NAME["lead.profiles"]
EVENTS, LEADS = 4_000, 200

SETTINGS: dict[str, object] = {"grace_s": 3_600}
"""Idle lanes let no time pass beyond the traffic, which ends 30 minutes before now: so a run ends still."""

pytestmark = [pytest.mark.timeout(240), pytest.mark.real_kafka]


@pytest.fixture
async def site(fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path) -> Site:
    """Two partitions."""
    return Site(await fresh_topics(2), redis_url, prefix, tmp_path, 2)


def traffic(seed: int = 1) -> list[Event]:
    """Of the last month, ended half an hour ago."""
    return list(events(Traffic(SystemClock().now_ms() - 30 * MINUTE_MS, EVENTS, LEADS, seed=seed)))


async def scored(site: Site, given: Sequence[Event]) -> None:
    """A worker has scored all of it, and was stopped."""
    await produce(site, given)
    worker = site.start(**SETTINGS)
    await site.caught_up(worker)
    assert worker.stop() == 0


def environ(site: Site) -> dict[str, str]:
    """The settings of a command here."""
    return {f"LEADLINE_{name.upper()}": str(value) for name, value in site.settings(**SETTINGS).items()}


async def leadline(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, run to its end."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "streams.cli", *arguments],
        capture_output=True,
        text=True,
        env=environ(site),
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
    """All that Redis keeps of leads, by key."""
    return {key.decode(): await content(raw, key.decode()) async for key in raw.scan_iter(f"{{{site.prefix}:*")}


def kind_of(key: str) -> str:
    """What the key holds."""
    return key.split("}")[1].split(":")[1]


async def content(raw: Redis, key: str) -> Any:
    """What stands there, without what depends on when it was looked at."""
    match kind_of(key):
        case "lead":
            lead = decode_lead(await raw.get(key))
            lead.wake, lead.ceiling = 0, 0.0
            return encode_lead(lead)
        case "profile":
            return await raw.get(key)
        case "history":
            return await raw.lrange(key, 0, -1)
        case "told":
            return await raw.llen(key)
        case "timers" | "board":
            return sorted(await raw.zrange(key, 0, -1))
        case "erased":
            return await raw.hgetall(key)
        case "outcomes":
            return [fields for _, fields in await raw.xrange(key)]
        case "meta":
            fields = {field.decode(): value.decode() for field, value in (await raw.hgetall(key)).items()}
            return {field: value for field, value in fields.items() if field not in UNLIKE}
        case kind:
            return kind


OWNERS = frozenset({"token", "ver", "commit", "open", "trying", "publisher", "publisher_before"})
UNLIKE = OWNERS | {"timeline", "timeline_base"}
"""Fields of meta that a rebuild leaves otherwise than it found them."""


def said(record: ConsumerRecord) -> dict[str, Any]:
    """A change without its place."""
    return {**json.loads(record.value), "timeline": 0, "seq": 0}


def place(record: ConsumerRecord) -> tuple[int, int]:
    """Its (timeline, seq)."""
    headers = dict(record.headers)
    return int(headers["timeline"]), int(headers["seq"])


def heard(records: Sequence[ConsumerRecord]) -> list[ConsumerRecord]:
    """What is left to a consumer that drops whatever is not above the last (timeline, seq) of its partition."""
    last: dict[int, tuple[int, int]] = {}
    found = []
    for record in records:
        if place(record) > last.get(record.partition, (0, 0)):
            last[record.partition] = place(record)
            found.append(record)
    return found


def people(end_ms: int, leads: Sequence[str]) -> list[Event]:
    """What people say of three leads after the traffic: an outcome, a flag, an erasure; and a refusal."""
    told = [
        (PROFILES.name, leads[0], {"job_title": "VP Sales", "email": "ann@acme.example"}),
        (COMMANDS.name, leads[0], {"command": "outcome", "result": "converted"}),
        (COMMANDS.name, leads[1], {"command": "flag", "reason": "doubt", "by": "kim"}),
        (COMMANDS.name, leads[2], {"command": "erase"}),
        (CLICKS, leads[0], {"kind": "no kind"}),
    ]
    return [
        Event(
            topic,
            lead_id.encode(),
            json.dumps(
                {"id": f"p-{n}", "lead_id": lead_id, "occurred_at": format_ms(end_ms + n * 1_000), **members}
            ).encode(),
            end_ms + n * 1_000,
        )
        for n, (topic, lead_id, members) in enumerate(told)
    ]


async def changed_last(site: Site) -> tuple[str, ConsumerRecord]:
    """A lead above the first line, and the change that took it there."""
    last = {(record.key or b"").decode(): record for record in await changes(site) if record.value is not None}
    found = {lead_id: record for lead_id, record in last.items() if said(record).get("direction") == "up"}
    return min(found.items())


async def test_over_an_intact_log_nothing_is_published_and_everything_is_the_same(site: Site, raw: Redis) -> None:
    """Every key comes out as it was, after a refusal, an erasure and an outcome, too."""
    given = traffic()
    await scored(site, [*given, *people(given[-1].timestamp_ms, ["L-1", "L-2", "L-3"])])
    told, before = await changes(site), await kept(raw, site)
    assert len(told) > 100
    assert set(map(kind_of, before)) >= {"lead", "profile", "history", "erased", "outcomes", "told"}
    lanes = await rebuilt(site)
    assert [(lane["published"], lane["taken_back"], lane["timeline"]) for lane in lanes] == [({}, [], 2)] * 2
    assert sum(lane["records"] for lane in lanes) == EVENTS + 5
    assert differences(before, await kept(raw, site)) == []
    assert await changes(site) == told


async def test_misplaced_records_count_once_again(site: Site, raw: Redis) -> None:
    """Replayed, they come at their own time: lines may be crossed at others, which is told once; scores stay."""
    given = list(events(Traffic(SystemClock().now_ms() - 30 * MINUTE_MS, EVENTS, 1_000, days=2)))
    await activate(site, model_without_limits(), "without-limits", given[0].timestamp_ms - 1)
    assert await produce_misplaced(site, given[::10]) == EVENTS // 10
    await scored(site, [event for number, event in enumerate(given) if number % 10])
    others, before = await site.records(REJECTED.name, REKEYED.name), await kept(raw, site)
    assert others[0]
    first = await rebuilt(site)
    assert [lane["taken_back"] for lane in first] == [[], []]
    after, told = await kept(raw, site), await changes(site)
    assert await site.records(REJECTED.name, REKEYED.name) == others
    now_ms = SystemClock().now_ms()
    assert scores(after, now_ms) == pytest.approx(scores(before, now_ms), abs=1e-5)
    metas = [key for key in before if kind_of(key) == "meta"]
    origins = [[found for found in before[key].items() if found[0].startswith("origin:")] for key in metas]
    assert any(origins)
    assert origins == [[found for found in after[key].items() if found[0].startswith("origin:")] for key in metas]
    assert [lane["published"] for lane in await rebuilt(site)] == [{}, {}]
    assert await changes(site) == told


def scores(found: dict[str, Any], now_ms: int) -> dict[str, float]:
    """The score of each lead at an instant, by the model that is in force."""
    plan = Plan(read_model(model_without_limits()), 2)
    states = {key: decode_lead(state) for key, state in found.items() if kind_of(key) == "lead"}
    return {key: Curve(plan, lead).score(now_ms) for key, lead in states.items()}


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The keys that hold something else; of a hash, which fields."""
    found = []
    for key in sorted(before.keys() | after.keys()):
        one, other = before.get(key), after.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            found += [f"{key} {name}" for name in one.keys() | other.keys() if one.get(name) != other.get(name)]
        elif one != other:
            found.append(key)
    return found


async def test_one_damaged_lead_is_corrected_under_live_workers(site: Site, raw: Redis) -> None:
    """Its last change is told again, with its id, under the next timeline; the worker goes on with new events."""
    given = traffic()
    await produce(site, given)
    worker = site.start(**SETTINGS, lane_cache_leads=0)
    await site.caught_up(worker)
    lead_id, change = await changed_last(site)
    before, told = await kept(raw, site), await changes(site)
    lane = change.partition
    assert await raw.delete(f"{{{site.prefix}:{lane}}}:lead:{lead_id}") == 1
    done = await rebuilt(site, "--partition", str(lane))
    assert [each["published"] for each in done] == [{lead_id: 1}]
    corrections = await news(site, told)
    assert [said(record) for record in corrections] == [said(change)]
    assert place(corrections[0])[0] == 2
    assert place(corrections[0])[1] == 1 + max(place(each)[1] for each in told if each.partition == lane)
    after = await kept(raw, site)
    tag = f"{{{site.prefix}:{lane}}}"
    assert sorted(differences(before, after)) == [
        f"{tag}:history:{lead_id}", f"{tag}:meta outbox", f"{tag}:meta seq:{CHANGES.name}"
    ]  # fmt: skip
    await goes_on(site, worker, lane)


async def news(site: Site, told: Sequence[ConsumerRecord]) -> list[ConsumerRecord]:
    """What came since."""
    known = {(record.partition, record.offset) for record in told}
    return [record for record in await changes(site) if (record.partition, record.offset) not in known]


async def goes_on(site: Site, worker: Worker, lane: int) -> None:
    """The worker takes the lane over by itself, scores what comes, and publishes it under the new timeline."""
    await site.running(worker)
    told = await changes(site)
    end_ms = SystemClock().now_ms()
    await produce(site, list(events(Traffic(end_ms, EVENTS // 6, LEADS, days=1, seed=3))))
    await site.caught_up(worker)
    assert worker.stop() == 0
    came = [place(record) for record in await news(site, told) if record.partition == lane]
    assert came
    assert {timeline for timeline, _ in came} == {2}


@pytest.mark.parametrize(
    ("number", "code", "publishing"),
    [(signal.SIGKILL, -signal.SIGKILL, "exactly-once"), (signal.SIGINT, 130, "at-least-once")],
)
async def test_an_emptied_redis_is_filled_again_although_the_rebuild_was_stopped(
    site: Site, raw: Redis, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int, publishing: str
) -> None:
    """The worker halts until a second one has finished what the first has begun; consumers hear nothing of it.

    Without transactions nobody knows of a lane that no rebuild has begun with: a worker says all of it again.
    """
    monkeypatch.setitem(SETTINGS, "publishing", publishing)
    await scored(site, traffic())
    before, told = await kept(raw, site), await changes(site)
    await raw.flushdb()
    first = Program(
        (sys.executable, "-m", "streams.cli", "rebuild"),
        log=site.directory / "rebuild.log",
        env=environ(site),
        cwd=ROOT,
    )
    meta = f"{{{site.prefix}:0}}"

    async def has_begun() -> bool:
        drafted = await raw.hget(f"{meta}:draft:meta", f"offset:{OPENS}")
        return bool(await raw.hexists(f"{meta}:meta", "rebuild")) and int(drafted or 0) > 0

    await eventually(has_begun, timeout_s=60.0, what="the draft is computed")
    first.send(number)
    assert await asyncio.to_thread(first.wait, STOP_S) == code
    assert await raw.hexists(f"{meta}:meta", "rebuild")
    worker = site.start(**SETTINGS)

    async def has_halted() -> bool:
        return any("is being rebuilt" in line["cause"] for line in worker.events("lane.halted"))

    await eventually(has_halted, timeout_s=30.0, what="the lane halts", workers=(worker,))
    assert set(worker.taken) <= (set() if publishing == "exactly-once" else {1})
    done = await rebuilt(site)
    assert [(lane["published"], lane["timeline"]) for lane in done] == [({}, 2)] * 2
    assert heard(await changes(site)) == told
    await site.running(worker)
    assert worker.stop() == 0
    after = await kept(raw, site)
    found = [key for key in differences(before, after) if kind_of(key) not in ("journal", "outbox")]
    fields = {key.rpartition(":meta ")[2] for key in found}
    # Only marks tell which scores these were.
    assert fields - {"outbox"} == (set() if publishing == "exactly-once" else {"lineage"})


async def test_what_kafka_has_removed_is_counted_and_refused(site: Site, raw: Redis) -> None:
    """Nothing is changed until it is told to go on; then leads known by that alone are gone, and taken back."""
    given = traffic()
    await scored(site, given)
    before = await kept(raw, site)
    end = (await site.ends())[TopicPartition(OPENS, 0)]
    for topic in INPUT_NAMES[:4]:
        await delete_before(site.kafka, topic, 0, (await site.ends())[TopicPartition(topic, 0)])
    done = await leadline(site, "rebuild")
    assert done.returncode == 5
    assert f"{OPENS}/0: {end} records are gone from Kafka" in done.stderr
    assert "With --despite-loss it goes on without them" in done.stderr
    assert differences(before, await kept(raw, site)) == []
    told = await changes(site)
    (lane,) = await rebuilt(site, "--partition", "0", "--despite-loss")
    known = {(record.key or b"").decode() for record in told if record.partition == 0}
    assert (lane["records"], lane["leads"], set(lane["taken_back"])) == (0, 0, known)
    came = await news(site, told)
    assert {(record.key or b"").decode() for record in came if record.value is None} == known
    after = await kept(raw, site)
    left = {kind_of(key) for key in after if ":0}" in key}
    assert left == {"meta", "outbox", "journal"}
    assert [found for found in differences(before, after) if ":1}" in found] == []


async def test_an_unfinished_draft_is_dropped(site: Site, raw: Redis) -> None:
    """Only the draft goes; the scores in use are not touched."""
    await scored(site, traffic()[:500])
    before = await kept(raw, site)
    tag = f"{{{site.prefix}:1}}:draft"
    await raw.hset(f"{tag}:meta", mapping={"ver": "3", "layout": "2:murmur2", "environment": "default"})
    await raw.zadd(f"{tag}:board", {"L-1": 1.0})
    await raw.set(f"{tag}:lead:L-1", b"x")
    done = await leadline(site, "rebuild", "--drop", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"dropped": [1]})
    assert differences(before, await kept(raw, site)) == []
