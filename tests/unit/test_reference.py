"""The slow reference scorer, against figures worked out by hand: rules, windows, inactivity, clamps."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.reference.examples import NOON, OPEN, final, moves, opened, run


@pytest.mark.parametrize(
    ("decay", "as_of", "expected"),
    [
        ({}, "2027-03-02T12:30:00Z", 10),
        ({"half_life": "7d"}, "2026-03-09T12:30:00Z", 5),
        ({"half_life": "7d"}, "2026-03-06T00:30:00Z", 7.071068),
        # To the hour, 12:00: 12.5 of 24 hours have gone.
        ({"fades_over": "24h"}, "2026-03-03T00:30:00Z", 4.791667),
        # Over more than 7 days, to the day: 2.5 of 10 days have gone.
        ({"fades_over": "10d"}, "2026-03-04T12:00:00Z", 7.5),
        ({"fades_over": "10d"}, "2026-03-13T00:00:00Z", 0),
        ({"expires_after": "1h"}, "2026-03-02T12:59:59.999Z", 10),
        ({"expires_after": "1h"}, "2026-03-02T13:00:00Z", 0),
        ({"expires_after": "8d"}, "2026-03-09T23:59:59Z", 10),
        ({"expires_after": "8d"}, "2026-03-10T00:00:00Z", 0),
    ],
)
def test_each_decay_weighs_as_defined(decay: dict[str, str], as_of: str, expected: float) -> None:
    """A signal of 10 points at 12:30 weighs what its decay says, floored to the hour or the day."""
    assert final({"rules": [OPEN | decay]}, [opened(1, "2026-03-02T12:30:00Z")], as_of) == expected


def test_limit_forgets_the_bucket_used_longest_ago() -> None:
    """32 buckets are remembered; a refused offer is a use; the forgotten one counts afresh."""
    model = {
        "rules": [OPEN | {"points": 1, "limit": {"times": 1, "per": "message_id"}}],
        "scale": {"min": 0, "max": 1000},
    }
    full = [opened(number, NOON, message_id=f"m-{number}") for number in range(32)]
    used = opened(100, NOON, message_id="m-0")
    one_more = opened(101, NOON, message_id="new")
    assert final(model, [*full, used], NOON) == 32
    assert final(model, [*full, used, one_more, opened(102, NOON, message_id="m-0")], NOON) == 33
    assert final(model, [*full, used, one_more, opened(103, NOON, message_id="m-1")], NOON) == 34


@pytest.mark.parametrize(
    ("per", "zone", "instants", "expected"),
    [
        ("day", "UTC", ["2026-03-02T23:30:00Z", "2026-03-03T00:30:00Z"], 20),
        ("day", "America/New_York", ["2026-03-02T23:30:00Z", "2026-03-03T00:30:00Z"], 10),
        ("day", "Europe/Berlin", ["2026-03-02T22:30:00Z", "2026-03-02T23:30:00Z"], 20),
        ("week", "UTC", ["2026-03-02T00:00:00Z", "2026-03-08T23:59:59Z"], 10),
        ("week", "UTC", ["2026-03-08T23:59:59Z", "2026-03-09T00:00:00Z"], 20),
        ("ever", "UTC", ["2026-03-02T12:00:00Z", "2026-05-02T12:00:00Z"], 10),
        ("message_id", "UTC", ["2026-03-02T12:00:00Z", "2026-05-02T12:00:00Z"], 10),
    ],
)
def test_limit_counts_in_its_bucket(per: str, zone: str, instants: list[str], expected: float) -> None:
    """Days and weeks are those of the model's zone; signals without the attribute share one bucket."""
    model = {"rules": [OPEN | {"limit": {"times": 1, "per": per}}], "timezone": zone}
    lines = [opened(number, instant) for number, instant in enumerate(instants)]
    assert final(model, lines, instants[-1]) == expected


def test_late_signal_weighs_its_age() -> None:
    """A signal that comes a week late is applied at `as_of`, and its change carries that instant."""
    model = {
        "rules": [OPEN | {"points": 40, "half_life": "7d"}],
        "bands": [{"name": "hot", "enter": 60, "leave": 50}],
    }
    late = opened(2, "2026-02-23T12:00:00Z") | {"timestamp": NOON}
    answer = run(model, [opened(1, NOON), late], NOON)
    assert answer["leads"][0]["score"] == 60
    assert moves(answer) == [("cold", "hot", NOON, False)]


def test_window_ends_at_the_hour() -> None:
    """A signal at 12:59:59 counts from 12:00, and leaves a window of 24 h at 12:00 of the next day."""
    model = {
        "windows": [
            {
                "id": "busy",
                "count": ["email.opened"],
                "within": "24h",
                "steps": [{"at_least": 1, "points": 2}, {"at_least": 3, "points": 10}],
            }
        ]
    }
    lines = [opened(number, "2026-03-02T12:59:59Z") for number in range(3)]
    lines.append(opened(3, "2026-03-02T13:00:00Z"))
    assert final(model, lines[:2], "2026-03-02T13:00:00Z") == 2
    assert final(model, lines, "2026-03-03T11:59:59.999Z") == 10
    assert final(model, lines, "2026-03-03T12:00:00Z") == 2
    answer = run(model, lines, "2026-03-03T12:00:00Z")
    assert answer["leads"][0]["windows"] == {"email.opened": {"24h": 1, "7d": 4, "30d": 4}}
    assert final(model, lines, "2026-03-03T13:00:00Z") == 0


def test_inactivity_takes_its_steps() -> None:
    """Nothing before 14 d, a step at 14 d and one every 7 d after, three at most; the next signal ends it."""
    model = {
        "rules": [OPEN | {"points": 50}, {"id": "bad", "kind": "email.bounced", "points": -1}],
        "inactivity": {"after": "14d", "points": -10, "every": "7d", "at_most": 3},
    }
    lines = [opened(1, "2026-03-01T00:00:00Z")]
    figures = [
        ("2026-03-14T23:59:59.999Z", 50),
        ("2026-03-15T00:00:00Z", 40),
        ("2026-03-22T00:00:00Z", 30),
        ("2026-03-29T00:00:00Z", 20),
        ("2026-05-29T00:00:00Z", 20),
    ]
    assert [final(model, lines, instant) for instant, _ in figures] == [figure for _, figure in figures]
    lines.append(opened(2, "2026-03-28T00:00:00Z", kind="email.bounced"))
    assert final(model, lines, "2026-03-29T00:00:00Z") == 19
    lines.append(opened(3, "2026-03-28T00:00:00Z"))
    assert final(model, lines, "2026-03-29T00:00:00Z") == 99


def test_groups_are_clamped_before_the_scale_and_the_explanation_sums() -> None:
    """30 clamped to 25, and -60 clamped to -20, make 5; a score below the scale is lifted to it."""
    model = {
        "rules": [
            OPEN | {"group": "email"},
            {"id": "bad", "kind": "email.bounced", "points": -60, "group": "harm"},
        ],
        "groups": {"email": {"max": 25}, "harm": {"min": -20}},
    }
    lines = [opened(number, NOON) for number in range(3)]
    (lead,) = run(model, [*lines, opened(9, NOON, kind="email.bounced")], NOON)["leads"]
    assert lead["score"] == 5
    assert lead["contributions"] == [{"rule": "open", "points": 30}, {"rule": "bad", "points": -60}]
    assert lead["adjustments"] == [{"what": "group email", "points": -5}, {"what": "group harm", "points": 40}]
    (lead,) = run(model, [opened(9, NOON, kind="email.bounced")], NOON)["leads"]
    assert (lead["score"], lead["adjustments"][-1]) == (0, {"what": "scale", "points": 20})


@pytest.mark.parametrize(
    ("where", "attributes", "holds"),
    [
        ({"url": {"contains": "/PRICING"}}, {"url": "https://x.example/pricing"}, True),
        ({"url": {"starts_with": "https", "contains": "docs"}}, {"url": "https://x.example/pricing"}, False),
        ({"title": {"matches": r"\b(vp|chief)\b"}}, {"title": "The VP Sales"}, True),
        ({"minutes": 5}, {"minutes": 5.0}, True),
        ({"minutes": 5}, {"minutes": "5"}, False),
        ({"minutes": 1}, {"minutes": True}, False),
        ({"minutes": {"min": 5, "max": 9}}, {"minutes": 9}, True),
        ({"minutes": {"min": 5}}, {"minutes": "7"}, False),
        ({"plan": {"in": ["Free", 3]}}, {"plan": "FREE"}, True),
        ({"plan": {"missing": True}}, {"plan": "  "}, True),
        ({"plan": {"missing": False}}, {"plan": None}, False),
        ({"plan": {"missing": True, "contains": "x"}}, {}, False),
        ({"plan": "free", "minutes": {"min": 1}}, {"plan": "free"}, False),
    ],
)
def test_where_holds_as_defined(where: dict[str, Any], attributes: dict[str, Any], holds: bool) -> None:
    """A rule counts a signal exactly when every condition on its attributes holds."""
    assert final({"rules": [OPEN | {"where": where}]}, [opened(1, NOON, **attributes)], NOON) == (
        10 if holds else 0
    )
