"""What consumers have been told of one lane: heard again from its outputs, in order.

A word is what one change says of one subject: that the lead is in a band, that a flag is up or not. A consumer
drops what is not above the last (timeline, seq), and so does this; a tombstone takes back all that was said of its
lead. Outputs are kept for a month: of what was said before, `since_ms` tells nothing more than that it was.

For a lane whose Redis was emptied the same outputs say up to which records it has refused and re-keyed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from schemas.instants import parse_ms
from schemas.topics import CHANGES, REJECTED, REKEYED
from streams.lane.inputs import ORIGIN_HEADER, Origin, parse_origin
from streams.lane.ports import OutboxEntry

BAND, FLAG, SURGE = "band", "flag ", "surge"
COLD, UP, DOWN = "cold", "raised", "lifted"


class Output(Protocol):
    """A record of an output topic, or an entry of an outbox."""

    @property
    def topic(self) -> str:
        """Its topic."""

    @property
    def key(self) -> bytes | None:
        """Its key."""

    @property
    def value(self) -> bytes | None:
        """Its value."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """Its headers."""


class Word(NamedTuple):
    """One change, as far as it is compared. `subject` is BAND, SURGE, or FLAG and the flag's reason."""

    change_id: str
    place: tuple[int, int]
    subject: str
    says: str
    at_ms: int


class _Flag(msgspec.Struct):
    reason: str
    action: str


class _Change(msgspec.Struct):
    change_id: str
    timeline: int
    seq: int
    kind: str
    occurred_at: str
    to: str | None = None
    flag: _Flag | None = None


class _Refusal(msgspec.Struct):
    topic: str
    offset: int
    timestamp: str


_decode_change = msgspec.json.Decoder(_Change).decode
_decode_refusal = msgspec.json.Decoder(_Refusal).decode


def word_of(change: bytes) -> Word:
    """The word of a change as it is published."""
    said = _decode_change(change)
    subject, says = said.kind, said.to or ""
    if said.flag is not None:
        subject, says = FLAG + said.flag.reason, UP if said.flag.action == UP else DOWN
    return Word(said.change_id, (said.timeline, said.seq), subject, says, parse_ms(said.occurred_at))


def nothing_of(subject: str) -> str:
    """What is so of a lead of which nothing was ever said."""
    return COLD if subject == BAND else DOWN


class Told:
    """All that a lane's outputs say. `seqs` and `timeline` are the highest so far."""

    def __init__(self, partition: int) -> None:
        self.words: defaultdict[str, list[Word]] = defaultdict(list)
        self.seqs: dict[str, int] = {}
        self.timeline = 0
        self.since_ms: dict[str, int] = {}
        self._partition = partition
        self._last: dict[str, tuple[int, int]] = {}
        self._known: dict[tuple[str, str], int] = {}

    def begin(self, topic: str, since_ms: int) -> None:
        """What this output said before that instant, Kafka has removed."""
        self.since_ms[topic] = since_ms

    def hear(self, output: Output) -> None:
        """The next record of an output, or an entry that is to be published."""
        if output.topic == REKEYED.name:
            self._hear_rekeyed(output)
        elif self._is_news(output):
            if output.topic == CHANGES.name:
                self._hear_change(output)
            else:
                refusal = _decode_refusal(output.value or b"")
                self._note(REJECTED.name, refusal.topic, refusal.offset)

    def lacks(self, entry: OutboxEntry) -> bool:
        """Whether nobody was told this refusal, or given this re-keyed record. Changes are judged by lead."""
        if entry.topic == REKEYED.name:
            topic, _, offset = origin_of(entry)
            return offset > self._known.get((REKEYED.name, topic), -1)
        if entry.topic != REJECTED.name:
            return False
        refusal = _decode_refusal(entry.value or b"")
        is_above = refusal.offset > self._known.get((REJECTED.name, refusal.topic), -1)
        return is_above and parse_ms(refusal.timestamp) >= self.since_ms.get(REJECTED.name, 0)

    def _is_news(self, output: Output) -> bool:
        headers = dict(output.headers)
        place = int(headers.get("timeline", 0)), int(headers.get("seq", 0))
        if place <= self._last.get(output.topic, (0, 0)):
            return False
        self._last[output.topic] = place
        self.timeline = max(self.timeline, place[0])
        self.seqs[output.topic] = max(self.seqs.get(output.topic, 0), place[1])
        return True

    def _hear_change(self, output: Output) -> None:
        lead_id = (output.key or b"").decode()
        if output.value is None:
            self.words.pop(lead_id, None)
        else:
            self.words[lead_id].append(word_of(output.value))

    def _hear_rekeyed(self, output: Output) -> None:
        topic, partition, offset = origin_of(output)
        if partition == self._partition:
            self._note(REKEYED.name, topic, offset)

    def _note(self, output: str, topic: str, offset: int) -> None:
        place = output, topic
        self._known[place] = max(offset, self._known.get(place, -1))


def origin_of(output: Output) -> Origin:
    """Where a re-keyed record was first; nowhere for one that does not tell."""
    return parse_origin(dict(output.headers).get(ORIGIN_HEADER, b"")) or Origin("", -1, -1)
