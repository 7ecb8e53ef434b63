"""Bad input, record by record: one entry in `lead.events.rejected` each, the lane goes on, nothing else changes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import xxhash

from schemas.instants import HOUR_MS, SECOND_MS, format_ms
from schemas.topics import REJECTED, REKEYED
from scoring.state import decode_lead
from streams.clock import SystemClock
from streams.kafka.placement import partition_of
from streams.kafka.producer import RecordProducer
from tests.conftest import FreshTopics
from tests.support.generate import BROKEN
from tests.support.journal import UNSCORED, Run, read_run
from tests.support.workers import Place, Site

PARTITIONS = 3
OPENS, ANY, COMMANDS = "email.opens", "engagements", "lead.commands"

OWN = b"the lead's"
"""As a key: the id of the lead that the record is about."""

pytestmark = pytest.mark.timeout(90)


class Bad(NamedTuple):
    """A record that is refused, and what is told of it. A key of OWN is replaced by the lead's id."""

    topic: str
    value: bytes | None
    reason: str
    field: str = ""
    key: bytes | None = OWN


def value(lead_id: str, at_ms: int, **members: object) -> dict[str, Any]:
    """A good signal of `engagements`, but for the members given."""
    known = {"id": f"e-{at_ms}", "lead_id": lead_id, "kind": "page.viewed", "occurred_at": format_ms(at_ms)}
    return known | members


def bad_records(lead_id: str, at_ms: int) -> Iterator[Bad]:
    """All of them, each about this lead and of this instant."""
    good = json.dumps(value(lead_id, at_ms)).encode()
    for broken in BROKEN.values():
        spoiled = json.dumps(broken.spoil(value(lead_id, at_ms), at_ms)).encode()
        yield Bad(ANY, spoiled, broken.reason, broken.field)
    for text in (b"", b"nonsense", good[:-1], b'{"id": "\xff"}', good + good):
        yield Bad(OPENS, text, "not_json")
    for number in (b"NaN", b"Infinity", b"1e400"):
        yield Bad(OPENS, good[:-1] + b', "minutes": ' + number + b"}", "not_json")
    yield Bad(OPENS, b"null", "not_object")
    yield Bad(OPENS, good[:-1] + b', "deep": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "too_deep")
    yield Bad(OPENS, b"[" * 10_000, "too_deep")
    yield Bad(OPENS, good[:-1] + b', "long": "' + b"x" * 5_000_000 + b'"}', "too_large")
    yield Bad(OPENS, None, "no_value")
    yield Bad(OPENS, good, "key_missing", key=b"")
    yield Bad(OPENS, good, "key_missing", key=None)
    yield Bad(OPENS, good, "key_mismatch", "lead_id", key=b"somebody else")
    yield Bad(REKEYED.name, good, "bad_origin")
    yield from bad_commands(at_ms)


def bad_commands(at_ms: int) -> Iterator[Bad]:
    """The same of commands; they need no key."""
    command: dict[str, object] = {"id": "c", "occurred_at": format_ms(at_ms), "command": "model", "version": "v"}
    for members, reason, path in (
        (command | {"command": "explode"}, "unknown_command", "command"),
        (command | {"command": 7}, "wrong_type", "command"),
        (command | {"command": None}, "missing", "command"),
        (command, "missing", "body"),
        (command | {"body": 7}, "wrong_type", "body"),
        (command | {"body": "rules: []", "version": ""}, "empty", "version"),
        (command | {"body": "rules: []", "occurred_at": "2026-03-02T12:00:00"}, "no_zone", "occurred_at"),
        (command | {"body": "rules: nonsense"}, "bad_model", "body"),
        (command | {"body": "- no\n- mapping"}, "bad_model", "body"),
        (command | {"body": "rules: [\x00"}, "bad_model", "body"),
    ):
        yield Bad(COMMANDS, json.dumps(members).encode(), reason, path, key=None)
    yield Bad(COMMANDS, None, "no_value", key=b"any")
    yield Bad(COMMANDS, b"{", "not_json", key=None)


@dataclass
class Sender:
    """Sends records, all of one Kafka timestamp, and knows where each one went."""

    producer: RecordProducer
    at_ms: int
    sent: Counter[tuple[str, int]] = field(default_factory=Counter)

    async def send(self, topic: str, partition: int, key: bytes | None, content: bytes | None) -> Place:
        """One record; its place."""
        await self.producer.send(topic, key=key, value=content, partition=partition, timestamp_ms=self.at_ms)
        self.sent[topic, partition] += 1
        return topic, partition, self.sent[topic, partition] - 1


def lead_of(partition: int, numbers: Iterator[int]) -> str:
    """The next lead whose key belongs to the partition."""
    ids = (f"L-{number}" for number in numbers)
    return next(lead_id for lead_id in ids if partition_of(lead_id.encode(), PARTITIONS) == partition)


async def send_all(producer: RecordProducer, at_ms: int) -> tuple[dict[Place, Bad], set[str]]:
    """Every bad record, in turn to each partition, and a good one after it: the bad ones, the good ones' leads."""
    sender, numbers = Sender(producer, at_ms), count()
    bad: dict[Place, Bad] = {}
    leads: set[str] = set()
    spoiled = [lead_of(partition, numbers) for partition in range(PARTITIONS)]
    tables = [list(bad_records(lead_id, at_ms)) for lead_id in spoiled]
    for number in range(len(tables[0])):
        partition = number % PARTITIONS
        record, after = tables[partition][number], lead_of(partition, numbers)
        key = spoiled[partition].encode() if record.key is OWN else record.key
        bad[await sender.send(record.topic, partition, key, record.value)] = record
        good = json.dumps(value(after, at_ms)).encode()
        await sender.send(OPENS, partition, after.encode(), good)
        leads.add(after)
    await producer.flush()
    return bad, leads


async def rejections(site: Site) -> dict[Place, list[dict[str, Any]]]:
    """The entries of `lead.events.rejected` by the record that they are about; `seq` has no gap."""
    records, _ = await site.records(REJECTED.name)
    told: dict[Place, list[dict[str, Any]]] = {}
    last: Counter[int] = Counter()
    for (_, partition, _), record in records.items():
        entry = json.loads(record.value)
        last[partition] += 1
        assert dict(record.headers)["seq"] == b"%d" % last[partition]
        assert dict(record.headers)["reason"] == entry["reason"].encode()
        told.setdefault((entry["topic"], entry["partition"], entry["offset"]), []).append(entry)
    return told


async def test_each_bad_record_is_told_once_and_the_lane_goes_on(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """Every fault gets its one entry with reason and field; the record after it is scored; no other lead is."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    async with RecordProducer(site.kafka) as producer:
        bad, leads = await send_all(producer, SystemClock().now_ms() - HOUR_MS)
    worker = site.start()
    await site.caught_up(worker)
    assert worker.stop() == 0
    told = await rejections(site)
    summary = {place: [(entry["reason"], entry["field"]) for entry in entries] for place, entries in told.items()}
    assert summary == {place: [(record.reason, record.field)] for place, record in bad.items()}
    for place, (entry,) in told.items():
        content = bad[place].value
        assert entry["hash"] == (xxhash.xxh3_64_hexdigest(content) if content else "")
        assert (entry["size_bytes"], entry["payload"]) == (len(content or b""), None)
    run = await read_run(site)
    expect_only(run, leads)
    aside = [place for place, record in bad.items() if record.reason in UNSCORED]
    for lane in run.lanes:
        assert run.uncovered(lane, set_aside=aside) == []
        assert run.differences(lane) == []


def expect_only(run: Run, leads: set[str]) -> None:
    """These leads are scored, by one signal each, and nothing was published or put in force."""
    states = {lead_id: decode_lead(state) for lane in run.lanes for lead_id, state in lane.states.items()}
    assert states.keys() == leads
    assert {len(state.arrivals) for state in states.values()} == {1}
    assert [lane.changes for lane in run.lanes] == [[]] * PARTITIONS
    assert {lane.meta["model_version"] for lane in run.lanes} == {"default-1"}


async def test_a_misplaced_record_is_rekeyed_and_scored_once(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """A good record in a wrong partition is scored in the right one, once, and no entry is written about it.

    Its copy sent again by hand, as after a crash, is not scored again; a copy in a wrong partition is refused.
    """
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    at_ms = SystemClock().now_ms() - 60 * SECOND_MS
    lead_id = lead_of(1, count())
    key, content = lead_id.encode(), json.dumps(value(lead_id, at_ms)).encode()
    worker = site.start()
    async with RecordProducer(site.kafka) as producer:
        await producer.send(ANY, key=key, value=content, partition=0, timestamp_ms=at_ms)
        await producer.flush()
        await site.caught_up(worker)
        for partition in (1, 2):
            headers = [("leadline-origin", b"engagements/0/0")]
            await producer.send(REKEYED.name, key=key, value=content, partition=partition, headers=headers)
        await producer.flush()
    await site.caught_up(worker)
    assert worker.stop() == 0
    ((place, (entry,)),) = (await rejections(site)).items()
    assert (place, entry["reason"]) == ((REKEYED.name, 2, 0), "bad_origin")
    run = await read_run(site)
    assert [list(lane.states) for lane in run.lanes] == [[], [lead_id], []]
    assert len(decode_lead(run.lanes[1].states[lead_id]).arrivals) == 1
    repeat = max(place for place in run.records if place[:2] == (REKEYED.name, 1))
    aside = [(ANY, 0, 0), repeat, (REKEYED.name, 2, 0)]
    assert [run.uncovered(lane, set_aside=aside) for lane in run.lanes] == [[], [], []]
    assert run.lanes[1].meta["origin:engagements:0"] == "0"
