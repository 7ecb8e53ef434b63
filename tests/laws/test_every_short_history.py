"""Every history of up to four inputs over a small alphabet: the product and the slow reference agree on all.

What random histories meet rarely is here for certain: an erasure of an erased lead, a flag lifted before it was
raised, the same signal retracted twice, each in every order.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from tests.laws.drive import scored
from tests.support.generate.strategies import START_MS
from tests.support.reference import differences, score
from tests.support.reference.instants import DAY_MS, HOUR_MS, iso

LONGEST = 4
STEP_MS = HOUR_MS
"""Between two inputs. A flag lasts one and a half, so that it ends while others come."""

MODEL: dict[str, Any] = {
    "version": "short",
    "rules": [
        {"id": "open", "kind": "email.opened", "points": 20, "half_life": "3h"},
        {"id": "click", "kind": "email.clicked", "points": 30, "limit": {"times": 1, "per": "day"}},
    ],
    "windows": [{"id": "busy", "count": "email.opened", "within": "3h", "steps": [{"at_least": 2, "points": 10}]}],
    "inactivity": {"after": "2h", "points": -5, "every": "24h", "at_most": 2},
    "fit": [
        {"id": "vp", "where": {"title": "VP"}, "points": 15},
        {"id": "small", "where": {"size": {"max": 10}}, "flag": "small", "dimension": "need"},
    ],
    "flag_cap": 25,
    "segments": [{"name": "vps", "where": {"title": "VP"}, "bands": {"hot": {"enter": 45, "leave": 35}}}],
    "grades": {"fit": {"A": 10}, "engagement": {1: 40, 2: 10}},
    "bands": [
        {"name": "warm", "enter": 20, "leave": 15},
        {"name": "hot", "enter": 50, "leave": 40, "alert": True, "cooldown": "2h"},
    ],
    "surge": {"points": 40, "within": "2h", "cooldown": "1h"},
}

ALPHABET = ("open", "late click", "profile", "flag", "unflag", "retract", "erase", "timer")


def line(letter: str, place: int, opens: int) -> dict[str, Any]:
    """The input of this letter at this place, after so many opens. A retract names the first one."""
    now_ms = START_MS + place * STEP_MS
    timestamp = iso(now_ms)
    value: dict[str, Any] = {"id": f"{letter}-{place}", "lead_id": "L", "occurred_at": timestamp}
    match letter:
        case "open":
            return signal(timestamp, value | {"id": f"o-{opens}", "kind": "email.opened"})
        case "late click":
            late = {"occurred_at": iso(now_ms - 2 * STEP_MS), "kind": "email.clicked"}
            return signal(timestamp, value | late)
        case "profile":
            fields = ({"title": "VP", "size": 500}, {"size": 5}, {"title": "intern"}, {"size": 50})[place]
            return {"topic": "lead.profiles", "timestamp": timestamp, "value": value | fields}
        case "timer":
            return {"topic": "timer", "lead_id": "L", "timestamp": timestamp}
        case _:
            by_letter: dict[str, dict[str, Any]] = {
                "flag": {"reason": "doubt", "until": iso(now_ms + STEP_MS * 3 // 2 + 300), "cap": 10},
                "unflag": {"reason": "doubt"},
                "retract": {"kind": "email.opened", "signal_id": "o-0"},
                "erase": {},
            }
            members = {"command": letter} | by_letter[letter]
            return {
                "topic": "lead.commands",
                "timestamp": timestamp,
                "value": value | {"command": letter} | members,
            }


def signal(timestamp: str, value: dict[str, Any]) -> dict[str, Any]:
    """A line of one signal."""
    return {"topic": "engagements", "timestamp": timestamp, "value": value}


def histories(first: str) -> Iterator[list[dict[str, Any]]]:
    """All histories that begin with this letter, the short ones first."""
    for length in range(LONGEST):
        for rest in itertools.product(ALPHABET, repeat=length):
            letters = (first, *rest)
            yield [line(letter, place, letters[:place].count("open")) for place, letter in enumerate(letters)]


@pytest.mark.parametrize("first", ALPHABET)
def test_every_short_history_agrees(first: str) -> None:
    """585 histories for each first input, with what time does in the day after them."""
    end_ms = START_MS + DAY_MS
    seen = 0
    for lines in histories(first):
        seen += 1
        found = differences(score(lines, MODEL, end_ms), scored(MODEL, lines, end_ms))
        assert found == [], [(one["topic"], one.get("value")) for one in lines]
    assert seen == sum(len(ALPHABET) ** length for length in range(LONGEST))
