"""`Marketing`: the two streams of records that the simulation gives, what has been and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from random import Random

from streams.sandbox.marketing import campaigns, reactions
from streams.sandbox.marketing.decisions import decisions
from streams.sandbox.marketing.introductions import introductions
from streams.sandbox.marketing.live import Live
from streams.sandbox.marketing.personas import DAY_MS, people
from streams.sandbox.marketing.wire import Act, SimulatedRecord, Wire

HISTORY_DAYS = 30
"""How far back people's projects and farewells lie: the month before the present."""


class Marketing:
    """A company's marketing as its leads answer it. The same arguments give the same records."""

    def __init__(self, *, seed: int, leads: int, now_ms: int) -> None:
        self._seed = seed
        self._now_ms = now_ms
        self._people = people(self._random("people"), leads, now_ms - HISTORY_DAYS * DAY_MS, now_ms)

    @property
    def leads(self) -> int:
        """How many people there are."""
        return len(self._people)

    def backlog(self, days: int = HISTORY_DAYS) -> Iterator[SimulatedRecord]:
        """The records of the last `days`, in the order of their Kafka timestamps, none after the present."""
        random = self._random("backlog")
        wire = Wire(random, f"b{self._now_ms:x}")
        acts = chain(self._past(random, days), self._told(days))
        records = [record for record in wire.backlog(acts) if record.timestamp_ms <= self._now_ms]
        records.sort(key=lambda record: record.timestamp_ms)
        return iter(records)

    def live(self, *, start_ms: int, rate: float) -> Iterator[SimulatedRecord]:
        """What happens from `start_ms` on, `rate` records a second in the mean, without an end."""
        random = self._random("live")
        present = [person for person in self._people if person.leaves_ms > self._now_ms]
        live = Live(random, present, start_ms)
        return live.records(Wire(random, f"l{start_ms:x}"), rate)

    def _past(self, random: Random, days: int) -> Iterator[Act]:
        from_ms = self._now_ms - days * DAY_MS
        gone: set[str] = set()
        for message in campaigns.plan(from_ms, self._now_ms):
            for person in self._people:
                if message.sent_ms < person.leaves_ms:
                    yield from reactions.to_message(random, message, person)
                elif person.lead_id not in gone and person.leaves_ms >= from_ms:
                    gone.add(person.lead_id)
                    yield reactions.farewell(person, message)
        yield from reactions.browsing(random, self._people, from_ms, self._now_ms)

    def _told(self, days: int) -> Iterator[Act]:
        """What became known of people, and what sales decided."""
        from_ms = self._now_ms - days * DAY_MS
        yield from introductions(self._random("introductions"), self._people, from_ms, self._now_ms)
        yield from decisions(self._random("decisions"), self._people, from_ms, self._now_ms)

    def _random(self, stream: str) -> Random:
        """One source of chance for each stream, so that none depends on how far another was read."""
        return Random(f"{self._seed}/{stream}")
