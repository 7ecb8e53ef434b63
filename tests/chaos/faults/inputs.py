"""What comes in, or does not: foreign partitioners, idle topics, herds of timers, a lead with a million events."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator

from confluent_kafka import Producer

from schemas.instants import SECOND_MS, format_ms
from schemas.rejected import Reason
from schemas.topics import CHANGES, REJECTED, REKEYED
from streams.kafka.placement import partition_of
from streams.lane.caution import DEATHS_MAX
from tests.chaos.faults.fault import Evidence, Fault
from tests.chaos.load import TOPICS
from tests.chaos.stage import Stage
from tests.support.deadly import UNREADABLE
from tests.support.traffic import Event

MISPLACED = 0.9
"""The default partitioner of the librdkafka family misplaces 83 to 96 % of keys."""

REKEYED_LEAST = 500

FALLS = 30
"""Changes by time alone, while nothing comes in."""

HERD = 100_000
SECOND = len("2026-11-23T09:31:00")
"""Of an instant, what names its second."""

EVENTS = 1_000_000

SENT_S = 120
"""For a million events into a broker that shares two cores."""

QUEUE_RECORDS = 2_000_000


class ForeignPartitioner(Fault):
    """A sender places most records by another hash, for a while."""

    name = "foreign-partitioner"

    async def inject(self, stage: Stage) -> None:
        """Until enough were re-keyed."""
        self.stage, stage.load.misplaced = stage, MISPLACED
        await stage.until(self._are_rekeyed, "records are re-keyed", timeout_s=60)

    async def heal(self, stage: Stage) -> None:
        """The sender is put right."""
        stage.load.misplaced = 0.0
        await stage.mark("back after a foreign partitioner")

    def evidence(self, stage: Stage) -> Evidence:
        """Kafka's word."""
        return {"records re-keyed": self.rekeyed}

    async def _are_rekeyed(self) -> bool:
        ends = await self.stage.site.ends()
        # Each transaction adds a marker of its own.
        self.rekeyed = sum(end for place, end in ends.items() if place.topic == REKEYED.name) // 2
        return self.rekeyed > REKEYED_LEAST


class TopicsIdle(Fault):
    """First one topic alone has records, then none has: what is there is scored, and time goes on."""

    name = "topics-idle"

    async def inject(self, stage: Stage) -> None:
        """Opens only, then nothing; leads fall all the same."""
        self.stage, stage.load.topics = stage, ("email.opens",)
        await stage.mark("at work with one topic")
        await stage.recovered()
        stage.load.topics = ()
        self.sent, self.before = stage.load.sent, self._falls()
        await stage.until(self._have_fallen, "leads fall though nothing comes", timeout_s=60)

    async def heal(self, stage: Stage) -> None:
        """All topics again."""
        self.fell = self._falls() - self.before
        self.is_silent = stage.load.sent == self.sent
        stage.load.topics = TOPICS
        await stage.mark("back after silence")

    def evidence(self, stage: Stage) -> Evidence:
        """The reader's word."""
        return {"falls in silence": self.fell, "was silent": self.is_silent}

    def _falls(self) -> int:
        return sum(b'"cause":"time"' in (record.value or b"") for record in self.stage.reader.records.values())

    async def _have_fallen(self) -> bool:
        return self._falls() - self.before >= FALLS


class TimerHerd(Fault):
    """100,000 leads fall in the same second, and a worker dies amid it."""

    name = "timer-herd"
    limit_s = 1_800.0

    async def inject(self, stage: Stage) -> None:
        """One signup of each at one instant; when the first have fallen, kill."""
        self.stage, self.looked_at, self.falls = stage, 0, Counter[str]()
        at_ms = stage.clock.now_ms() // SECOND_MS * SECOND_MS
        await asyncio.to_thread(send, stage, signups(at_ms))
        await stage.until(self._is_amid, "the herd falls", timeout_s=300)
        victim = stage.crew.alive[0]
        await stage.mark("take-over amid a herd", victim.lanes, by_another=True)
        await victim.kill()
        self.before = self._fallen()

    async def heal(self, stage: Stage) -> None:
        """The other goes on; all fall."""
        await stage.until(self._have_all_fallen, "all of the herd has fallen", timeout_s=600)

    def evidence(self, stage: Stage) -> Evidence:
        """The reader's word."""
        return {
            "falls in one second": max(self.falls.values()),
            "of them before the kill": self.before,
            "after": HERD - self.before,
        }

    def _fallen(self) -> int:
        """How many of the herd have fallen; only what has come since the last look is looked at."""
        new = self.stage.reader.seen[self.looked_at :]
        self.looked_at += len(new)
        for record in new:
            if record.topic == CHANGES.name and (record.key or b"").startswith(b"H-") and b'"down"' in record.value:
                self.falls[json.loads(record.value)["occurred_at"][:SECOND]] += 1
        return self.falls.total()

    async def _is_amid(self) -> bool:
        return self._fallen() > HERD // 10

    async def _have_all_fallen(self) -> bool:
        return self._fallen() >= HERD


class OneLead(Fault):
    """One lead with 1,000,000 events, among all the others."""

    name = "one-lead"
    limit_s = 2_400.0

    async def inject(self, stage: Stage) -> None:
        """All at once."""
        self.stage = stage
        self.before = sum((await stage.site.ends()).values())
        await asyncio.to_thread(send, stage, clicks(stage.clock.now_ms()))

    async def heal(self, stage: Stage) -> None:
        """They are applied."""
        self.sent = sum((await stage.site.ends()).values()) - self.before
        await stage.until(self._is_applied, "a million events are applied", timeout_s=900)

    def evidence(self, stage: Stage) -> Evidence:
        """Kafka's word."""
        return {"events of one lead": self.sent // EVENTS * EVENTS}

    async def _is_applied(self) -> bool:
        lanes = await self.stage.lanes.look()
        return sum(sum(lane.offsets.values()) for lane in lanes) > self.before + EVENTS


class KillerRecord(Fault):
    """A record that kills whoever reads it, under load, with a second worker to take over and be killed too."""

    name = "killer-record"

    async def inject(self, stage: Stage) -> None:
        """Two workers that it kills take the places of the others; then it comes."""
        self.stage, stage.crew.deadly = stage, True
        before = stage.crew.alive
        await stage.crew.started(2)
        for hand in before:
            await hand.stop()
        await asyncio.to_thread(send, stage, iter([killer(stage.clock.now_ms())]))
        await stage.mark("back after a killer record")
        await stage.until(self._is_refused, "it is refused", timeout_s=180)

    async def heal(self, stage: Stage) -> None:
        """It is over by itself."""
        if (deaths := self._deaths()) > DEATHS_MAX:
            stage.complaints.append(f"a record has killed {deaths} workers, more than {DEATHS_MAX}")

    def evidence(self, stage: Stage) -> Evidence:
        """The kernel's word, and the reader's."""
        return {"killed by signal 9": self._deaths(), "refused as poison": self._poisoned()}

    def _deaths(self) -> int:
        return sum(hand.worker.exit_code == -9 for hand in self.stage.crew.hands)

    def _poisoned(self) -> int:
        """Nothing else is to be refused so."""
        told = [json.loads(record.value) for record in self.stage.reader.seen if record.topic == REJECTED.name]
        return sum(one["reason"] == Reason.POISON for one in told)

    async def _is_refused(self) -> bool:
        return self._poisoned() > 0


def killer(at_ms: int) -> Event:
    """What it is: it would be refused all the same, so that the checker's fold has no part in it."""
    return Event("email.opens", b"L-1", b'{"id": "k", "lead_id": "L-1", "note": "%s"}' % UNREADABLE, at_ms)


def signups(at_ms: int) -> Iterator[Event]:
    """One of each lead of the herd, all of one instant."""
    for number in range(HERD):
        lead_id = f"H-{number}"
        value = {"id": f"h-{number}", "lead_id": lead_id, "occurred_at": format_ms(at_ms), "webinar_id": "w-h"}
        yield Event("webinar.signups", lead_id.encode(), json.dumps(value).encode(), at_ms)


def clicks(at_ms: int) -> Iterator[Event]:
    """A million of one lead, a tenth of a millisecond apart."""
    for number in range(EVENTS):
        now_ms = at_ms + number // 10_000
        value = {
            "id": f"m-{number}",
            "lead_id": "L-one",
            "occurred_at": format_ms(now_ms),
            "message_id": f"m-{number}",
        }
        yield Event("email.opens", b"L-one", json.dumps(value).encode(), now_ms)


def send(stage: Stage, events: Iterator[Event]) -> None:
    """All of them, beside the load. Raises RuntimeError if Kafka does not take them."""
    producer = Producer(
        {
            "bootstrap.servers": stage.site.kafka,
            "enable.idempotence": True,
            "queue.buffering.max.messages": QUEUE_RECORDS,
            "linger.ms": 50,
            "log_level": 0,
        }
    )
    partitions = stage.site.partitions
    for topic, key, value, timestamp_ms in events:
        producer.produce(
            topic, key=key, value=value, partition=partition_of(key, partitions), timestamp=timestamp_ms
        )
        producer.poll(0)
    if left := producer.flush(SENT_S):
        raise RuntimeError(f"Kafka did not take {left} events")
