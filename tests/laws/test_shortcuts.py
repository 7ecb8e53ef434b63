"""Where a lead is not scored, or its fall not looked for, by name: each agrees with the reference.

A signal that cannot move its lead is only counted (`_may_move`, `_may_lower` in scoring/fold.py), and `wake` says
when time may. Each case here is one in which a simpler argument would be wrong.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.laws.drive import scored
from tests.support.generate.strategies import START_MS
from tests.support.reference import differences, score
from tests.support.reference.instants import DAY_MS, HOUR_MS, SECOND_MS, iso

Line = dict[str, Any]
BAND = {"name": "warm", "enter": 50, "leave": 45}
VIEW = {"id": "view", "kind": "page.viewed", "points": 50}
OPEN = {"id": "open", "kind": "email.opened", "points": 5}
BOUNCE = {"id": "bounce", "kind": "email.bounced", "points": -10}
QUIET = {"after": "1h", "points": -10, "every": "1h", "at_most": 1}


def model(*rules: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A model of one band, unless told otherwise."""
    return {"version": "v", "rules": list(rules), "bands": [BAND]} | members


def did(kind: str, at_ms: int, *, late_ms: int = 0, **members: Any) -> Line:
    """A signal recorded so long after the start, which may have occurred earlier."""
    value = {"id": f"{kind}-{at_ms}", "lead_id": "L", "occurred_at": iso(START_MS + at_ms - late_ms), "kind": kind}
    return {"topic": "engagements", "timestamp": iso(START_MS + at_ms), "value": value | members}


def quiet(**members: Any) -> dict[str, Any]:
    """Inactivity of ten points after an hour."""
    return {"inactivity": QUIET | members}


HALF = SECOND_MS // 2
CASES: dict[str, tuple[dict[str, Any], list[Line], list[str]]] = {
    "the first engagement starts the quiet that makes the lead fall": (
        model(VIEW, OPEN, **quiet(points=-20, count=["email.opened"])),
        [did("page.viewed", 0), did("email.opened", DAY_MS)],
        ["up", "down"],
    ),
    "a first engagement that comes late finds the lead quiet already": (
        model(VIEW, OPEN, **quiet(points=-20, count=["email.opened"])),
        [did("page.viewed", DAY_MS), did("email.opened", DAY_MS, late_ms=2 * HOUR_MS)],
        ["up", "down"],
    ),
    "an engagement without points ends the quiet and lifts the lead": (
        model(VIEW, **quiet(count=["page.viewed", "call.answered"], points=-40)),
        [did("page.viewed", 0), did("call.answered", 3 * HOUR_MS)],
        ["up", "down", "up", "down"],
    ),
    "a late engagement ends the quiet as well": (
        model(VIEW, **quiet(points=-40)),
        [did("page.viewed", 0), did("page.viewed", 3 * HOUR_MS, late_ms=HOUR_MS // 2)],
        ["up", "down", "up"],
    ),
    "an engagement in the millisecond in which the quiet has begun to count": (
        model(VIEW, OPEN, **quiet()),
        [did("page.viewed", 0), did("call.answered", HOUR_MS), did("email.opened", HOUR_MS)],
        ["up", "down", "up"],
    ),
    "a late engagement that is older than the latest ends nothing": (
        model(VIEW, OPEN, **quiet(points=-40)),
        [did("page.viewed", HOUR_MS), did("email.opened", 3 * HOUR_MS, late_ms=2 * HOUR_MS + 1)],
        ["up", "down"],
    ),
    "within the second before a fall an input finds it first": (
        model(VIEW, OPEN, **quiet(count=["page.viewed"])),
        [did("page.viewed", HALF), did("call.answered", HOUR_MS + HALF + 1)],
        ["up", "down"],
    ),
    "a dip of half a second between two whole ones, a penalty expires at its end": (
        model(VIEW | {"points": 60}, BOUNCE | {"expires_after": "24h"}, **quiet()),
        [
            did("email.bounced", HOUR_MS // 2),
            did("page.viewed", DAY_MS - HOUR_MS - HALF),
            did("call.answered", DAY_MS - HALF + 200),
        ],
        ["up", "down"],
    ),
    "the same dip without an input in it is none": (
        model(VIEW | {"points": 60}, BOUNCE | {"expires_after": "24h"}, **quiet()),
        [
            did("email.bounced", HOUR_MS // 2),
            did("page.viewed", DAY_MS - HOUR_MS - HALF),
            did("call.answered", DAY_MS),
        ],
        ["up"],
    ),
    "a dip that a window ends by losing a step that takes points": (
        model(
            VIEW | {"points": 60},
            **quiet(),
            windows=[
                {"id": "w", "count": "email.clicked", "within": "24h", "steps": [{"at_least": 1, "points": -10}]}
            ],
        ),
        [
            did("email.clicked", HOUR_MS // 2),
            did("page.viewed", DAY_MS - HOUR_MS - HALF),
            did("call.answered", DAY_MS - HALF + 200),
        ],
        ["up", "down"],
    ),
    "a quick penalty that is over by the next whole second": (
        model(VIEW | {"points": 60}, BOUNCE | {"half_life": "1s"}, **quiet(points=-9)),
        [
            did("page.viewed", 300),
            did("email.bounced", HOUR_MS - 200),
            did("call.answered", HOUR_MS + 400),
        ],
        ["up", "down"],
    ),
    "a gain that only its rounding brings to the line": (
        model(OPEN | {"points": 100, "fades_over": "24h"}, bands=[BAND | {"enter": 66.666667}]),
        [did("email.opened", 8 * HOUR_MS, late_ms=8 * HOUR_MS)],
        ["up", "down"],
    ),
    "a penalty that faded lets a small gain reach the line": (
        model(VIEW, OPEN | {"points": 1}, BOUNCE | {"half_life": "1h"}, bands=[BAND | {"enter": 51}]),
        [did("email.bounced", 0), did("page.viewed", 1), did("email.opened", 40 * HOUR_MS)],
        ["up"],
    ),
    "a scale that begins above a line": (
        model(OPEN, scale={"min": 55}),
        [did("call.answered", 0)],
        ["up"],
    ),
    "a clamp that lets go": (
        model(
            VIEW | {"group": "g", "half_life": "1h"},
            OPEN | {"group": "g", "points": 40, "fades_over": "8d"},
            groups={"g": {"max": 52}},
        ),
        [did("page.viewed", 0), did("email.opened", 1), did("email.opened", 2), did("email.opened", 3)],
        ["up", "down"],
    ),
    "a window whose next step is lower takes the band away": (
        model(
            OPEN,
            windows=[
                {
                    "id": "w",
                    "count": "email.opened",
                    "within": "24h",
                    "steps": [{"at_least": 1, "points": 60}, {"at_least": 3, "points": 20}],
                }
            ],
        ),
        [
            did("email.opened", 0),
            did("email.opened", 1),
            did("email.opened", 2),
            did("call.answered", 26 * HOUR_MS),
        ],
        ["up", "down"],
    ),
    "a signal too old for its rule still counts nothing": (
        model(VIEW | {"expires_after": "24h"}),
        [did("call.answered", 40 * DAY_MS), did("page.viewed", 40 * DAY_MS, late_ms=2 * DAY_MS)],
        [],
    ),
    "two bands are passed by one signal, and left by one": (
        model(
            VIEW | {"points": 90, "expires_after": "24h"}, bands=[BAND, {"name": "hot", "enter": 70, "leave": 60}]
        ),
        [did("page.viewed", 0), did("call.answered", 2 * DAY_MS)],
        ["up", "down"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_shortcut(name: str) -> None:
    """The product does what the reference does, and that is what the case is about."""
    document, lines, directions = CASES[name]
    end_ms = START_MS + 100 * DAY_MS
    told = score(lines, document, end_ms)
    assert differences(told, scored(document, lines, end_ms)) == []
    assert [change["direction"] for change in told["changes"]] == directions


def test_an_hour_forgotten_takes_the_band_away() -> None:
    """The 721st pair of kind and hour makes the oldest be forgotten: a window counts less after one more signal."""
    window = {
        "id": "w",
        "count": ["page.viewed", "email.opened"],
        "within": "30d",
        "steps": [{"at_least": 720, "points": 60}],
    }
    document = model(windows=[window])
    lines = [did(kind, hour * HOUR_MS) for hour in range(364) for kind in ("page.viewed", "email.opened")]
    told = score(lines, document, None)
    assert [change["direction"] for change in told["changes"]][:2] == ["up", "down"]
    assert differences(told, scored(document, lines)) == []
