"""Surges, by figures worked out by hand: the rise, what is usual, the kinds, the cooldown, the memory."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.reference.examples import NOON, OPEN, commanded, opened, profiled
from tests.unit.worked import run

CLICK = {"id": "click", "kind": "email.clicked", "points": 6}
SURGE: dict[str, Any] = {"points": 30, "within": "48h"}
MODEL: dict[str, Any] = {"rules": [OPEN, CLICK], "surge": SURGE}
ONE, WEDNESDAY = "2026-03-02T13:00:00Z", "2026-03-04T12:00:00Z"
Surges = list[tuple[str, float, float, list[str], bool]]


def surges(lines: list[Any], as_of: str = WEDNESDAY, **members: Any) -> Surges:
    """Of each surge: when, rise, usual, kinds, alert; `members` are the surge's own."""
    model = MODEL | {"surge": SURGE | members}
    return [
        (one["occurred_at"], one["rise"], one["usual"], one["kinds"], one["alert"])
        for one in run(model, lines, as_of)["changes"]
        if one["kind"] == "surge"
    ]


def opens(count: int, occurred_at: str = NOON, first: int = 0) -> list[dict[str, Any]]:
    """So many opens of one instant."""
    return [opened(first + number, occurred_at) for number in range(count)]


def test_a_surge_is_the_undecayed_rise() -> None:
    """Three opens make 30, however fast they fade; each further signal of the two days is a surge again."""
    lines = [*opens(3), opened(9, ONE, kind="email.clicked")]
    model = MODEL | {"rules": [OPEN | {"half_life": "1h"}, CLICK]}
    told = [(one["rise"], one["score"]) for one in run(model, lines, ONE)["changes"]]
    assert told == [(30, 30), (36, 21)]


@pytest.mark.parametrize(("at", "count"), [("11:59:59.999", 1), ("12:00:00", 0)])
def test_what_is_as_old_as_within_is_out(at: str, count: int) -> None:
    """Two days to the millisecond, by when the signals occurred."""
    assert len(surges([*opens(2), opened(9, f"2026-03-04T{at}Z")])) == count


def test_a_late_signal_is_in_the_days_that_it_occurred_in() -> None:
    """The days end at `as_of`: what is late raises the rise of now if it occurred within them."""
    lines = [opened(1, WEDNESDAY), opened(2, WEDNESDAY)]
    late = opened(3, "2026-03-02T12:00:00.001Z") | {"timestamp": WEDNESDAY}
    assert surges([*lines, late]) == [(WEDNESDAY, 30, 0, ["email.opened"], True)]
    too_late = opened(3, NOON) | {"timestamp": WEDNESDAY}
    assert surges([*lines, too_late]) == []


def test_a_surge_needs_its_kinds() -> None:
    """Of signals that gave points; one that no rule names is `other` and gives none."""
    lines = [*opens(4), opened(8, ONE, kind="call.answered"), opened(9, ONE, kind="email.clicked")]
    assert surges(lines, kinds=2) == [(ONE, 46, 0, ["email.clicked", "email.opened"], True)]


@pytest.mark.parametrize(("times_usual", "count"), [(21, 1), (21.01, 0)])
def test_what_is_usual_is_of_the_28_days_before(times_usual: float, count: int) -> None:
    """20 points in the 28 days before the day of two days ago: 20 / 28 x 2; three opens are 21 times that."""
    lines = [opened(90, "2026-01-29T12:00:00Z"), opened(91, "2026-02-01T00:00:00Z")]
    lines += [opened(92, "2026-02-27T23:59:59Z")]
    lines += opens(3, "2026-03-03T12:00:00Z")
    found = surges(lines, times_usual=times_usual)
    assert [(rise, usual) for _, rise, usual, _, _ in found] == [(30, pytest.approx(20 / 28 * 2))] * count


def test_days_are_those_of_the_models_timezone() -> None:
    """23:30 in UTC is the next day in Berlin, and so within the day of two days ago, which is not usual."""
    lines = [opened(90, "2026-02-28T23:30:00Z"), *opens(3, "2026-03-03T22:00:00Z")]
    usual = [
        run(MODEL | {"timezone": zone}, lines, WEDNESDAY)["changes"][-1]["usual"]
        for zone in ("UTC", "Europe/Berlin")
    ]
    assert usual == [pytest.approx(10 / 28 * 2), 0]


@pytest.mark.parametrize(("cooldown", "count"), [("1h", 2), ("3601s", 1), ("7d", 1)])
def test_a_surge_cools_down(cooldown: str, count: int) -> None:
    """The next one is at least so long after the last one."""
    assert len(surges([*opens(3), opened(9, ONE)], cooldown=cooldown)) == count


@pytest.mark.parametrize(
    "line",
    [
        commanded("flag", NOON, reason="doubt"),
        commanded("outcome", NOON, result="converted"),
        commanded("outcome", NOON, result="dead"),
        profiled(NOON, domain="rival.example"),
    ],
)
def test_a_surge_that_does_not_alert_is_told_all_the_same(line: dict[str, Any]) -> None:
    """A flag is up, by command or by a rule, or the lead is done with: it is published, and cools down."""
    rival = {"id": "rival", "where": {"domain": "rival.example"}, "flag": "competitor"}
    model = MODEL | {"fit": [rival], "surge": SURGE | {"cooldown": "7d"}}
    lines = [opened(0, NOON), line, *opens(3, first=1), opened(9, ONE)]
    found = [one for one in run(model, lines, ONE)["changes"] if one["kind"] == "surge"]
    assert [(one["occurred_at"], one["alert"]) for one in found] == [(NOON, False)]


def test_reopened_a_lead_alerts_again() -> None:
    """What was told last counts."""
    told = [commanded("outcome", NOON, result=result) for result in ("dead", "reopened")]
    assert surges([opened(0, NOON), *told, *opens(2, first=1)])[0][-1] is True


def test_the_newest_32_that_gave_points_are_remembered() -> None:
    """33 opens of 1 point make 32; what gives nothing takes no place; a retracted one leaves its place empty."""
    model = MODEL | {"rules": [OPEN | {"points": 1}], "surge": SURGE | {"points": 1}}
    lines = [*opens(33), *(opened(number, NOON, kind="call.answered") for number in range(40))]
    assert run(model, lines, NOON)["changes"][-1]["rise"] == 32
    retract = commanded("retract", NOON, kind="email.opened", signal_id="e-32")
    rises = [one["rise"] for one in run(model, [*opens(33), retract, opened(99, NOON)], NOON)["changes"]]
    assert rises[-2:] == [32, 31]


def test_gains_are_remembered_beyond_the_log_of_ids() -> None:
    """300 signals without points push 20 opens out of the log; they are still of the newest 32 with points."""
    model = MODEL | {"rules": [OPEN | {"points": 1}, CLICK], "surge": SURGE | {"points": 1}}
    calls = [opened(1_000 + number, NOON, kind="call.answered") for number in range(300)]
    lines = [*opens(20), *calls, opened(99, ONE, kind="email.clicked")]
    last = run(model, lines, ONE)["changes"][-1]
    assert (last["rise"], last["kinds"]) == (26, ["email.clicked", "email.opened"])
    more = [*opens(40), *calls, *opens(10, first=50), opened(99, ONE, kind="email.clicked")]
    assert run(model, more, ONE)["changes"][-1]["rise"] == 31 + 6


def test_a_later_model_does_not_change_what_was_gathered() -> None:
    """The points are those that the signals were worth when they counted."""
    new = {"version": "2", "rules": [OPEN | {"points": 1}, CLICK], "surge": SURGE | {"points": 5}}
    put_in_force = commanded("model", NOON, version="2", body=json.dumps(new))
    lines = [*opens(2), put_in_force, opened(9, ONE)]
    found = [one for one in run(MODEL, lines, ONE)["changes"] if one["kind"] == "surge"]
    assert [one["rise"] for one in found] == [21]
