"""The slow reference scorer, against figures worked out by hand: surge."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.reference.examples import NOON, OPEN, Answer, commanded, opened, run, steps

CLICK = {"id": "click", "kind": "email.clicked", "points": 6}
BAD = {"id": "bad", "kind": "email.bounced", "points": -50}
SURGE: dict[str, Any] = {"points": 30, "within": "48h"}
MODEL: dict[str, Any] = {"rules": [OPEN, CLICK, BAD], "surge": SURGE}
WEDNESDAY = "2026-03-04T12:00:00Z"


def surges(answer: Answer) -> list[tuple[str, float, float, list[str], bool]]:
    """Of each surge: when, rise, usual, kinds, alert."""
    return [
        (one["occurred_at"], one["rise"], one["usual"], one["kinds"], one["alert"])
        for one in answer["changes"]
        if one["kind"] == "surge"
    ]


def test_a_surge_is_the_sum_of_the_newest_signals() -> None:
    """Three opens make 30; decay and what was taken do not count, and each further signal is in a surge, too."""
    rules = [OPEN | {"half_life": "1h"}, CLICK, BAD]
    lines = [opened(number, f"2026-03-02T{hour}:00:00Z") for number, hour in enumerate((12, 13, 14))]
    lines.insert(2, opened(9, "2026-03-02T13:30:00Z", kind="email.bounced"))
    lines.append(opened(10, "2026-03-02T15:00:00Z", kind="email.clicked"))
    answer = run(MODEL | {"rules": rules}, lines, WEDNESDAY)
    assert surges(answer) == [
        ("2026-03-02T14:00:00Z", 30, 0, ["email.opened"], True),
        ("2026-03-02T15:00:00Z", 36, 0, ["email.clicked", "email.opened"], True),
    ]


@pytest.mark.parametrize(("last", "surge"), [("11:59:59.999", True), ("12:00:00", False)])
def test_what_is_as_old_as_within_is_out(last: str, surge: bool) -> None:
    """At `t - within` exactly a signal is no longer part of the rise."""
    lines = [opened(1, NOON), opened(2, NOON), opened(3, f"2026-03-04T{last}Z")]
    assert bool(surges(run(MODEL, lines, WEDNESDAY))) is surge


def test_a_surge_needs_its_kinds() -> None:
    """With two kinds asked for, only the click makes it one; without positive points a kind is none."""
    lines = [opened(number, NOON) for number in range(3)]
    lines += [opened(8, NOON, kind="page.viewed"), opened(9, NOON, kind="email.clicked")]
    answer = run(MODEL | {"surge": SURGE | {"kinds": 2}}, lines, NOON)
    assert surges(answer) == [(NOON, 36, 0, ["email.clicked", "email.opened"], True)]


@pytest.mark.parametrize(("times_usual", "surge"), [(20, True), (22, False)])
def test_a_surge_is_beyond_what_is_usual(times_usual: float, surge: bool) -> None:
    """Two opens in the 28 days before the day of `t - 48 h` are 20 / 28 x 2 = 1.43 in two days; 30 is 21 times it.

    The opens of January 30 and of February 28 do not count: the first is too old, the second within the day of
    `t - 48 h`.
    """
    before = ["2026-01-30T23:59:59Z", "2026-01-31T00:00:00Z", "2026-02-27T23:59:59Z", "2026-02-28T00:00:00Z"]
    lines = [opened(number, instant) for number, instant in enumerate(before)]
    lines += [opened(number, "2026-03-02T18:00:00Z") for number in range(10, 13)]
    answer = run(MODEL | {"surge": SURGE | {"times_usual": times_usual}}, lines, WEDNESDAY)
    found = surges(answer)
    assert bool(found) is surge
    if surge:
        assert found[0][2] == pytest.approx(20 / 28 * 2)


def test_a_surge_waits_for_its_cooldown() -> None:
    """24 h after the last surge there may be another; one that does not alert counts as the last, too."""
    lines = [opened(number, NOON) for number in range(3)]
    lines.insert(0, commanded("flag", NOON, reason="doubt", until="2026-03-02T18:00:00Z"))
    lines += [opened(10, "2026-03-03T11:59:59Z"), opened(11, "2026-03-03T12:00:00Z")]
    answer = run(MODEL | {"surge": SURGE | {"cooldown": "24h"}}, lines, WEDNESDAY)
    assert [(at, rise, alert) for at, rise, _, _, alert in surges(answer)] == [
        (NOON, 30, False),
        ("2026-03-03T12:00:00Z", 50, True),
    ]


def test_a_surge_comes_after_the_band_and_alerts_no_dead_lead() -> None:
    """The signal that makes both publishes the band first."""
    bands = [{"name": "hot", "enter": 30, "leave": 20, "alert": True}]
    lines = [opened(number, NOON) for number in range(3)]
    lines.insert(1, commanded("outcome", NOON, result="dead"))
    answer = run(MODEL | {"bands": bands}, lines, NOON)
    assert steps(answer) == [("cold to hot", "signal", NOON), ("surge", "signal", NOON)]
    assert [one["alert"] for one in answer["changes"]] == [False, False]


def test_a_retracted_signal_leaves_its_place_empty() -> None:
    """Of 33 clicks of 6 the newest 32 are 192; with one of those retracted the next makes 31 of 32 places, 186."""
    model = {"rules": [CLICK], "surge": SURGE, "scale": {"max": 1000}}
    lines = [opened(number, NOON, kind="email.clicked") for number in range(33)]
    assert surges(run(model, lines, NOON))[-1][1] == 192
    lines.append(commanded("retract", NOON, kind="email.clicked", signal_id="e-20"))
    lines.append(opened(33, NOON, kind="email.clicked"))
    assert surges(run(model, lines, NOON))[-1][1] == 186


def test_a_late_signal_is_judged_at_as_of() -> None:
    """It makes a surge if it occurred within 48 h of where the lead is, not of its own instant."""
    lines = [opened(1, WEDNESDAY), opened(2, "2026-03-03T12:00:00Z"), opened(3, NOON)]
    assert surges(run(MODEL, lines, WEDNESDAY)) == []
    lines.append(opened(4, "2026-03-02T12:00:01Z"))
    assert surges(run(MODEL, lines, WEDNESDAY)) == [(WEDNESDAY, 30, 0, ["email.opened"], True)]
