"""More of something than a lead may have or than is remembered: flags, fields of a profile, signals."""

from __future__ import annotations

from random import Random

from tests.support.generate.inputs import COMMANDS, PROFILES, SIGNALS, Arrival, arrival, random_value
from tests.support.generate.words import KINDS, random_attributes
from tests.support.reference.instants import HOUR_MS, SECOND_MS, iso

FLAGS = 19
"""More than the 16 that a lead may have."""

SIGNALS_AT_ONCE = 40
"""More than the 32 that a retract finds, and that can make a surge."""

FIELDS = 64
"""As many as a profile may have."""


def random_crowd(rng: Random, lead_id: str, moment_ms: int) -> list[Arrival]:
    """One of them, from that moment on."""
    return rng.choice([_flags, _fields, _signals])(rng, lead_id, moment_ms)


def _flags(rng: Random, lead_id: str, moment_ms: int) -> list[Arrival]:
    """Within two hours; some expire on the way."""
    flags: list[Arrival] = []
    for number, at_ms in enumerate(_moments(rng, moment_ms, FLAGS)):
        value = random_value(rng, lead_id, at_ms)
        value |= {"command": "flag", "reason": f"reason-{number}", "cap": 60 + number}
        if rng.random() < 0.3:
            value["until"] = iso(at_ms + rng.randrange(HOUR_MS))
        flags.append(arrival(COMMANDS, at_ms, value))
    return flags


def _fields(rng: Random, lead_id: str, moment_ms: int) -> list[Arrival]:
    """Some, then as many others as there is room for, now and then one more."""
    first = rng.choice([20, 40, 63, 64])
    counts = [first, FIELDS - first + rng.choice([-8, 0, 0, 1]), 1]
    arrivals, start = [], 0
    for at_ms, count in zip(_moments(rng, moment_ms, len(counts)), counts, strict=True):
        fields = {f"field-{number}": number for number in range(start, start + max(0, count))}
        arrivals.append(arrival(PROFILES, at_ms, random_value(rng, lead_id, at_ms) | fields))
        start += max(0, count)
    return arrivals


def _signals(rng: Random, lead_id: str, moment_ms: int) -> list[Arrival]:
    """Some signals soon after each other, retracts of the newest and of those about 32 back, and more signals."""
    name = f"crowd-{rng.randrange(10**6)}"
    kinds = [rng.choice(KINDS) for _ in range(SIGNALS_AT_ONCE)]
    moments = _moments(rng, moment_ms, SIGNALS_AT_ONCE)
    arrivals = [_signal(rng, lead_id, f"{name}-{n}", kinds[n], moments[n]) for n in range(SIGNALS_AT_ONCE)]
    places = [*rng.sample(range(4, 12), 4), *rng.sample(range(SIGNALS_AT_ONCE), 3)]
    for turn, place in enumerate(places, start=1):
        at_ms = moments[-1] + turn * 10 * SECOND_MS
        told = {"command": "retract", "kind": kinds[place], "signal_id": f"{name}-{place}"}
        arrivals.append(arrival(COMMANDS, at_ms, random_value(rng, lead_id, at_ms) | told))
        if rng.random() < 0.5:
            arrivals.append(_signal(rng, lead_id, f"{name}-after-{turn}", rng.choice(kinds), at_ms + SECOND_MS))
    return arrivals


def _signal(rng: Random, lead_id: str, signal_id: str, kind: str, at_ms: int) -> Arrival:
    value = {"id": signal_id, "lead_id": lead_id, "occurred_at": iso(at_ms), "kind": kind}
    return arrival(SIGNALS, at_ms, value | random_attributes(rng))


def _moments(rng: Random, moment_ms: int, count: int) -> list[int]:
    """Within two hours, in their order."""
    return sorted(moment_ms + rng.randrange(2 * HOUR_MS) for _ in range(count))
