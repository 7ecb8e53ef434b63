"""Random histories: lines for `score`, in order of arrival, with the Kafka timestamps of a lane.

Each lead has a life of its own (bursts, steady days, long silences); the lives are merged by Kafka timestamp,
as a lane would apply them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, timezone
from random import Random
from typing import Any

from tests.support.generate.acts import Acts, random_acts
from tests.support.generate.broken import BROKEN
from tests.support.generate.models import Model, model_yaml, random_successor
from tests.support.generate.words import KINDS, TOPIC_OF, UNKNOWN_KINDS, random_attributes
from tests.support.reference.instants import DAY_MS, HOUR_MS, SECOND_MS, instant_ms, iso

Line = dict[str, Any]
Arrival = tuple[int, Line]

STARTS = tuple(
    instant_ms(text)
    for text in (
        "2026-03-20T00:00:00Z",
        "2026-10-15T00:00:00Z",
        "2025-12-20T00:00:00Z",
        "2024-02-20T00:00:00Z",
    )
)
"""Before the changes of summer time, a turn of the ISO year, and a leap day."""

MINUTE_MS = 60 * SECOND_MS
_ZONES_MIN = (0, 60, 330, -210, 765)


@dataclass(frozen=True)
class Mix:
    """How much of what: mean lines of a lead, and of each further sort the share of the lines.

    `commands` is how many times another model comes into force; `timestamps` False leaves out the lines' Kafka
    timestamps, so that `occurred_at` stands in for them; without `acts` there are neither profiles nor commands
    about a lead.
    """

    lines_per_lead: int = 30
    late: float = 0.08
    repeated: float = 0.08
    machine: float = 0.04
    unknown: float = 0.05
    broken: float = 0.03
    timers: float = 0.08
    commands: int = 0
    timestamps: bool = True
    acts: Acts | None = None


def random_history(rng: Random, model: Model, leads: int, mix: Mix | None = None) -> list[Line]:
    """Lines of `leads` leads under a model that `random_model` made. Kafka timestamps never go back."""
    mix = mix or Mix()
    start_ms = rng.choice(STARTS) + rng.randrange(DAY_MS)
    arrivals: list[Arrival] = []
    for number in range(leads):
        life = _life(rng, mix, f"L-{number}", start_ms + rng.randrange(3 * DAY_MS), _kinds(model))
        arrivals += life
        if mix.acts is not None:
            arrivals += random_acts(rng, mix.acts, f"L-{number}", life)
    arrivals += _commands(rng, mix, model, sorted(record_ms for record_ms, _ in arrivals))
    lines = [line for _, line in sorted(arrivals, key=lambda arrival: arrival[0])]
    return lines if mix.timestamps else [_untimed(line) for line in lines]


def _kinds(model: Model) -> list[str]:
    """Kinds to draw signals from: mostly those that the model gives or takes points for."""
    named = [
        kind
        for rule in model["rules"]
        for kind in ([rule["kind"]] if isinstance(rule["kind"], str) else rule["kind"])
    ]
    return [*named, *named, *KINDS]


def _untimed(line: Line) -> Line:
    """The line without its Kafka timestamp; a timer has no other instant and keeps it."""
    return line if line["topic"] == "timer" else {name: line[name] for name in ("topic", "value")}


def _life(rng: Random, mix: Mix, lead_id: str, start_ms: int, kinds: list[str]) -> list[Arrival]:
    """One lead's lines: the clock goes on by short or long gaps, and a repeat arrives some time after the first."""
    arrivals: list[Arrival] = []
    record_ms, mood = start_ms, "steady"
    for number in range(max(1, round(rng.expovariate(1 / mix.lines_per_lead)))):
        if rng.random() < 0.15:
            mood = rng.choice(["burst", "steady", "steady", "silence"])
        record_ms += _gap_ms(rng, mood)
        mood = "steady" if mood == "silence" else mood
        line = _line(rng, mix, lead_id, number, record_ms, kinds)
        arrivals.append((record_ms, line))
        if line["topic"] != "timer" and rng.random() < mix.repeated:
            arrivals += _repeats(rng, record_ms, line)
    return arrivals


def _gap_ms(rng: Random, mood: str) -> int:
    match mood:
        case "burst":
            return rng.randrange(90 * SECOND_MS)
        case "silence":
            return rng.randrange(5 * DAY_MS, 40 * DAY_MS)
        case _:
            return int(rng.expovariate(1 / (12 * HOUR_MS)))


def _repeats(rng: Random, record_ms: int, line: Line) -> list[Arrival]:
    """The same value again, once or twice: soon, near the 72 h of the memory, or long after."""
    repeats = []
    for _ in range(rng.choice([1, 1, 2])):
        record_ms += rng.choice([rng.randrange(MINUTE_MS), rng.randrange(70, 74) * HOUR_MS + 1, 9 * DAY_MS])
        repeats.append((record_ms, line | {"timestamp": iso(record_ms)}))
    return repeats


def _line(rng: Random, mix: Mix, lead_id: str, number: int, record_ms: int, kinds: list[str]) -> Line:
    if rng.random() < mix.timers:
        return {"topic": "timer", "lead_id": lead_id, "timestamp": iso(record_ms)}
    kind = rng.choice(UNKNOWN_KINDS) if rng.random() < mix.unknown else rng.choice(kinds)
    value = {
        "id": f"e-{number}",
        "lead_id": lead_id,
        "occurred_at": _written(rng, _occurred_ms(rng, mix, record_ms)),
        **random_attributes(rng),
    }
    if rng.random() < mix.broken:
        spoiled = BROKEN[rng.choice(sorted(BROKEN))].spoil(value | {"kind": kind}, record_ms)
        return {"topic": "engagements", "timestamp": iso(record_ms), "value": spoiled}
    if rng.random() < mix.machine:
        value["machine"] = True
    elif rng.random() < 0.2:
        value["machine"] = rng.choice([False, None])
    topic, named = _topic(rng, kind)
    return {"topic": topic, "timestamp": iso(record_ms), "value": value | named}


def _topic(rng: Random, kind: str) -> tuple[str, dict[str, Any]]:
    """Where the signal goes, and its `kind` where that is needed or wanted; a topic's default may be overruled."""
    if kind in TOPIC_OF and rng.random() < 0.9:
        return TOPIC_OF[kind], rng.choice([{}, {}, {"kind": kind}, {"kind": None}, {"kind": ""}])
    return rng.choice(["engagements", "engagements", "email.opens"]), {"kind": kind}


def _occurred_ms(rng: Random, mix: Mix, record_ms: int) -> int:
    """Mostly just before the record; some late by up to 400 days, some up to 5 minutes ahead, some on the hour."""
    chance = rng.random()
    if chance < mix.late:
        ago_ms = rng.choice([rng.randrange(2 * DAY_MS), rng.randrange(40 * DAY_MS), rng.randrange(400 * DAY_MS)])
        return record_ms - ago_ms
    if chance < mix.late + 0.04:
        return record_ms + rng.randrange(5 * MINUTE_MS + 1)
    occurred_ms = record_ms - rng.randrange(3 * SECOND_MS)
    unit_ms = rng.choice([1, 1, 1, SECOND_MS, SECOND_MS, HOUR_MS])
    return occurred_ms - occurred_ms % unit_ms


def _written(rng: Random, occurred_ms: int) -> str:
    """The instant in one of the forms that mean it: with Z, or the wall clock of a zone."""
    offset_min = rng.choice(_ZONES_MIN) if rng.random() < 0.2 else 0
    if offset_min == 0:
        return iso(occurred_ms)
    zone = timezone(timedelta(minutes=offset_min))
    wall = iso(occurred_ms + offset_min * MINUTE_MS).removesuffix("Z")
    return wall + str(zone).removeprefix("UTC")


def _commands(rng: Random, mix: Mix, model: Model, times: list[int]) -> list[Arrival]:
    """Successors of the model, each put in force within a day of some line."""
    arrivals = []
    moments = sorted(rng.choice(times) + rng.randrange(DAY_MS) for _ in range(mix.commands)) if times else []
    for number, record_ms in enumerate(moments):
        model = random_successor(rng, model)
        value = {
            "id": f"c-{number}",
            "occurred_at": iso(record_ms - rng.randrange(MINUTE_MS)),
            "command": "model",
            "version": model["version"],
            "body": model_yaml(model),
        }
        arrivals.append((record_ms, {"topic": "lead.commands", "timestamp": iso(record_ms), "value": value}))
    return arrivals
