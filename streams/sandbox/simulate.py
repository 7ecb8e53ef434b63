"""Takes the simulated traffic to Kafka: the backlog as fast as Kafka takes it, then life at its own pace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from streams.clock import Clock
from streams.sandbox.marketing import Marketing, SimulatedRecord
from streams.sandbox.ports import Producer

PROGRESS_RECORDS = 1_000
"""Progress of the backlog is told after so many records: often enough for a screen, too seldom to cost time."""

NAP_S = 0.05
"""Live records are awaited for at least this long, so that a high rate sends them some at a time."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Traffic:
    """How much is produced: `events` bounds the records in all, None is until cancelled.

    A rate of 0 ends after the backlog, as does a backlog that has reached the bound.
    """

    backlog_days: int = 30
    rate: float = 20.0
    events: int | None = None


@dataclass(slots=True)
class Sent:
    """How many records have been handed to the producer."""

    backlog: int = 0
    live: int = 0

    @property
    def total(self) -> int:
        """Both together."""
        return self.backlog + self.live


Progress = Callable[[Sent], None]


def no_progress(_: Sent) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Sender:
    """Sends simulated records with one producer, and counts them."""

    producer: Producer
    on_progress: Progress = no_progress
    sent: Sent = field(default_factory=Sent)

    async def load(self, records: Iterator[SimulatedRecord]) -> None:
        """Send the backlog with its historic Kafka timestamps, and wait until Kafka has it."""
        for record in records:
            await self._send(record)
            self.sent.backlog += 1
            if self.sent.backlog % PROGRESS_RECORDS == 0:
                self.on_progress(self.sent)
        await self.producer.flush()
        self.on_progress(self.sent)

    async def follow_life(self, records: Iterator[SimulatedRecord], clock: Clock, sleep: Sleep) -> None:
        """Send each record when its time has come, and one that is overdue at once."""
        for record in records:
            ahead_s = (record.timestamp_ms - clock.now_ms()) / 1000
            if ahead_s > 0:
                await sleep(max(ahead_s, NAP_S))
            await self._send(record)
            self.sent.live += 1
            self.on_progress(self.sent)

    async def _send(self, record: SimulatedRecord) -> None:
        await self.producer.send(record.topic, key=record.key, value=record.value, timestamp_ms=record.timestamp_ms)


async def run(
    producer: Producer,
    marketing: Marketing,
    traffic: Traffic,
    *,
    clock: Clock,
    on_progress: Progress = no_progress,
    sleep: Sleep = asyncio.sleep,
) -> Sent:
    """Produce all of it. When this ends, cancelled or not, Kafka has acknowledged what was sent."""
    sender = Sender(producer, on_progress)
    try:
        await sender.load(backlog(marketing, traffic))
        await sender.follow_life(live(marketing, traffic, sender.sent, clock), clock, sleep)
    finally:
        await producer.flush()
    return sender.sent


def backlog(marketing: Marketing, traffic: Traffic) -> Iterator[SimulatedRecord]:
    """The records of the past that this traffic has."""
    if traffic.backlog_days == 0:
        return iter(())
    return islice(marketing.backlog(traffic.backlog_days), traffic.events)


def live(marketing: Marketing, traffic: Traffic, sent: Sent, clock: Clock) -> Iterator[SimulatedRecord]:
    """The records from now on, as many as the bound leaves."""
    if traffic.rate == 0:
        return iter(())
    records = marketing.live(start_ms=clock.now_ms(), rate=traffic.rate)
    return islice(records, None if traffic.events is None else traffic.events - sent.total)
