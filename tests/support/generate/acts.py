"""Random profiles and commands about a lead, woven into the signals and timers of its life.

Their instants meet those of signals, whole seconds and hours, and the ends of flags: exactly, or a millisecond
beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from random import Random
from typing import Any

from tests.support.generate.broken_acts import BROKEN_COMMANDS, BROKEN_PROFILES
from tests.support.generate.crowds import random_crowd
from tests.support.generate.inputs import (
    COMMANDS,
    MINUTE_MS,
    PROFILES,
    SIGNALS,
    Arrival,
    Line,
    Value,
    again,
    arrival,
    random_value,
)
from tests.support.generate.profiles import random_fields
from tests.support.generate.whole import REASONS
from tests.support.generate.words import KINDS, TOPIC_OF
from tests.support.reference.instants import DAY_MS, HOUR_MS, SECOND_MS, instant_ms, iso

ECHOES_MS = (30 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS, 36 * HOUR_MS, 2 * DAY_MS, 7 * DAY_MS, 10 * DAY_MS)
"""How long random models let a cooldown, a window or a surge be: a signal as much later is on its edge."""


@dataclass(frozen=True)
class Acts:
    """Of each sort of act its share of the lines of a life; an echo is a signal on the edge of an earlier one.

    `crowds` is the share of the leads that get more flags, fields or signals at once than they may have.
    """

    profile: float = 0.25
    flag: float = 0.15
    unflag: float = 0.08
    retract: float = 0.12
    outcome: float = 0.04
    contacted: float = 0.04
    erase: float = 0.02
    echo: float = 0.1
    broken: float = 0.04
    crowds: float = 0.08


def random_acts(rng: Random, acts: Acts, lead_id: str, life: list[Arrival]) -> list[Arrival]:
    """Acts about the lead of this life; the life itself is not in the answer."""
    arrivals: list[Arrival] = []
    for place, (moment_ms, _) in enumerate(life):
        for sort in (one.name for one in fields(acts) if one.name != "crowds"):
            if rng.random() < getattr(acts, sort):
                record_ms = moment_ms + _gap_ms(rng, moment_ms)
                arrivals += _act(rng, sort, lead_id, record_ms, [*life[: place + 1], *arrivals])
    if life and rng.random() < acts.crowds:
        arrivals += random_crowd(rng, lead_id, rng.choice(life)[0])
    return arrivals


def _gap_ms(rng: Random, moment_ms: int) -> int:
    """From a moment of the life to the act: none, next to none, up to the next hour, some time."""
    to_hour_ms = -moment_ms % HOUR_MS
    return rng.choice([0, 0, 1, SECOND_MS, to_hour_ms, rng.randrange(10 * MINUTE_MS), rng.randrange(DAY_MS)])


def _act(rng: Random, sort: str, lead_id: str, record_ms: int, known: list[Arrival]) -> list[Arrival]:
    """The act, and what follows from it; `known` are the lines so far."""
    match sort:
        case "broken":
            return [_broken(rng, lead_id, record_ms)]
        case "echo":
            return _echo(rng, known)
        case "profile":
            acts = [arrival(PROFILES, record_ms, random_value(rng, lead_id, record_ms) | random_fields(rng))]
        case _:
            members = {"command": sort, **_members(rng, sort, record_ms, known)}
            acts = [arrival(COMMANDS, record_ms, random_value(rng, lead_id, record_ms) | members)]
    line = acts[0][1]
    if rng.random() < 0.12:
        acts.append(again(rng, line, record_ms))
    if sort == "erase":
        inputs = [one for _, one in known if one["topic"] != "timer"]
        acts += [again(rng, one, record_ms) for one in rng.sample(inputs, min(len(inputs), 3))]
    if line["value"].get("until") and rng.random() < 0.6:
        acts.append(_timer_at_the_end(rng, line))
    return acts


def _members(rng: Random, sort: str, record_ms: int, known: list[Arrival]) -> Value:
    """What a command of this name has besides the members of every input."""
    by: Value = rng.choice([{}, {"by": "sales:kim"}, {"by": None}, {"by": "verkäufe:" * 30}])
    match sort:
        case "flag":
            return _flag(rng, record_ms, known) | by
        case "unflag":
            verdict: Value = rng.choice([{}, {"verdict": "right"}, {"verdict": "wrong"}])
            return {"reason": _raised(rng, known), **verdict} | by
        case "retract":
            return _retract(rng, known)
        case "outcome":
            return {"result": rng.choice(["converted", "dead", "reopened", "reopened"]), "value": 990.5}
        case "contacted":
            return {"note": "rang twice"} | by
    return {}


def _flag(rng: Random, record_ms: int, known: list[Arrival]) -> Value:
    flag: Value = {"reason": rng.choice(REASONS)}
    if rng.random() < 0.7:
        flag["until"] = iso(_until_ms(rng, record_ms, known))
    if rng.random() < 0.6:
        flag["cap"] = rng.choice([0, 5, 20, 45.5, 80, 150, -5])
    return flag


def _raised(rng: Random, known: list[Arrival]) -> str:
    """Mostly a reason for which a flag was raised of late; it may be down by now."""
    values = [line["value"] for _, line in known if line["topic"] == COMMANDS]
    reasons = [value["reason"] for value in values if value.get("command") == "flag" and "reason" in value]
    good = [reason for reason in reasons[-3:] if isinstance(reason, str) and reason.strip()]
    return rng.choice(good) if good and rng.random() < 0.7 else rng.choice(REASONS)


def _until_ms(rng: Random, record_ms: int, known: list[Arrival]) -> int:
    """Soon or in days, on a whole second or hour or between two, now and then past; or where another thing ends."""
    if rng.random() < 0.3:
        return _end_of_another(rng, known)
    soon_ms, days_ms = rng.randrange(3 * SECOND_MS), rng.randrange(20 * DAY_MS)
    until_ms = record_ms + rng.choice([soon_ms, rng.randrange(DAY_MS), days_ms, -5 * SECOND_MS])
    return until_ms - until_ms % rng.choice([1, 1, SECOND_MS, HOUR_MS])


def _end_of_another(rng: Random, known: list[Arrival]) -> int:
    """The second of another flag's end, the hour at which a window or a decay of a signal may end, or a line."""
    moment_ms = rng.choice(known)[0]
    ends = [instant_ms(line["value"]["until"]) for _, line in known[-8:] if _expires(line)]
    if ends and rng.random() < 0.4:
        return -(-rng.choice(ends) // SECOND_MS) * SECOND_MS - rng.choice([0, 1, 500])
    if rng.random() < 0.5:
        return moment_ms - moment_ms % HOUR_MS + rng.choice([*ECHOES_MS, 90 * MINUTE_MS])
    return moment_ms + rng.choice([0, 1, 300, DAY_MS])


def _expires(line: Line) -> bool:
    """Is it a flag with an end that can be read?"""
    until = line["value"].get("until") if line["topic"] == COMMANDS else None
    return isinstance(until, str) and until.endswith("Z")


def _retract(rng: Random, known: list[Arrival]) -> Value:
    """Mostly a signal of the last lines, sometimes an old or an unknown one."""
    told = [(_kind(line), line["value"]["id"]) for _, line in known if _is_told(line)]
    if not told or rng.random() < 0.1:
        return {"kind": rng.choice(KINDS), "signal_id": "e-unknown"}
    kind, signal_id = rng.choice(told[-4:] if rng.random() < 0.7 else told)
    return {"kind": kind, "signal_id": signal_id} | rng.choice([{}, {"why": "a scanner"}])


def _echo(rng: Random, known: list[Arrival]) -> list[Arrival]:
    """A signal like one of the last ones, exactly or next to exactly so much later that it is on an edge."""
    signals = [line for _, line in known[-12:] if _is_told(line)]
    if not signals:
        return []
    line = rng.choice(signals)
    try:
        occurred_ms = instant_ms(line["value"]["occurred_at"])
    except (KeyError, TypeError, ValueError):
        return []
    at_ms = occurred_ms + rng.choice(ECHOES_MS) + rng.choice([0, 0, 0, -1, 1])
    value = line["value"] | {"id": f"echo-{rng.randrange(10**6)}", "occurred_at": iso(at_ms), "kind": _kind(line)}
    return [arrival(SIGNALS, at_ms + rng.choice([0, 0, 700]), value)]


def _is_told(line: Line) -> bool:
    """Is it a signal with a kind and an id that a command can name?"""
    if line["topic"] not in (*TOPIC_OF.values(), SIGNALS) or not isinstance(line["value"], dict):
        return False
    signal_id, kind = line["value"].get("id"), _kind(line)
    named = isinstance(signal_id, str) and 0 < len(signal_id) <= 200
    return named and isinstance(kind, str) and kind.islower() and "." in kind


def _kind(line: Line) -> Any:
    default = next((kind for kind, topic in TOPIC_OF.items() if topic == line["topic"]), None)
    return line["value"].get("kind") or default


def _timer_at_the_end(rng: Random, line: Line) -> Arrival:
    """A timer at, just before or after the second at which a flag expires."""
    until_ms = instant_ms(line["value"]["until"])
    at_ms = until_ms + rng.choice([0, -until_ms % SECOND_MS, -1, 1, SECOND_MS])
    return at_ms, {"topic": "timer", "lead_id": line["value"]["lead_id"], "timestamp": iso(at_ms)}


def _broken(rng: Random, lead_id: str, record_ms: int) -> Arrival:
    value = {"id": "a-broken", "lead_id": lead_id, "occurred_at": iso(record_ms)}
    if rng.random() < 0.4:
        fault = BROKEN_PROFILES[rng.choice(sorted(BROKEN_PROFILES))]
        return arrival(PROFILES, record_ms, fault.spoil(value | {"job_title": "VP Sales"}, record_ms))
    fault = BROKEN_COMMANDS[rng.choice(sorted(BROKEN_COMMANDS))]
    return arrival(COMMANDS, record_ms, fault.spoil(value | {"command": "contacted"}, record_ms))
