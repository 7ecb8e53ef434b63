"""CloudEvents through a worker: they count as bare values do, and changes go out as events that others read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiokafka import ConsumerRecord
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from schemas.instants import MINUTE_MS, SECOND_MS, format_ms
from schemas.topics import CHANGES, REJECTED
from streams.clock import SystemClock
from streams.kafka.placement import partition_of
from streams.kafka.producer import RecordProducer
from tests.conftest import FreshTopics
from tests.support.workers import Site

PARTITIONS = 3
SIGNALS: Sequence[tuple[str, str, dict[str, Any]]] = (
    ("webinar.signups", "webinar.signed_up", {"webinar_id": "w-1"}),
    ("engagements", "webinar.attended", {"minutes": 42}),
    ("engagements", "form.submitted", {"form": "demo"}),
    ("email.clicks", "email.clicked", {"url": "https://x.example/pricing"}),
)
"""Together they bring a lead over every line of the packaged model."""

pytestmark = pytest.mark.timeout(90)


class Sent(NamedTuple):
    """A record as it is sent."""

    topic: str
    at_ms: int
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


def bare(lead_id: str, at_ms: int) -> Iterator[Sent]:
    """What the lead does, as values that say everything themselves."""
    for number, (topic, kind, attributes) in enumerate(SIGNALS):
        occurred_ms = at_ms + number * SECOND_MS
        members = {"id": f"e-{number}", "lead_id": lead_id, "kind": kind, "occurred_at": format_ms(occurred_ms)}
        yield Sent(topic, occurred_ms, json.dumps(members | attributes).encode())


def enveloped(lead_id: str, at_ms: int) -> Iterator[Sent]:
    """The same as CloudEvents, by turns in both modes: the data say nothing but the attributes."""
    for number, (topic, kind, attributes) in enumerate(SIGNALS):
        occurred_ms = at_ms + number * SECOND_MS
        context = {"id": f"e-{number}", "type": kind, "source": "/website", "subject": lead_id}
        event = CloudEvent(context | {"time": datetime.fromisoformat(format_ms(occurred_ms))}, dict(attributes))
        message = (to_binary_event if number % 2 == 0 else to_structured_event)(event)
        yield Sent(topic, occurred_ms, message.value, tuple(message.headers.items()))


def lead_of(partition: int) -> str:
    """A lead whose key belongs to the partition."""
    ids = (f"L-{number}" for number in range(100))
    return next(lead_id for lead_id in ids if partition_of(lead_id.encode(), PARTITIONS) == partition)


def told(record: ConsumerRecord) -> dict[str, Any]:
    """A change, without what differs between two leads that did the same."""
    own = ("change_id", "lead_id", "seq", "timeline")
    return {name: value for name, value in json.loads(record.value).items() if name not in own}


async def test_events_count_as_bare_values_and_changes_are_events(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """Two leads do the same, one told in envelopes, the first of them in a wrong partition; one envelope is bad."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    at_ms = SystemClock().now_ms() - 30 * MINUTE_MS
    plain, other = lead_of(1), lead_of(2)
    worker = site.start(grace_s=3_600)
    async with RecordProducer(site.kafka) as producer:

        async def send(record: Sent, lead_id: str, partition: int) -> None:
            await producer.send(
                record.topic,
                key=lead_id.encode(),
                value=record.value,
                partition=partition,
                timestamp_ms=record.at_ms,
                headers=record.headers,
            )

        misplaced, *placed = enveloped(other, at_ms)
        await send(misplaced, other, 0)
        await producer.flush()
        await site.caught_up(worker)
        for record in bare(plain, at_ms):
            await send(record, plain, 1)
        for record in placed:
            await send(record, other, 2)
        await send(placed[0]._replace(headers=(("ce_specversion", b"1.0"), ("ce_id", b"1"))), other, 2)
        await producer.flush()
    await site.caught_up(worker)
    assert worker.stop() == 0
    changes = list((await site.records(CHANGES.name))[0].values())
    mine, theirs = ([told(r) for r in changes if r.key == lead_id.encode()] for lead_id in (plain, other))
    assert mine == theirs
    assert {change["to"] for change in mine if change["kind"] == "band"} == {"warm", "hot"}
    ((place, refused),) = (await site.records(REJECTED.name))[0].items()
    assert place[1] == 2
    assert [json.loads(refused.value)[name] for name in ("reason", "field")] == ["missing", "ce_source"]
    for record in changes:
        expect_event(record)


def expect_event(record: ConsumerRecord) -> None:
    """What the SDK of CloudEvents reads of a change is the change, and its attributes say what it is about."""
    change = json.loads(record.value)
    event = from_binary_event(KafkaMessage(dict(record.headers), record.key, record.value))
    assert event.get_data() == change
    assert event.get_specversion() == "1.0"
    assert (event.get_id(), event.get_subject()) == (change["change_id"], change["lead_id"])
    assert (event.get_source(), event.get_type()) == ("/leadline", f"leadline.lead.{change['kind']}")
    assert event.get_time() == datetime.fromisoformat(change["occurred_at"])
    assert event.get_datacontenttype() == "application/json"
