"""One lead: every signal accepted for it, in order of arrival, and what sections 3 to 5 say is remembered.

The list only grows. The memories that the contract bounds (ids, limit buckets, hours) are kept as it says them:
the list is what they forget from.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field

from tests.support.reference.accept import Signal
from tests.support.reference.conditions import all_hold
from tests.support.reference.instants import HOUR_MS, floor_to, local_day, local_week
from tests.support.reference.model import COLD, OTHER, Model, Rule

IDS = 256
"""Section 3: the newest ids by arrival that are remembered ..."""
ID_MS = 72 * HOUR_MS
"""... and for how long, between the Kafka timestamps of the two records."""
BUCKETS = 32
"""Section 4: the buckets of a rule's limit that are remembered."""
HOURS = 720
"""Section 5: the (kind, hour) buckets of a lead that are remembered."""


@dataclass
class Accepted:
    """A signal and what became of it. `name` is the name that windows count it under, `hour_ms` the hour.

    `in_windows` turns false when its hour is forgotten.
    """

    signal: Signal
    name: str
    hour_ms: int
    in_windows: bool = True


@dataclass
class Lead:
    """A lead; `as_of_ms` is the latest instant to which it was brought.

    `counted[rule]` are the signals that counted for the rule, by arrival. `limits[rule]` maps a bucket to how
    many counted in it, the bucket used last at the end. `alerted[band]` is the instant of the band's last
    alert. `input_ms` is `as_of_ms` as the last input left it.
    """

    id: str
    as_of_ms: int
    input_ms: int
    band: str = COLD
    accepted: list[Accepted] = field(default_factory=list)
    counted: dict[str, list[Accepted]] = field(default_factory=dict)
    limits: dict[str, OrderedDict[str, int]] = field(default_factory=dict)
    alerted: dict[str, int] = field(default_factory=dict)

    def remembers(self, signal: Signal) -> bool:
        """Section 3, duplicate: is its (kind, id) among the newest 256, from less than 72 h before?"""
        return any(
            (one.signal.kind, one.signal.id) == (signal.kind, signal.id)
            and signal.record_ms - one.signal.record_ms < ID_MS
            for one in self.accepted[-IDS:]
        )

    def take(self, model: Model, signal: Signal) -> None:
        """Accept a signal: offer it to every rule (section 4), count it in its hour (section 5)."""
        name = signal.kind if signal.kind in model.named else OTHER
        one = Accepted(signal, name, floor_to(signal.occurred_ms, HOUR_MS))
        self.accepted.append(one)
        self._forget_hours()
        for rule in model.rules:
            matches = signal.kind in rule.kinds and all_hold(rule.where, signal.attributes)
            if matches and self._limit_allows(model, rule, signal):
                self.counted.setdefault(rule.id, []).append(one)

    def _limit_allows(self, model: Model, rule: Rule, signal: Signal) -> bool:
        """Fewer than `times` have counted in the bucket. The offer is a use of the bucket, refused or not."""
        if rule.limit is None:
            return True
        times, per = rule.limit
        bucket = _bucket(model, per, signal)
        buckets = self.limits.setdefault(rule.id, OrderedDict())
        counted = buckets.pop(bucket, 0)
        allowed = counted < times
        buckets[bucket] = counted + allowed
        while len(buckets) > BUCKETS:
            buckets.popitem(last=False)
        return allowed

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
