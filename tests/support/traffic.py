"""Bounded traffic from a seed: what leads do in a month, as records on their way to Kafka.

    traffic = Traffic(end_ms=now_ms - HOUR_MS, events=200_000, leads=10_000)
    await produce(site, events(traffic))

1 % of the events are sent twice, 2 % come late. Kafka timestamps ascend evenly to `end_ms`.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import NamedTuple

import yaml
from confluent_kafka import Producer

from schemas.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, format_ms
from schemas.topics import COMMANDS
from scoring.document import default_text
from streams.kafka.placement import partition_of
from streams.kafka.producer import RecordProducer, send_everywhere
from tests.support.workers import Site

REPEATED = 0.01
LATE = 0.02
"""Shares of the traffic, as the product's promise is tested with."""

REPEATED_AMONG = 2_000
"""A repeat is one of so many events before it: well within the memory for duplicates."""

LINGER_MS = 50
"""Full batches: thirty times as fast as one request a record."""

TOPICS = ("email.opens", "email.clicks", "webinar.signups", "engagements")
SHARES = (0.68, 0.25, 0.05, 0.02)
FURTHER_KINDS = ("email.unsubscribed", "email.bounced", "page.viewed", "form.submitted")


class Event(NamedTuple):
    """A record without a place."""

    topic: str
    key: bytes
    value: bytes
    timestamp_ms: int


@dataclass
class Traffic:
    """How much of what. `repeated` and `late` count what `events` has made."""

    end_ms: int
    events: int
    leads: int
    days: int = 30
    seed: int = 1
    repeated: int = 0
    late: int = 0
    recent: deque[Event] = field(default_factory=lambda: deque(maxlen=REPEATED_AMONG))


def events(traffic: Traffic) -> Iterator[Event]:
    """All events of the traffic, in the order of their Kafka timestamps. A few leads do most."""
    rng = Random(traffic.seed)
    start_ms = traffic.end_ms - traffic.days * DAY_MS
    topics = iter(rng.choices(TOPICS, SHARES, k=traffic.events))
    for number in range(traffic.events):
        timestamp_ms = start_ms + (traffic.end_ms - start_ms) * number // traffic.events
        if traffic.recent and rng.random() < REPEATED:
            traffic.repeated += 1
            yield rng.choice(traffic.recent)._replace(timestamp_ms=timestamp_ms)
            continue
        event = _event(traffic, rng, next(topics), number, timestamp_ms)
        traffic.recent.append(event)
        yield event


def _event(traffic: Traffic, rng: Random, topic: str, number: int, timestamp_ms: int) -> Event:
    lead_id = f"L-{int(traffic.leads * rng.random() ** 2)}"
    occurred_ms = timestamp_ms - int(rng.random() * 5 * SECOND_MS)
    if rng.random() < LATE:
        traffic.late += 1
        occurred_ms = timestamp_ms - rng.randrange(MINUTE_MS, 48 * HOUR_MS)
    value: dict[str, object] = {
        "id": f"e-{number}",
        "lead_id": lead_id,
        "occurred_at": format_ms(occurred_ms),
        "message_id": f"m-{occurred_ms // (6 * HOUR_MS)}",
        "url": "https://x.example/pricing" if rng.random() < 0.2 else "https://x.example",
        "webinar_id": f"w-{occurred_ms // (3 * DAY_MS)}",
    }
    if topic == "engagements":
        value["kind"] = rng.choice(FURTHER_KINDS)
    if rng.random() < 0.005:
        value["machine"] = True
    return Event(topic, lead_id.encode(), json.dumps(value).encode(), timestamp_ms)


async def produce(site: Site, given: Iterable[Event]) -> int:
    """Each event to the partition of its key. Returns how many."""
    place = cache(partition_of)
    count = 0
    async with RecordProducer(site.kafka, linger_ms=LINGER_MS) as producer:
        for topic, key, value, timestamp_ms in given:
            partition = place(key, site.partitions)
            await producer.send(topic, key=key, value=value, partition=partition, timestamp_ms=timestamp_ms)
            count += 1
        await producer.flush()
    return count


async def produce_misplaced(site: Site, given: Iterable[Event]) -> int:
    """Each event to where librdkafka's default partitioner puts it: mostly a wrong partition."""
    return await asyncio.to_thread(_produce_misplaced, site, list(given))


def _produce_misplaced(site: Site, given: list[Event]) -> int:
    producer = Producer({"bootstrap.servers": site.kafka, "linger.ms": LINGER_MS})
    for topic, key, value, timestamp_ms in given:
        producer.produce(topic, value=value, key=key, timestamp=timestamp_ms)
        producer.poll(0)
    left = producer.flush(30)
    assert left == 0, f"{left} records were not acknowledged"
    return len(given)


def model_command(body: str, version: str, at_ms: int) -> bytes:
    """The value of the command that puts a model in force."""
    value = {
        "id": f"c-{version}",
        "occurred_at": format_ms(at_ms),
        "command": "model",
        "version": version,
        "body": body,
    }
    return json.dumps(value).encode()


async def activate(site: Site, body: str, version: str, at_ms: int) -> None:
    """Put a model in force in every lane, by a command of this instant."""
    value = model_command(body, version, at_ms)
    await send_everywhere(site.kafka, COMMANDS.name, value, site.partitions, at_ms)


def model_without_limits() -> str:
    """The packaged default model without the limits of its rules: scores do not depend on the order."""
    document = yaml.safe_load(default_text())
    for rule in document["rules"]:
        rule.pop("limit", None)
    return str(yaml.safe_dump(document | {"version": "without-limits"}, sort_keys=False))
