"""The slow reference scorer, against figures worked out by hand: red flags."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.reference.examples import NOON, OPEN, commanded, final, moves, opened, run, steps, told

ONE = "2026-03-02T13:00:00Z"
TWO = "2026-03-02T14:00:00Z"
HOT = {"name": "hot", "enter": 50, "leave": 40, "alert": True}
MODEL: dict[str, Any] = {"rules": [OPEN | {"points": 80}], "bands": [HOT]}


def flag(occurred_at: str, reason: str = "doubt", /, **members: Any) -> dict[str, Any]:
    """A flag on lead L."""
    return commanded("flag", occurred_at, reason=reason, **members)


def unflag(occurred_at: str, reason: str = "doubt", /, **members: Any) -> dict[str, Any]:
    """A flag taken from lead L."""
    return commanded("unflag", occurred_at, reason=reason, **members)


def test_the_lowest_cap_holds() -> None:
    """80 under caps of 60 and of 20 is 20; a flag without a cap has the model's."""
    lines = [opened(1, NOON), flag(NOON, "a", cap=60)]
    assert final(MODEL, lines, NOON) == 60
    assert final(MODEL, [*lines, flag(NOON, "b", cap=20)], NOON) == 20
    assert final(MODEL, [*lines, flag(NOON, "c")], NOON) == 0
    assert final(MODEL | {"flag_cap": 7}, [*lines, flag(NOON, "c")], NOON) == 7


def test_raising_and_lifting_are_published_before_the_band() -> None:
    """A flag takes the lead out of hot and alerts nobody; lifting it brings the lead back, and alerts."""
    lines = [opened(1, NOON), flag(ONE, cap=45, by="sales:kim"), flag(ONE, cap=30), unflag(TWO)]
    answer = run(MODEL, lines, TWO)
    assert steps(answer) == [
        ("cold to hot", "signal", NOON),
        ("doubt raised", "flag", ONE),
        ("doubt raised", "flag", ONE),
        ("hot to cold", "flag", ONE),
        ("doubt lifted", "flag", TWO),
        ("cold to hot", "flag", TWO),
    ]
    assert [one["alert"] for one in answer["changes"]] == [True, False, False, False, False, True]
    assert [(one["score"], one["previous_score"]) for one in answer["changes"]] == [
        (80, 0),
        (45, 80),
        (30, 45),
        (30, 45),
        (80, 30),
        (80, 30),
    ]
    first = answer["changes"][1]["flag"]
    assert first == {"reason": "doubt", "action": "raised", "by": "sales:kim", "until": None, "cap": 45}


def test_a_flag_that_raises_the_cap_does_not_alert() -> None:
    """Raised again with a higher cap the lead goes up, but by a raised flag."""
    answer = run(MODEL, [flag(NOON, cap=10), opened(1, NOON), flag(ONE, cap=90)], ONE)
    assert moves(answer) == [("cold", "hot", ONE, False)]


def test_a_flag_expires_at_the_first_whole_second() -> None:
    """Up until 13:00:00.300: the score is free at once, the band follows at 13:00:01, by the flag, and alerts."""
    lines = [opened(1, NOON), flag(NOON, cap=10, until="2026-03-02T13:00:00.300Z")]
    assert final(MODEL, lines, "2026-03-02T13:00:00.299Z") == 10
    lead = told(MODEL, lines, "2026-03-02T13:00:00.300Z")
    assert (lead["score"], lead["band"], lead["flags"]) == (80, "cold", [])
    answer = run(MODEL, lines, TWO)
    assert steps(answer)[3:] == [
        ("doubt expired", "flag", "2026-03-02T13:00:01Z"),
        ("cold to hot", "flag", "2026-03-02T13:00:01Z"),
    ]
    assert answer["changes"][-1]["alert"]
    whole = [opened(1, NOON), flag(NOON, cap=10, until=ONE)]
    assert steps(run(MODEL, whole, TWO))[3:] == [("doubt expired", "flag", ONE), ("cold to hot", "flag", ONE)]


def test_flags_of_one_second_expire_together() -> None:
    """In the order of their ends, then of their reasons; the bands are looked at once."""
    ends = {"c": "2026-03-02T12:59:59.100Z", "b": ONE, "a": ONE}
    lines = [opened(1, NOON), *(flag(NOON, reason, cap=45, until=end) for reason, end in ends.items())]
    answer = run(MODEL | {"bands": [HOT | {"leave": 46}]}, lines, TWO)
    assert steps(answer)[-4:] == [
        ("c expired", "flag", ONE),
        ("a expired", "flag", ONE),
        ("b expired", "flag", ONE),
        ("cold to hot", "flag", ONE),
    ]


def test_an_input_at_the_end_finds_the_flag_gone() -> None:
    """At 13:00 the flag expires first; an input between the end and the whole second finds no cap, but the flag."""
    lines = [opened(1, NOON), flag(NOON, cap=10, until=ONE), opened(2, ONE, kind="page.viewed")]
    assert steps(run(MODEL, lines, ONE))[-1] == ("cold to hot", "flag", ONE)
    between = "2026-03-02T13:00:00.500Z"
    lines = [opened(1, NOON), flag(NOON, cap=10, until="2026-03-02T13:00:00.300Z")]
    lines.append(opened(2, between, kind="page.viewed"))
    assert steps(run(MODEL, lines, TWO))[3:] == [
        ("cold to hot", "signal", between),
        ("doubt expired", "flag", "2026-03-02T13:00:01Z"),
    ]


def test_a_fall_of_the_second_of_an_expiry_is_by_the_flag() -> None:
    """80 points expire at the second at which a flag does: the lead falls once, cause flag."""
    model = MODEL | {"rules": [OPEN | {"points": 80, "expires_after": "1h"}]}
    answer = run(model, [opened(1, NOON), flag(NOON, cap=60, until=ONE)], TWO)
    assert steps(answer)[2:] == [("doubt expired", "flag", ONE), ("hot to cold", "flag", ONE)]


def test_a_flag_makes_a_lead_and_one_that_is_over_does_not() -> None:
    """Unless its `until` is not after the instant at which it would be applied."""
    assert told(MODEL, [flag(NOON)], NOON)["flags"] == ["doubt"]
    answer = run(MODEL, [flag(NOON, until=NOON)], NOON)
    assert (answer["leads"], answer["ignored"]["command"]) == ([], 1)


def test_what_is_ignored_advances_nothing() -> None:
    """An unflag of a reason that is not up leaves a lead where it was; the late input after it is judged there."""
    lines = [opened(1, NOON), unflag(TWO), flag(TWO, until=ONE)]
    answer = run(MODEL, [*lines, flag(ONE, until=TWO)], ONE)
    assert answer["ignored"]["command"] == 2
    assert steps(answer)[1] == ("doubt raised", "flag", ONE)


@pytest.mark.parametrize(
    ("until", "refused"), [(None, 1), (TWO, 1), ("2026-03-02T12:59:59.500Z", 1), ("2026-03-02T12:59:59Z", 0)]
)
def test_a_17th_flag_is_refused(until: str | None, refused: int) -> None:
    """16 may stand at the instant of the next; one that has expired leaves its place, a known reason needs none."""
    lines = [flag(NOON, f"r{number}") for number in range(15)]
    lines += [flag(NOON, "last", until=until), flag("2026-03-02T12:59:59.600Z", "r3", cap=50)]
    answer = run(MODEL, [*lines, flag("2026-03-02T12:59:59.700Z", "new")], ONE)
    assert len(answer["rejected"]) == refused
    if refused:
        assert answer["rejected"] == [{"line": 18, "reason": "too_many", "field": "reason"}]


def test_a_dead_lead_does_not_alert() -> None:
    """Nor does a converted one; reopened, it alerts again."""
    lines = [opened(1, NOON), flag(NOON), commanded("outcome", NOON, result="dead"), unflag(ONE), flag(ONE)]
    lines += [commanded("outcome", ONE, result="reopened"), unflag(TWO)]
    answer = run(MODEL, lines, TWO)
    assert [(at, alert) for _, to, at, alert in moves(answer) if to == "hot"] == [
        (NOON, True),
        (ONE, False),
        (TWO, True),
    ]


def test_texts_of_a_flag_are_cut() -> None:
    """A reason at 200 characters and 240 bytes, a name at 60 bytes, never within a character."""
    lines = [flag(NOON, "r" * 250, by="b" * 70), flag(NOON, "é" * 150, by="aé" * 30), unflag(NOON, "é" * 130)]
    first, second, lifted = (one["flag"] for one in run(MODEL, lines, NOON)["changes"])
    assert (first["reason"], first["by"]) == ("r" * 200, "b" * 60)
    assert (second["reason"], second["by"]) == ("é" * 120, "aé" * 20)
    assert lifted["reason"] == "é" * 120
