"""The slow reference scorer, against figures worked out by hand: bands and falls."""

from __future__ import annotations

from tests.support.reference import differences
from tests.support.reference.examples import NOON, OPEN, moves, opened, run


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
