"""Red flags: how far they hold the score down, when they end, what is published of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.reference.examples import NOON, OPEN, commanded, moves, opened, steps
from tests.unit.worked import final, run

ONE, TWO = "2026-03-02T13:00:00Z", "2026-03-02T14:00:00Z"
HALF_PAST = "2026-03-02T12:30:00.001Z"
"""A flag that ends then is down from that millisecond on, and is looked at in the next whole second."""

EXPIRED = "2026-03-02T12:30:01Z"
HOT = {"name": "hot", "enter": 50, "leave": 40, "alert": True}
MODEL: dict[str, Any] = {"rules": [OPEN | {"points": 60}], "bands": [HOT]}


def flag(occurred_at: str = NOON, /, reason: str = "doubt", **members: Any) -> dict[str, Any]:
    """Somebody raises a flag."""
    return commanded("flag", occurred_at, reason=reason, **members)


def test_the_lowest_cap_holds() -> None:
    """Of several flags; one without a cap has the model's."""
    lines = [opened(1, NOON), flag(reason="a", cap=30), flag(reason="b", cap=20.5), flag(reason="c", cap=90)]
    assert final(MODEL, lines, ONE) == 20.5
    assert final(MODEL | {"flag_cap": 7}, [*lines, flag(reason="d")], ONE) == 7
    assert final(MODEL, [*lines, flag(reason="d")], ONE) == 0


def test_a_flag_may_hold_below_the_scale() -> None:
    """The cap comes after the clamp to the scale."""
    assert final(MODEL, [opened(1, NOON), flag(cap=-5)], NOON) == -5


def test_a_flag_ends_in_the_first_whole_second() -> None:
    """Raised it alerts nobody; expired it lets the lead up again, with an alert; each step is published."""
    lines = [opened(1, NOON), flag(until=HALF_PAST)]
    answer = run(MODEL, lines, TWO)
    assert steps(answer) == [
        ("cold to hot", "signal", NOON),
        ("doubt raised", "flag", NOON),
        ("hot to cold", "flag", NOON),
        ("doubt expired", "flag", EXPIRED),
        ("cold to hot", "flag", EXPIRED),
    ]
    assert moves(answer)[-1] == ("cold", "hot", EXPIRED, True)
    assert [one["score"] for one in answer["changes"]] == [60, 0, 0, 60, 60]


@pytest.mark.parametrize(
    ("at", "score"), [("12:30:00.000", 0), ("12:30:00.001", 60), ("12:30:00.999", 60), ("12:30:01", 60)]
)
def test_the_score_is_free_from_the_end_on(at: str, score: float) -> None:
    """To the millisecond, also before the second in which the lead is looked at."""
    assert final(MODEL, [opened(1, NOON), flag(until=HALF_PAST)], f"2026-03-02T{at}Z") == score


def test_between_end_and_expiry_a_flag_is_down() -> None:
    """There is nothing to lift; raised anew it replaces the old one, which then never expires."""
    between = "2026-03-02T12:30:00.500Z"
    lines = [opened(1, NOON), flag(until=HALF_PAST)]
    answer = run(MODEL, [*lines, commanded("unflag", between, reason="doubt")], ONE)
    assert (answer["ignored"]["command"], steps(answer)[-2][0]) == (1, "doubt expired")
    told = steps(run(MODEL, [*lines, flag(between, cap=45)], ONE))
    assert [what for what, _, _ in told] == ["cold to hot", "doubt raised", "hot to cold", "doubt raised"]


def test_flags_of_one_second_expire_together() -> None:
    """By their ends, then by name; the bands are looked at once, after all of them."""
    lines = [
        opened(1, NOON),
        flag(reason="b", until=EXPIRED),
        flag(reason="z", until=HALF_PAST),
        flag(reason="a", until=EXPIRED),
    ]
    assert [what for what, _, when in steps(run(MODEL, lines, ONE)) if when == EXPIRED] == [
        "z expired",
        "a expired",
        "b expired",
        "cold to hot",
    ]


def test_an_input_at_the_end_finds_the_flag_expired() -> None:
    """The lead is advanced before anything is applied."""
    answer = run(MODEL, [opened(1, NOON), flag(until=ONE), opened(2, ONE)], ONE)
    assert steps(answer)[-2:] == [("doubt expired", "flag", ONE), ("cold to hot", "flag", ONE)]


@pytest.mark.parametrize("until", ["2026-03-02T12:59:59.999Z", ONE])
def test_a_flag_that_has_ended_already_is_ignored(until: str) -> None:
    """At the instant at which it would be applied, which is `as_of` for a late one; it advances nothing."""
    answer = run(MODEL, [opened(1, ONE), flag(NOON, until=until)], ONE)
    assert (answer["ignored"]["command"], len(answer["changes"])) == (1, 1)


def test_a_17th_flag_finds_no_place() -> None:
    """A known reason may be raised again, and once one has expired there is room."""
    many = [flag(reason=f"r{number}", until=ONE if number == 3 else None, cap=50) for number in range(16)]
    answer = run(MODEL, [*many, flag(reason="r16"), flag(reason="r7", cap=1)], NOON)
    assert answer["rejected"] == [{"line": 17, "reason": "too_many", "field": "reason"}]
    assert len(answer["leads"][0]["flags"]) == 16
    later = run(MODEL, [*many, flag("2026-03-02T12:59:59.999Z", reason="r16"), flag(ONE, reason="r17")], ONE)
    assert [one["line"] for one in later["rejected"]] == [17]
    assert "r17" in later["leads"][0]["flags"]


def test_a_flag_raised_again_replaces_the_one_before() -> None:
    """With its own end and cap, up or down, and without an alert though the lead goes up."""
    lines = [flag(), opened(1, NOON), flag(ONE, cap=55, by="sales:kim")]
    answer = run(MODEL, lines, TWO)
    assert moves(answer) == [("cold", "hot", ONE, False)]
    assert answer["changes"][-2]["flag"] == {
        "reason": "doubt",
        "action": "raised",
        "by": "sales:kim",
        "until": None,
        "cap": 55,
    }


def test_a_lifted_flag_lets_the_lead_alert() -> None:
    """As a signal would."""
    lines = [flag(), opened(1, NOON), commanded("unflag", ONE, reason="doubt", verdict="wrong")]
    assert moves(run(MODEL, lines, ONE)) == [("cold", "hot", ONE, True)]


@pytest.mark.parametrize(
    ("reason", "kept"), [("x" * 300, "x" * 200), ("é" * 200, "é" * 120), ("a" + "é" * 200, "a" + "é" * 119)]
)
def test_texts_are_cut_where_the_state_ends(reason: str, kept: str) -> None:
    """200 characters, and 240 bytes of UTF-8; the same text, cut alike, lifts the flag."""
    lines = [flag(reason=reason, by="é" * 40), commanded("unflag", NOON, reason=reason)]
    raised, lifted = run(MODEL, lines, NOON)["changes"]
    assert (raised["flag"]["reason"], raised["flag"]["by"]) == (kept, "é" * 30)
    assert lifted["flag"]["action"] == "lifted"
