"""What happens from now on: waves of mail with their many small reactions, and people who act in bursts.

A month is squeezed into minutes, so that whoever watches sees leads cross the line: every wave is a new
mailing, and every few seconds somebody with an interest clicks, looks at prices or signs up, act upon act.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import accumulate, count
from random import Random

from streams.sandbox.marketing import decisions, introductions, reactions
from streams.sandbox.marketing.campaigns import PRICING_URL, SITE, Message, Webinar, webinar_message
from streams.sandbox.marketing.personas import Person
from streams.sandbox.marketing.wire import HOUR_MS, SECOND_MS, Act, SimulatedRecord, Wire

WAVE_MS = 45 * SECOND_MS
"""A new mailing every three quarters of a minute."""

SCAN_SHARE = (0.75, 0.45)
"""Share of the small reactions that machines make: in the first seconds of a wave, and later."""

SCAN_RUSH_MS = 8 * SECOND_MS
"""For how long the filters are busy with a new wave."""

BURSTS = 1 / 55
"""Bursts for each small reaction: at 20 records a second somebody starts acting about every three seconds."""

BURST_RECORDS = 5.0
"""About as many records a burst has; the small reactions leave room for them in the rate."""

OPENING_BURSTS = 3
"""People who act at once, so that whoever watches need not wait for the first to cross a line."""

ANSWER_SHARE = 0.3
"""Bursts in which people also say who they are, or what they need."""

DECISIONS = 1 / 350
"""Decisions of sales for each small reaction: at 20 records a second one about every twenty seconds."""

DECISION_KINDS = {"doubt": 55, "trust": 10, "call": 15, "decide": 20}
"""What they are: weights. A doubt is what the screen shows."""

STEP_MS = (300, 1_800)
"""Between two acts of a burst."""

SMALL = {"open": 70, "click": 8, "visit": 18, "unsubscribe": 3, "bounce": 1}
"""What people do in answer to a wave, besides the bursts: weights."""

BURST_KINDS = {"curious": 40, "pricing": 30, "webinar": 30, "leaves": 14}
"""What a burst is about: weights."""


class Live:
    """The endless stream. `people` are those on the mailing list; it starts at `start_ms`."""

    def __init__(self, random: Random, people: Sequence[Person], start_ms: int) -> None:
        self._random = random
        self._people = people
        self._start_ms = start_ms
        self._readers = list(accumulate(person.persona.opens * person.interest(start_ms) for person in people))
        self._actors = list(accumulate(person.persona.acts_now * person.interest(start_ms) for person in people))
        self._order = count()
        self._pending: list[tuple[int, int, SimulatedRecord]] = []

    def records(self, wire: Wire, rate: float) -> Iterator[SimulatedRecord]:
        """Records in the order of their Kafka timestamps, `rate` a second in the mean."""
        small_rate = rate / (1 + BURSTS * BURST_RECORDS)
        at_ms = float(self._start_ms)
        for _ in range(OPENING_BURSTS):
            self._send(wire, self._burst("webinar", self._wave(self._start_ms), self._start_ms))
        while True:
            at_ms += self._random.expovariate(small_rate) * SECOND_MS
            self._send(wire, self._acts(int(at_ms)))
            while self._pending and self._pending[0][0] <= at_ms:
                yield heappop(self._pending)[2]

    def _send(self, wire: Wire, acts: Iterator[Act]) -> None:
        for act in acts:
            for record in wire.live(act):
                heappush(self._pending, (record.timestamp_ms, next(self._order), record))

    def _acts(self, at_ms: int) -> Iterator[Act]:
        message = self._wave(at_ms)
        yield self._small(message, at_ms)
        if self._random.random() < BURSTS:
            kind = self._random.choices(list(BURST_KINDS), list(BURST_KINDS.values()))[0]
            yield from self._burst(kind, message, at_ms)
        if self._random.random() < DECISIONS:
            yield self._decision(at_ms)

    def _wave(self, at_ms: int) -> Message:
        """The mailing that is out at this instant: every third one invites to a webinar."""
        number = (at_ms - self._start_ms) // WAVE_MS + 1
        sent_ms = self._start_ms + (number - 1) * WAVE_MS
        webinar = Webinar(f"w-live-{number}", sent_ms + HOUR_MS)
        if number % 3 == 0:
            return webinar_message(webinar, sent_ms, 1)
        return Message(f"wave-{number}", f"wave-{number}", sent_ms, f"{SITE}/news/{number}", webinar=webinar)

    def _small(self, message: Message, at_ms: int) -> Act:
        rush = at_ms - message.sent_ms < SCAN_RUSH_MS
        if self._random.random() < SCAN_SHARE[0 if rush else 1]:
            return reactions.opened(self._random.choice(self._people), message, at_ms, machine=True)
        person = self._pick(self._readers)
        match self._random.choices(list(SMALL), list(SMALL.values()))[0]:
            case "open":
                return reactions.opened(person, message, at_ms)
            case "click":
                return reactions.clicked(person, message, message.url, at_ms)
            case "visit":
                page = self._random.choice(reactions.OTHER_PAGES)
                return reactions.visited(person, SITE + page, at_ms)
            case "unsubscribe":
                return reactions.unsubscribed(person, message, at_ms)
            case _:
                return reactions.bounced(person, message, at_ms)

    def _burst(self, kind: str, message: Message, at_ms: int) -> Iterator[Act]:
        """Somebody acts: one act after another, a second apart."""
        person = self._pick(self._actors)
        for act in (*self._answers(person, at_ms), *self._script(kind, person, message)):
            at_ms += self._random.randrange(*STEP_MS)
            yield act._replace(at_ms=at_ms)

    def _answers(self, person: Person, at_ms: int) -> list[Act]:
        """Now and then a form is filled in on the way."""
        if self._random.random() >= ANSWER_SHARE:
            return []
        tell = self._random.choice((introductions.introduced, introductions.answered))
        return [tell(self._random, person, at_ms)]

    def _decision(self, at_ms: int) -> Act:
        """Somebody of sales makes up their mind about somebody who acts."""
        person = self._pick(self._actors)
        match self._random.choices(list(DECISION_KINDS), list(DECISION_KINDS.values()))[0]:
            case "doubt":
                return decisions.doubted(self._random, person, at_ms)
            case "trust":
                return decisions.trusted(self._random, person, at_ms)
            case "call":
                return decisions.called(self._random, person, at_ms)
            case _:
                return decisions.decided(self._random, person, at_ms)

    def _script(self, kind: str, person: Person, message: Message) -> list[Act]:
        at_ms = message.sent_ms
        read = [
            reactions.opened(person, message, at_ms),
            reactions.clicked(person, message, message.url, at_ms),
        ]
        prices = [
            reactions.clicked(person, message, PRICING_URL, at_ms),
            reactions.visited(person, PRICING_URL, at_ms),
        ]
        if kind == "leaves":
            return [reactions.opened(person, message, at_ms), reactions.unsubscribed(person, message, at_ms)]
        if kind == "webinar" and message.webinar is not None:
            place = reactions.signed_up(person, message.webinar, message.campaign, at_ms)
            return [*read, place, *prices]
        if kind == "pricing":
            return [*read, *prices, reactions.asked(person, at_ms)]
        return [*read, reactions.clicked(person, message, f"{SITE}/customers", at_ms)]

    def _pick(self, cumulative: list[float]) -> Person:
        return self._random.choices(self._people, cum_weights=cumulative)[0]
