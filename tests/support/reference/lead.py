"""One lead: every signal accepted for it, in order of arrival, and what the contract says is remembered.

The list only grows: a signal that is retracted is marked so and keeps its place. The memories that the contract
bounds (ids, limit buckets, hours) are kept as it says them: the list is what they forget from.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.reference.accept import FIELDS, Profile, Signal
from tests.support.reference.conditions import all_hold
from tests.support.reference.instants import HOUR_MS, SECOND_MS, floor_to, local_day, local_week
from tests.support.reference.model import COLD, OTHER, Model, Rule

IDS = 256
"""Section 3: the newest ids by arrival that are remembered ..."""
ID_MS = 72 * HOUR_MS
"""... and for how long, between the Kafka timestamps of the two records."""
BUCKETS = 32
"""Section 4: the buckets of a rule's limit that are remembered."""
HOURS = 720
"""Section 5: the (kind, hour) buckets of a lead that are remembered."""
RETRACTABLE = 32
"""Section 11: the newest accepted signals by arrival that a retract finds."""


@dataclass
class Accepted:
    """A signal and what became of it. `name` is the name that windows count it under, `hour_ms` the hour.

    `in_windows` turns false when its hour is forgotten, or it is retracted. `gained` is the sum of the positive
    points that it counted with at the time, `day` the calendar day (of the model's zone then) that they count
    for. `buckets[rule]` is the bucket of the rule's limit that it took a place in.
    """

    signal: Signal
    name: str
    hour_ms: int
    day: str
    in_windows: bool = True
    gained: int = 0
    buckets: dict[str, str] = field(default_factory=dict)
    retracted: bool = False


@dataclass(frozen=True)
class Flag:
    """Section 8: a red flag raised by command. `cap` None: the one of the model in force."""

    reason: str
    by: str | None
    until_ms: int | None
    cap: float | None

    def is_up(self, at_ms: int) -> bool:
        """A flag is up while t < until."""
        return self.until_ms is None or at_ms < self.until_ms

    def has_expired(self, at_ms: int) -> bool:
        """Between `until` and the whole second after it a flag is no longer up, but has not yet expired."""
        return self.expires_ms is not None and self.expires_ms <= at_ms

    @property
    def expires_ms(self) -> int | None:
        """The first whole second at or after `until`."""
        return None if self.until_ms is None else -(-self.until_ms // SECOND_MS) * SECOND_MS


@dataclass
class Lead:
    """A lead; `as_of_ms` is the latest instant to which it was brought.

    `counted[rule]` are the signals that counted for the rule, by arrival. `limits[rule]` maps a bucket to how
    many counted in it, the bucket used last at the end. `alerted[band]` is the instant of the band's last
    alert, `surged_ms` that of the last surge. `input_ms` is `as_of_ms` as the last input left it. `profile[field]`
    is (occurred_ms, value); None before any profile. `flags[reason]` are those raised by command, until lifted
    or expired. `status` is `converted`, `dead` or None.
    """

    id: str
    as_of_ms: int
    input_ms: int
    band: str = COLD
    accepted: list[Accepted] = field(default_factory=list)
    counted: dict[str, list[Accepted]] = field(default_factory=dict)
    limits: dict[str, OrderedDict[str, int]] = field(default_factory=dict)
    alerted: dict[str, int] = field(default_factory=dict)
    surged_ms: int | None = None
    profile: dict[str, tuple[int, Any]] | None = None
    flags: dict[str, Flag] = field(default_factory=dict)
    status: str | None = None

    @property
    def fields(self) -> Mapping[str, Any]:
        """The values of the profile's fields."""
        return {name: value for name, (_, value) in (self.profile or {}).items()}

    def remembers(self, signal: Signal) -> bool:
        """Section 3, duplicate: is its (kind, id) among the newest 256, from less than 72 h before?"""
        return any(
            (one.signal.kind, one.signal.id) == (signal.kind, signal.id)
            and signal.record_ms - one.signal.record_ms < ID_MS
            for one in self.accepted[-IDS:]
        )

    def take(self, model: Model, signal: Signal) -> Accepted:
        """Accept a signal: offer it to every rule (section 4), count it in its hour (section 5)."""
        name = signal.kind if signal.kind in model.named else OTHER
        day = local_day(signal.occurred_ms, model.zone)
        one = Accepted(signal, name, floor_to(signal.occurred_ms, HOUR_MS), day)
        self.accepted.append(one)
        self._forget_hours()
        for rule in model.rules:
            matches = signal.kind in rule.kinds and all_hold(rule.where, signal.attributes)
            if matches and self._limit_allows(model, rule, one):
                self.counted.setdefault(rule.id, []).append(one)
                one.gained += max(0, rule.points)
        return one

    def _limit_allows(self, model: Model, rule: Rule, one: Accepted) -> bool:
        """Fewer than `times` have counted in the bucket. The offer is a use of the bucket, refused or not."""
        if rule.limit is None:
            return True
        times, per = rule.limit
        bucket = _bucket(model, per, one.signal)
        buckets = self.limits.setdefault(rule.id, OrderedDict())
        counted = buckets.pop(bucket, 0)
        allowed = counted < times
        buckets[bucket] = counted + allowed
        one.buckets[rule.id] = bucket
        while len(buckets) > BUCKETS:
            buckets.popitem(last=False)
        return allowed

    def retractable(self, kind: str, signal_id: str) -> Accepted | None:
        """Section 11: the newest such signal among the newest 32, unless it is retracted already."""
        return next(
            (
                one
                for one in reversed(self.accepted[-RETRACTABLE:])
                if (one.signal.kind, one.signal.id) == (kind, signal_id) and not one.retracted
            ),
            None,
        )

    def retract(self, one: Accepted) -> None:
        """Section 11: as if it had not counted; its place, its id and the latest engagement stay.

        The bucket that it took a place in is still remembered: fewer than 32 offers came after it.
        """
        one.retracted, one.in_windows = True, False
        for rule, signals in self.counted.items():
            if any(other is one for other in signals):
                self.counted[rule] = [other for other in signals if other is not one]
                if rule in one.buckets:
                    self.limits[rule][one.buckets[rule]] -= 1

    def knows_too_much(self, profile: Profile) -> bool:
        """Section 6: would the profile's fields and the known ones together be more than 64?"""
        return len(self.fields.keys() | profile.fields.keys()) > FIELDS

    def learn(self, profile: Profile) -> None:
        """Section 6: each field keeps the value with the newest instant; the same instant: the later arrival."""
        known = self.profile or {}
        newer = {
            name: (profile.occurred_ms, value)
            for name, value in profile.fields.items()
            if name not in known or known[name][0] <= profile.occurred_ms
        }
        self.profile = known | newer

    def _forget_hours(self) -> None:
        """Section 5: more than 720 (kind, hour) buckets, and the oldest hour goes, with every kind in it."""
        kept = {(one.name, one.hour_ms) for one in self.accepted if one.in_windows}
        if len(kept) <= HOURS:
            return
        oldest_ms = min(hour_ms for _, hour_ms in kept)
        for one in self.accepted:
            if one.hour_ms == oldest_ms:
                one.in_windows = False

    def adopt(self, old: Model, new: Model) -> None:
        """Section 4: a rule that differs in what it counts from the one of the same id before starts anew."""
        before = {rule.id: rule for rule in old.rules}
        kept = {rule.id for rule in new.rules if rule.id in before and rule.counts_the_same_as(before[rule.id])}
        self.counted = {rule: signals for rule, signals in self.counted.items() if rule in kept}
        self.limits = {rule: buckets for rule, buckets in self.limits.items() if rule in kept}
        if new.place_of(self.band) < 0:
            self.band = COLD


def _bucket(model: Model, per: str, signal: Signal) -> str:
    """The bucket's name: a calendar day or ISO week of the model's time zone, ever, or the attribute as JSON."""
    match per:
        case "day":
            return local_day(signal.occurred_ms, model.zone)
        case "week":
            return local_week(signal.occurred_ms, model.zone)
        case "ever":
            return per
        case _:
            return json.dumps(signal.attributes.get(per, ""))
