"""What profiles and commands have in common with signals: a line, its instants, and that it may come again."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.support.reference.instants import DAY_MS, HOUR_MS, SECOND_MS, iso

Line = dict[str, Any]
Value = dict[str, Any]
Arrival = tuple[int, Line]
"""The Kafka timestamp in ms, and the line."""

SIGNALS, PROFILES, COMMANDS = "engagements", "lead.profiles", "lead.commands"
MINUTE_MS = 60 * SECOND_MS


def arrival(topic: str, record_ms: int, value: Any) -> Arrival:
    """A record of that topic."""
    return record_ms, {"topic": topic, "timestamp": iso(record_ms), "value": value}


def random_value(rng: Random, lead_id: str, record_ms: int) -> Value:
    """The members of every input: mostly of just before the record, some late or a little ahead."""
    chance = rng.random()
    occurred_ms = record_ms - rng.choice([0, 0, rng.randrange(3 * SECOND_MS)])
    if chance < 0.12:
        occurred_ms = record_ms - rng.choice([rng.randrange(2 * DAY_MS), rng.randrange(60 * DAY_MS)])
    elif chance < 0.16:
        occurred_ms = record_ms + rng.randrange(5 * MINUTE_MS + 1)
    occurred_ms -= occurred_ms % rng.choice([1, 1, SECOND_MS, HOUR_MS])
    return {"id": f"a-{rng.randrange(10**6)}", "lead_id": lead_id, "occurred_at": iso(occurred_ms)}


def again(rng: Random, line: Line, record_ms: int) -> Arrival:
    """The same value once more, soon or some days later."""
    later_ms = record_ms + rng.choice([0, rng.randrange(MINUTE_MS), rng.randrange(DAY_MS), 5 * DAY_MS])
    return later_ms, line | {"timestamp": iso(later_ms)}
