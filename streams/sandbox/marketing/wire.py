"""How an act becomes Kafka records: an id, JSON, a delay; and what goes wrong on the way.

Real upstream systems send twice, send late, and now and then send rubbish. Each flaw here is one that the
worker has an answer for: duplicates are ignored, late events count, rubbish is rejected.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS

LATE_SHARE = 0.02
LATE_MS = (10 * MINUTE_MS, 36 * HOUR_MS)
"""A late event: an app that was offline, a batch export at night."""

REPEATED_SHARE = 0.01
REPEATED_AFTER_MS = (SECOND_MS, 2 * HOUR_MS)
"""The same record again: a producer without idempotence, a webhook that tries again."""

BAD_SHARE = 0.0005
"""One record in two thousand is rubbish: seen in the summary, and too few to drown what matters."""

DELAY_MS = (50, 4 * SECOND_MS)
"""From the act to the topic, when all is well."""

LIVE_LATE_MS = (5 * SECOND_MS, 10 * MINUTE_MS)
LIVE_REPEATED_AFTER_MS = (SECOND_MS, 20 * SECOND_MS)
"""Shorter in live traffic, so that whoever watches for a minute has seen them."""

_encode = json.JSONEncoder(separators=(",", ":")).encode

Member = str | int | bool
Members = Mapping[str, Member]


class Act(NamedTuple):
    """Something that a lead did, at an instant; `members` are those of the value beside id, lead and instant."""

    topic: str
    lead_id: str
    at_ms: int
    members: Members


class SimulatedRecord(NamedTuple):
    """A record to produce: `timestamp_ms` is its Kafka timestamp (CreateTime)."""

    topic: str
    key: bytes
    value: bytes
    timestamp_ms: int


class Wire:
    """Gives acts their ids and makes records of them. `source` begins every id: one for each simulation."""

    def __init__(self, random: Random, source: str) -> None:
        self._random = random
        self._source = source
        self._number = 0

    def backlog(self, acts: Iterable[Act]) -> Iterator[SimulatedRecord]:
        """The records of what happened, delayed, some late, some twice; in order of the acts."""
        for act in acts:
            record = self._record(act, act.at_ms + self._delay_ms())
            yield record
            yield from self._flaws(act, record, REPEATED_AFTER_MS)

    def live(self, act: Act) -> Iterator[SimulatedRecord]:
        """The records of what happens just now: sent at once; a late one happened some minutes ago."""
        sent_ms = act.at_ms
        if self._random.random() < LATE_SHARE:
            act = act._replace(at_ms=act.at_ms - self._random.randrange(*LIVE_LATE_MS))
        record = self._record(act, sent_ms)
        yield record
        yield from self._flaws(act, record, LIVE_REPEATED_AFTER_MS)

    def _delay_ms(self) -> int:
        late = self._random.random() < LATE_SHARE
        return self._random.randrange(*(LATE_MS if late else DELAY_MS))

    def _flaws(
        self, act: Act, record: SimulatedRecord, repeated_after_ms: tuple[int, int]
    ) -> Iterator[SimulatedRecord]:
        chance = self._random.random()
        if chance < REPEATED_SHARE:
            again_ms = record.timestamp_ms + self._random.randrange(*repeated_after_ms)
            yield record._replace(timestamp_ms=again_ms)
        elif chance < REPEATED_SHARE + BAD_SHARE:
            yield record._replace(value=self._rubbish(act, record))

    def _record(self, act: Act, sent_ms: int) -> SimulatedRecord:
        value = _encode(self._value(act)).encode()
        return SimulatedRecord(act.topic, act.lead_id.encode(), value, sent_ms)

    def _value(self, act: Act) -> dict[str, Member]:
        self._number += 1
        return {
            "id": f"{self._source}-{self._number}",
            "lead_id": act.lead_id,
            "occurred_at": instant(act.at_ms),
            **act.members,
        }

    def _rubbish(self, act: Act, record: SimulatedRecord) -> bytes:
        match self._random.randrange(3):
            case 0:
                return record.value[: len(record.value) // 2]
            case 1:
                return _encode({**self._value(act), "occurred_at": "1970-01-01T00:00:00Z"}).encode()
            case _:
                value = self._value(act)
                del value["lead_id"]
                return _encode(value).encode()


def instant(at_ms: int) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    seconds, milliseconds = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{milliseconds:03}Z"
