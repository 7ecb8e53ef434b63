"""What goes on throughout a run: leads that open, click and sign up, live, from a seed.

What is sent and in which order comes from the seed; when it is sent is the present, so that timers come due while
faults are at work. Some of it is repeated, late, malformed, or sent to a wrong partition: what becomes of those is
to survive the faults too.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import count, islice
from pathlib import Path
from random import Random

from confluent_kafka import Producer

from schemas.instants import format_ms
from streams.clock import Clock
from streams.kafka.placement import partition_of
from tests.support.traffic import Event

MODEL = (Path(__file__).parent / "model.yaml").read_text(encoding="utf-8")

TICK_S = 0.05
"""Between two handfuls of events: a batch of a lane takes less."""

LINGER_MS = 20
"""A handful goes out in a few requests."""

TAKEN_S = 60
"""For Kafka to take an event: longer than any broker is away."""

PER_SECOND = 300
"""Two cores run all servers, workers and the load itself."""

LEADS = 400

REPEATED, LATE, BAD, MISPLACED = 0.02, 0.02, 0.02, 0.02
"""Shares of the load."""

REPEATED_AMONG = 200
"""A repeat is one of so many events before it: within the memory for duplicates."""

TOPICS = ("email.opens", "email.clicks", "webinar.signups", "engagements", "lead.profiles")
SHARES = (0.4, 0.4, 0.08, 0.08, 0.04)
KINDS = ("form.submitted", "email.bounced", "page.viewed")


@dataclass
class Load:
    """Sends events until `stop`, by librdkafka, which copes with brokers that go and come.

    `leads` is how many there are; `sent` counts what was sent. `misplaced` is the share that goes to a wrong
    partition; `topics` are those that get any.
    """

    bootstrap: str
    partitions: int
    clock: Clock
    seed: int
    per_second: int = PER_SECOND
    leads: int = LEADS
    misplaced: float = MISPLACED
    topics: Collection[str] = TOPICS
    sent: int = 0
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """From now on."""
        self._task = asyncio.create_task(self._run(), name="load")

    async def stop(self) -> None:
        """Everything sent is acknowledged. Raises RuntimeError where something never was."""
        self._stopped.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "linger.ms": LINGER_MS,
                "message.timeout.ms": TAKEN_S * 1_000,
                "log_level": 0,  # a broker that is away is what is wanted
            }
        )
        rng = Random(f"load {self.seed}")
        events, place = make_events(rng, self.clock, self.leads), cache(partition_of)
        while not self._stopped.is_set():
            for topic, key, value, timestamp_ms in islice(events, int(self.per_second * TICK_S)):
                partition = (place(key, self.partitions) + (rng.random() < self.misplaced)) % self.partitions
                if topic in self.topics:
                    producer.produce(topic, key=key, value=value, partition=partition, timestamp=timestamp_ms)
                    self.sent += 1
            producer.poll(0)
            await asyncio.sleep(TICK_S)
        if left := await asyncio.to_thread(producer.flush, TAKEN_S):
            raise RuntimeError(f"Kafka did not take {left} events of the load")


def make_events(rng: Random, clock: Clock, leads: int = LEADS) -> Iterator[Event]:
    """Events without end."""
    recent: deque[Event] = deque(maxlen=REPEATED_AMONG)
    for number in count():
        now_ms = clock.now_ms()
        if recent and rng.random() < REPEATED:
            yield rng.choice(recent)._replace(timestamp_ms=now_ms)
        else:
            event = _event(rng, number, now_ms, leads)
            recent.append(event)
            yield event


def _event(rng: Random, number: int, now_ms: int, leads: int) -> Event:
    topic = rng.choices(TOPICS, SHARES)[0]
    lead_id = f"L-{int(leads * rng.random() ** 2)}"
    value: dict[str, object] = {"id": f"e-{number}", "lead_id": lead_id, **_members(rng, topic)}
    if rng.random() >= BAD:
        late_ms = rng.randrange(1_000, 30_000) if rng.random() < LATE else 0
        value["occurred_at"] = format_ms(now_ms - late_ms)
    return Event(topic, lead_id.encode(), json.dumps(value).encode(), now_ms)


def _members(rng: Random, topic: str) -> dict[str, object]:
    match topic:
        case "engagements":
            return {"kind": rng.choice(KINDS)}
        case "lead.profiles":
            return {"name": "Ann", "job_title": rng.choice(("VP Sales", "clerk"))}
        case "webinar.signups":
            return {"webinar_id": f"w-{rng.randrange(50)}"}
        case _:
            url = "https://x.example/pricing" if rng.random() < 0.3 else "https://x.example"
            return {"message_id": f"m-{rng.randrange(50)}", "url": url}
