"""The events of the benchmark: what a month of e-mail and webinars looks like, from a seed.

70 % opens, 25 % clicks, 5 % webinar signups, about 250 bytes of JSON each. Leads are drawn by Zipf's law with
exponent 0.8: a few do much, most do little. 2 % come late, 1 % are sent twice. The Kafka timestamps are those of
the month, ascending and evenly spaced, so that a worker scores the month as it went.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, count, islice
from typing import NamedTuple

from schemas.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, format_ms
from schemas.topics import INPUT_NAMES
from streams.kafka.placement import partition_of

OPENS, CLICKS, SIGNUPS = INPUT_NAMES[:3]
TOPICS = (OPENS, CLICKS, SIGNUPS)
SHARES = (0.70, 0.25, 0.05)

ZIPF = 0.8
LATE_SHARE = 0.02
LATE_MS = (MINUTE_MS, 48 * HOUR_MS)
"""A late event was on its way for a minute to two days: a phone without a network, a batch of last night."""

DELAY_MAX_MS = 5 * SECOND_MS
"""The way of any other event into Kafka."""

REPEATED_SHARE = 0.01
REPEATED_AMONG = 5_000
"""A repeat is one of so many events before it: of a million in 30 days, the last four hours."""

CAMPAIGN_MS = 6 * HOUR_MS
CAMPAIGNS_READ = 8
"""Four campaigns a day; people open those of the last two days."""

WEBINAR_MS = 3 * DAY_MS
PRICING_SHARE = 0.12
DRAWN_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Workload:
    """Which events. They end at `end_ms`, and begin `days` before. `only`: all leads are of this partition."""

    end_ms: int
    events: int = 1_000_000
    leads: int = 50_000
    partitions: int = 6
    days: float = 30
    seed: int = 7
    only: int | None = None

    @property
    def start_ms(self) -> int:
        """The first Kafka timestamp."""
        return self.end_ms - round(self.days * DAY_MS)


class Event(NamedTuple):
    """A record on its way to Kafka."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    timestamp_ms: int


class Person(NamedTuple):
    """A lead as the generator knows it."""

    lead_id: str
    key: bytes
    partition: int


def events(workload: Workload) -> Iterator[Event]:
    """All events of a workload, in the order of their Kafka timestamps."""
    rng = random.Random(workload.seed)
    people = People(workload)
    recent: deque[Event] = deque(maxlen=REPEATED_AMONG)
    span_ms = workload.end_ms - workload.start_ms
    for number, (lead, topic) in enumerate(_drawn(workload, rng)):
        timestamp_ms = workload.start_ms + number * span_ms // workload.events
        if recent and rng.random() < REPEATED_SHARE:
            event = rng.choice(recent)._replace(timestamp_ms=timestamp_ms)
        else:
            person = people[lead]
            value = _value(topic, number, person.lead_id, _occurred_ms(timestamp_ms, rng), rng)
            event = Event(topic, person.partition, person.key, value.encode(), timestamp_ms)
        recent.append(event)
        yield event


def lead_id(number: int) -> str:
    """The id of a lead by its number, from 0; number 0 does most."""
    return f"lead-{number:08d}"


class People:
    """The leads by rank, 0 does most. A lead's partition is worked out once: murmur2 is slow."""

    def __init__(self, workload: Workload) -> None:
        self._partitions = workload.partitions
        self._known: dict[int, Person] = {}
        self._chosen: Sequence[int] = range(workload.leads)
        if workload.only is not None:
            all_of_it = (
                n for n in count() if partition_of(lead_id(n).encode(), workload.partitions) == workload.only
            )
            self._chosen = list(islice(all_of_it, workload.leads))

    def __getitem__(self, rank: int) -> Person:
        person = self._known.get(rank)
        if person is None:
            name = lead_id(self._chosen[rank])
            person = self._known[rank] = Person(name, name.encode(), partition_of(name.encode(), self._partitions))
        return person


def _drawn(workload: Workload, rng: random.Random) -> Iterator[tuple[int, str]]:
    """(lead, topic) of every event."""
    leads = range(workload.leads)
    weights = list(accumulate((lead + 1) ** -ZIPF for lead in leads))
    for first in range(0, workload.events, DRAWN_AT_ONCE):
        drawn = min(DRAWN_AT_ONCE, workload.events - first)
        yield from zip(
            rng.choices(leads, cum_weights=weights, k=drawn), rng.choices(TOPICS, SHARES, k=drawn), strict=True
        )


def _occurred_ms(timestamp_ms: int, rng: random.Random) -> int:
    if rng.random() < LATE_SHARE:
        return timestamp_ms - rng.randrange(*LATE_MS)
    return timestamp_ms - int(rng.random() * DELAY_MAX_MS)


def _value(topic: str, number: int, lead: str, occurred_ms: int, rng: random.Random) -> str:
    """The event as its sender would write it, with attributes that the packaged model looks at and others."""
    occurred_at = format_ms(occurred_ms)
    head = f'{{"id":"e-{number:010d}","lead_id":"{lead}","occurred_at":"{occurred_at}","account":"example-emea",'
    if topic == SIGNUPS:
        webinar = occurred_ms // WEBINAR_MS
        return (
            f'{head}"webinar_id":"webinar-{webinar}","title":"Scoring in practice, part {webinar % 12}",'
            '"source":"newsletter","form":"https://events.example.com/signup","consent":true}'
        )
    campaign = occurred_ms // CAMPAIGN_MS - int(rng.random() ** 2 * CAMPAIGNS_READ)
    sent = f'"message_id":"message-{campaign}","campaign":"autumn-{campaign % 40:02d}",'
    if topic == OPENS:
        return f'{head}{sent}"client":"Mail/16.0 (Macintosh; OS X 14.5)","device":"desktop","country":"DE"}}'
    page = "pricing/teams" if rng.random() < PRICING_SHARE else "articles/scoring"
    return f'{head}{sent}"url":"https://www.example.com/{page}?utm_source=newsletter&utm_medium=email"}}'
