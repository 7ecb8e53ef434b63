"""Random profiles and commands about a lead, woven into the signals and timers of its life.

Their instants meet those of signals, whole seconds and hours, and the ends of flags: exactly, or a millisecond
beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from random import Random
from typing import Any

from tests.support.generate.broken import Broken
from tests.support.generate.broken_acts import BROKEN_COMMANDS, BROKEN_PROFILES
from tests.support.generate.profiles import many_fields, random_fields
from tests.support.generate.whole import REASONS
from tests.support.generate.words import KINDS, TOPIC_OF
from tests.support.reference.instants import DAY_MS, HOUR_MS, SECOND_MS, instant_ms, iso

Line = dict[str, Any]
Value = dict[str, Any]
Arrival = tuple[int, Line]

PROFILES, COMMANDS = "lead.profiles", "lead.commands"
MINUTE_MS = 60 * SECOND_MS
MANY_FLAGS = 19
"""More than the 16 that a lead may have."""


@dataclass(frozen=True)
class Acts:
    """Of each sort of act its share of the lines of a life.

    `crowds` is the share of the leads that get more flags or fields than they may have.
    """

    profile: float = 0.25
    flag: float = 0.15
    unflag: float = 0.08
    retract: float = 0.12
    outcome: float = 0.04
    contacted: float = 0.04
    erase: float = 0.02
    broken: float = 0.04
    crowds: float = 0.06


def random_acts(rng: Random, acts: Acts, lead_id: str, life: list[Arrival]) -> list[Arrival]:
    """Acts about the lead of this life; the life itself is not in the answer."""
    arrivals: list[Arrival] = []
    for place, (moment_ms, _) in enumerate(life):
        for sort in (one.name for one in fields(acts) if one.name != "crowds"):
            if rng.random() < getattr(acts, sort):
                record_ms = moment_ms + _gap_ms(rng, moment_ms)
                known = [*life[: place + 1], *arrivals]
                arrivals += _act(rng, sort, lead_id, record_ms, known)
    if life and rng.random() < acts.crowds:
        arrivals += _crowd(rng, lead_id, rng.choice(life)[0])
    return arrivals


def _gap_ms(rng: Random, moment_ms: int) -> int:
    """From a moment of the life to the act: none, next to none, up to the next hour, some time."""
    to_hour_ms = -moment_ms % HOUR_MS
    return rng.choice([0, 0, 1, SECOND_MS, to_hour_ms, rng.randrange(10 * MINUTE_MS), rng.randrange(DAY_MS)])


def _act(rng: Random, sort: str, lead_id: str, record_ms: int, known: list[Arrival]) -> list[Arrival]:
    if sort == "broken":
        return [_broken(rng, lead_id, record_ms)]
    topic = PROFILES if sort == "profile" else COMMANDS
    value = _value(rng, lead_id, record_ms) | _members(rng, sort, record_ms, known)
    line = {"topic": topic, "timestamp": iso(record_ms), "value": value}
    arrivals = [(record_ms, line)]
    if rng.random() < 0.12:
        arrivals += [_again(rng, line, record_ms)]
    if sort == "erase":
        inputs = [one for _, one in known if one["topic"] != "timer"]
        arrivals += [_again(rng, one, record_ms) for one in rng.sample(inputs, min(len(inputs), 3))]
    if value.get("until") and rng.random() < 0.6:
        arrivals.append(_timer_at_the_end(rng, line))
    return arrivals


def _members(rng: Random, sort: str, record_ms: int, known: list[Arrival]) -> Value:
    """What a value of this sort has besides the members of every input."""
    if sort == "profile":
        return random_fields(rng)
    members: Value = {"command": sort}
    match sort:
        case "flag":
            members |= _flag(rng, record_ms, known)
        case "unflag":
            members |= {"reason": rng.choice(REASONS)} | rng.choice(
                [{}, {"verdict": "right"}, {"verdict": "wrong"}]
            )
        case "retract":
            members |= _retract(rng, known)
        case "outcome":
            members |= {"result": rng.choice(["converted", "dead", "reopened", "reopened"]), "value": 990.5}
        case "contacted":
            members |= {"note": "rang twice"}
    return members | rng.choice([{}, {"by": "sales:kim"}, {"by": None}]) if sort != "erase" else members


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
    """Soon or in days, on a whole second or hour or between two, at the instant of a line, now and then past."""
    ahead_ms = rng.choice([rng.randrange(3 * SECOND_MS), rng.randrange(DAY_MS), rng.randrange(20 * DAY_MS), -5_000])
    until_ms = record_ms + ahead_ms
    unit_ms = rng.choice([1, 1, SECOND_MS, HOUR_MS])
    if rng.random() < 0.15:
        return rng.choice(known)[0] + rng.choice([0, 1, 300, DAY_MS])
    return until_ms - until_ms % unit_ms


def _retract(rng: Random, known: list[Arrival]) -> Value:
    """Mostly a signal of the last lines, sometimes an old or an unknown one."""
    told = [(_kind(line), line["value"]["id"]) for _, line in known if _is_told(line)]
    if not told or rng.random() < 0.1:
        return {"kind": rng.choice(KINDS), "signal_id": "e-unknown"}
    kind, signal_id = rng.choice(told[-4:] if rng.random() < 0.7 else told)
    return {"kind": kind, "signal_id": signal_id} | rng.choice([{}, {"why": "a scanner"}])


def _is_told(line: Line) -> bool:
    """Is it a signal with a kind and an id that a command can name?"""
    if line["topic"] not in (*TOPIC_OF.values(), "engagements") or not isinstance(line["value"], dict):
        return False
    signal_id = line["value"].get("id")
    named = isinstance(signal_id, str) and 0 < len(signal_id) <= 200
    return named and isinstance(_kind(line), str) and _kind(line).islower() and "." in _kind(line)


def _kind(line: Line) -> Any:
    default = next((kind for kind, topic in TOPIC_OF.items() if topic == line["topic"]), None)
    return line["value"].get("kind") or default


def _value(rng: Random, lead_id: str, record_ms: int) -> Value:
    """The members of every input: mostly of just before the record, some late or a little ahead."""
    chance = rng.random()
    occurred_ms = record_ms - rng.choice([0, 0, rng.randrange(3 * SECOND_MS)])
    if chance < 0.12:
        occurred_ms = record_ms - rng.choice([rng.randrange(2 * DAY_MS), rng.randrange(60 * DAY_MS)])
    elif chance < 0.16:
        occurred_ms = record_ms + rng.randrange(5 * MINUTE_MS + 1)
    occurred_ms -= occurred_ms % rng.choice([1, 1, SECOND_MS, HOUR_MS])
    return {"id": f"a-{rng.randrange(10**6)}", "lead_id": lead_id, "occurred_at": iso(occurred_ms)}


def _again(rng: Random, line: Line, record_ms: int) -> Arrival:
    """The same value once more, soon or some days later."""
    later_ms = record_ms + rng.choice([0, rng.randrange(MINUTE_MS), rng.randrange(DAY_MS), 5 * DAY_MS])
    return later_ms, line | {"timestamp": iso(later_ms)}


def _timer_at_the_end(rng: Random, line: Line) -> Arrival:
    """A timer at, just before or after the second at which a flag expires."""
    until_ms = instant_ms(line["value"]["until"])
    at_ms = until_ms + rng.choice([0, -until_ms % SECOND_MS, -1, 1, SECOND_MS])
    return at_ms, {"topic": "timer", "lead_id": line["value"]["lead_id"], "timestamp": iso(at_ms)}


def _broken(rng: Random, lead_id: str, record_ms: int) -> Arrival:
    if rng.random() < 0.4:
        topic, faults, good = PROFILES, BROKEN_PROFILES, {"job_title": "VP Sales"}
    else:
        topic, faults, good = COMMANDS, BROKEN_COMMANDS, {"command": "contacted"}
    value = {"id": "a-broken", "lead_id": lead_id, "occurred_at": iso(record_ms)} | good
    fault: Broken = faults[rng.choice(sorted(faults))]
    return record_ms, {"topic": topic, "timestamp": iso(record_ms), "value": fault.spoil(value, record_ms)}


def _crowd(rng: Random, lead_id: str, moment_ms: int) -> list[Arrival]:
    """More flags, or more fields, than a lead may have, within two hours."""
    moments = sorted(moment_ms + rng.randrange(2 * HOUR_MS) for _ in range(MANY_FLAGS))
    if rng.random() < 0.4:
        profiles = [(at_ms, _value(rng, lead_id, at_ms) | many_fields(rng)) for at_ms in moments[:3]]
        return [(at_ms, {"topic": PROFILES, "timestamp": iso(at_ms), "value": one}) for at_ms, one in profiles]
    flags: list[Arrival] = []
    for number, at_ms in enumerate(moments):
        value = _value(rng, lead_id, at_ms) | {"command": "flag", "reason": f"reason-{number}", "cap": 60 + number}
        if rng.random() < 0.3:
            value["until"] = iso(at_ms + rng.randrange(HOUR_MS))
        flags.append((at_ms, {"topic": COMMANDS, "timestamp": iso(at_ms), "value": value}))
    return flags
