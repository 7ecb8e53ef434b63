"""The slow reference scorer, against figures worked out by hand from the contract."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.support.reference import differences, score
from tests.support.reference.instants import instant_ms

OPEN = {"id": "open", "kind": "email.opened", "points": 10}
NOON = "2026-03-02T12:00:00Z"
"""A Monday."""


def opened(number: int, occurred_at: str, /, **members: Any) -> dict[str, Any]:
    """A line: lead L opened an e-mail; the record's timestamp is the instant itself."""
    value = {"id": f"e-{number}", "lead_id": "L", "occurred_at": occurred_at} | members
    return {"topic": "email.opens", "timestamp": occurred_at, "value": value}


def run(model: dict[str, Any], lines: list[Any], as_of: str) -> dict[str, Any]:
    """The reference's whole answer at an instant."""
    return score(lines, model, instant_ms(as_of))


def final(model: dict[str, Any], lines: list[Any], as_of: str) -> float:
    """The score of the one lead."""
    (lead,) = run(model, lines, as_of)["leads"]
    return float(lead["score"])


def moves(answer: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    """Of each change: from, to, when, alert."""
    return [(one["from"], one["to"], one["occurred_at"], one["alert"]) for one in answer["changes"]]


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


def test_fall_has_its_exact_second() -> None:
    """80 points that halve every 10 hours are below 60 after 10 h x log2(4/3) = 14,941.35 s."""
    model = {
        "rules": [OPEN | {"points": 80, "half_life": "10h"}],
        "bands": [{"name": "hot", "enter": 70, "leave": 60}],
    }
    answer = run(model, [opened(1, NOON)], "2026-03-09T12:00:00Z")
    assert moves(answer) == [
        ("cold", "hot", NOON, False),
        ("hot", "cold", "2026-03-02T16:09:02Z", False),
    ]
    assert [one["cause"] for one in answer["changes"]] == ["signal", "time"]
    assert answer["changes"][1]["score"] == 59.999249


def test_fall_passes_the_bands_one_after_the_other() -> None:
    """A smooth decay leaves hot and then warm; an expiry falls through both at once."""
    bands = [{"name": "warm", "enter": 40, "leave": 30}, {"name": "hot", "enter": 70, "leave": 60}]
    fading = {"rules": [OPEN | {"points": 80, "fades_over": "80h"}], "bands": bands}
    answer = run(fading, [opened(1, NOON)], "2026-03-09T12:00:00Z")
    assert moves(answer)[1:] == [
        ("hot", "warm", "2026-03-03T08:00:01Z", False),
        ("warm", "cold", "2026-03-04T14:00:01Z", False),
    ]
    expiring = {"rules": [OPEN | {"points": 80, "expires_after": "80h"}], "bands": bands}
    answer = run(expiring, [opened(1, NOON)], "2026-03-09T12:00:00Z")
    assert moves(answer)[1:] == [("hot", "cold", "2026-03-05T20:00:00Z", False)]


def test_fall_is_the_same_found_by_timers() -> None:
    """Advancing by many timers changes neither the instant nor the figures of a fall."""
    model = {
        "rules": [OPEN | {"points": 80, "half_life": "10h"}],
        "bands": [{"name": "hot", "enter": 70, "leave": 60}],
    }
    timers = [
        {"topic": "timer", "lead_id": "L", "timestamp": f"2026-03-02T16:{minute:02}:00.500Z"}
        for minute in range(60)
    ]
    one = run(model, [opened(1, NOON)], "2026-03-09T12:00:00Z")
    assert differences(one, run(model, [opened(1, NOON), *timers], "2026-03-09T12:00:00Z")) == []


def test_penalty_that_fades_hides_no_fall() -> None:
    """100 fading over 100 h less 40 expiring after 10 h is below 55 at 5 h and not after 10 h: the dip is found."""
    model = {
        "rules": [
            OPEN | {"points": 100, "fades_over": "100h"},
            {"id": "bad", "kind": "email.bounced", "points": -40, "expires_after": "10h"},
        ],
        "bands": [{"name": "hot", "enter": 60, "leave": 55}],
    }
    bounced = opened(2, NOON, kind="email.bounced")
    answer = run(model, [opened(1, NOON), bounced], "2026-03-03T12:00:00Z")
    assert moves(answer) == [("cold", "hot", NOON, False), ("hot", "cold", "2026-03-02T17:00:01Z", False)]
    assert answer["leads"][0]["score"] == 76


def test_band_is_kept_between_its_lines() -> None:
    """Between leave and enter a lead that was in stays in, and one that was not stays out."""
    rules = [OPEN | {"points": 10}, {"id": "bad", "kind": "email.bounced", "points": -5}]
    model = {"rules": rules, "bands": [{"name": "hot", "enter": 20, "leave": 15}]}
    lines = [opened(1, NOON), opened(2, NOON), opened(3, NOON, kind="email.bounced")]
    assert moves(run(model, lines, NOON)) == [("cold", "hot", NOON, False)]
    lines.append(opened(4, NOON, kind="email.bounced"))
    assert moves(run(model, lines, NOON))[1:] == [("hot", "cold", NOON, False)]
    lines.append(opened(5, NOON, kind="email.bounced"))
    lines.append(opened(6, NOON))
    assert len(run(model, lines, NOON)["changes"]) == 2


def test_alert_waits_for_its_cooldown() -> None:
    """A band entered again alerts only when its last alert is at least the cooldown earlier."""
    model = {
        "rules": [OPEN | {"points": 80, "expires_after": "1h"}],
        "bands": [{"name": "hot", "enter": 70, "leave": 60, "alert": True, "cooldown": "4h"}],
    }
    lines = [opened(hour, f"2026-03-02T{hour}:00:00Z") for hour in (12, 15, 16, 19)]
    answer = run(model, lines, "2026-03-02T19:00:00Z")
    risen = [(when, alert) for _, to, when, alert in moves(answer) if to == "hot"]
    assert risen == [
        ("2026-03-02T12:00:00Z", True),
        ("2026-03-02T15:00:00Z", False),
        ("2026-03-02T16:00:00Z", True),
        ("2026-03-02T19:00:00Z", False),
    ]
    assert answer["changes"][0]["threshold"] == 70


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


def test_duplicates_and_machines_are_ignored() -> None:
    """A repeat within 72 h and 256 ids counts once, a machine's signal never; another kind is another signal."""
    again = opened(1, NOON) | {"timestamp": "2026-03-05T11:59:59Z"}
    forgotten = opened(1, NOON) | {"timestamp": "2026-03-05T12:00:00Z"}
    machine = opened(2, "2026-04-02T12:00:00Z", machine=True)
    model = {"rules": [OPEN | {"points": 1}], "scale": {"max": 1000}}
    answer = run(model, [opened(1, NOON), again, machine, opened(1, NOON, kind="email.bounced")], NOON)
    assert (answer["leads"][0]["score"], answer["ignored"]) == (1, {"duplicate": 1, "machine": 1})
    assert answer["leads"][0]["windows"]["other"] == {"24h": 1, "7d": 1, "30d": 1}
    assert final(model, [opened(1, NOON), forgotten], NOON) == 2
    others = [opened(number, NOON) for number in range(2, 257)]
    assert final(model, [opened(1, NOON), *others, opened(1, NOON)], NOON) == 256
    assert final(model, [opened(1, NOON), *others, opened(257, NOON), opened(1, NOON)], NOON) == 258


def test_oldest_hour_is_forgotten_first() -> None:
    """Of 721 buckets of a kind and an hour the one of the oldest hour is forgotten."""
    model: dict[str, Any] = {"inactivity": None, "rules": [OPEN]}
    hours = [(20 + hour // 24, hour % 24) for hour in range(240)]
    lines = [
        opened(number, f"2026-03-{day:02}T{hour:02}:00:00Z", kind=kind)
        for number, (day, hour, kind) in enumerate(
            (day, hour, kind) for day, hour in hours for kind in ("email.opened", "email.clicked", "page.viewed")
        )
    ]
    windows: list[dict[str, Any]] = [
        {"id": f"w{kind}", "count": kind, "within": "30d", "steps": []} for kind in ("email.clicked", "page.viewed")
    ]
    answer = run(model | {"windows": windows}, lines, "2026-03-29T23:00:00Z")
    assert {counts["30d"] for counts in answer["leads"][0]["windows"].values()} == {240}
    lines.append(opened(9999, "2026-03-30T00:00:00Z"))
    answer = run(model | {"windows": windows}, lines, "2026-03-30T00:00:00Z")
    assert answer["leads"][0]["windows"]["email.opened"]["30d"] == 240


@pytest.mark.parametrize(
    ("line", "reason", "field"),
    [
        ('{"topic": "email.opens"', "not_json", ""),
        ('{"topic": "email.opens", "value": NaN}', "not_json", ""),
        ("[1]", "not_object", ""),
        ({"topic": "email.opens", "value": ["e-1"]}, "not_object", ""),
        ({"topic": "email.opens", "value": {"lead_id": "L", "occurred_at": NOON}}, "missing", "id"),
        (opened(1, NOON, lead_id=7), "wrong_type", "lead_id"),
        (opened(1, NOON, lead_id=" "), "empty", "lead_id"),
        (opened(1, NOON, id="x" * 201), "too_long", "id"),
        (opened(1, NOON, machine="yes"), "wrong_type", "machine"),
        (opened(1, NOON, kind="Email Opened"), "bad_kind", "kind"),
        (opened(1, NOON) | {"topic": "engagements"}, "missing", "kind"),
        (opened(1, NOON, occurred_at="2026-03-02T12:00:00"), "no_zone", "occurred_at"),
        (opened(1, NOON, occurred_at="2026-13-02T12:00:00Z"), "bad_instant", "occurred_at"),
        (opened(1, NOON, occurred_at="yesterday"), "bad_instant", "occurred_at"),
        (opened(1, "1999-12-31T23:59:59.999Z"), "too_old", "occurred_at"),
        (opened(1, NOON, occurred_at="2025-01-26T11:59:59.999Z"), "too_old", "occurred_at"),
        (opened(1, NOON, occurred_at="2026-03-02T13:05:00.001+01:00"), "in_future", "occurred_at"),
        (opened(1, NOON, minutes=float("inf")), "bad_number", "minutes"),
        (opened(1, NOON, command="promote") | {"topic": "lead.commands"}, "unknown_command", "command"),
        (
            opened(1, NOON, command="model", version="2", body="rules: [{id: x}]") | {"topic": "lead.commands"},
            "bad_model",
            "body",
        ),
    ],
)
def test_what_is_refused_says_why(line: Any, reason: str, field: str) -> None:
    """A refused line is listed with its number, a reason and the member, and makes no lead."""
    answer = run({"rules": [OPEN]}, [line], NOON)
    assert answer["rejected"] == [{"line": 1, "reason": reason, "field": field}]
    assert answer["leads"] == []


@pytest.mark.parametrize(
    "occurred_at", ["2025-01-26T12:00:00Z", "2026-03-02T13:05:00+01:00", "2026-03-02T12:05:00Z"]
)
def test_bounds_of_an_instant_are_accepted(occurred_at: str) -> None:
    """Exactly 400 days before the record, and exactly 5 minutes after it, are not refused."""
    answer = run({"rules": [OPEN]}, [opened(1, NOON, occurred_at=occurred_at)], NOON)
    assert answer["rejected"] == []
    assert len(answer["leads"]) == 1


def test_model_in_force_changes_by_command() -> None:
    """Points change at once and alert nobody; a rule with another decay counts from then on only."""
    bands = [{"name": "hot", "enter": 50, "leave": 40, "alert": True}]
    old = {"rules": [OPEN, {"id": "o2", "kind": "email.opened", "points": 3}], "bands": bands}
    new = {"rules": [OPEN | {"points": 60}, {"id": "o2", "kind": "email.opened", "points": 3, "half_life": "7d"}]}
    command = {"id": "c", "occurred_at": NOON, "command": "model", "version": "2"}
    body = yaml.safe_dump(new | {"bands": bands})
    lines = [
        opened(1, "2026-03-01T12:00:00Z"),
        {"topic": "lead.commands", "timestamp": NOON, "value": command | {"body": body}},
    ]
    answer = run(old, lines, NOON)
    assert [(one["cause"], one["score"], one["previous_score"]) for one in answer["changes"]] == [("model", 60, 13)]
    assert moves(answer) == [("cold", "hot", NOON, False)]
    assert final(old, [*lines, opened(2, NOON)], "2026-03-09T12:00:00Z") == 100
    assert final(old | {"scale": {"max": 500}}, lines, "2026-03-09T12:00:00Z") == 60
