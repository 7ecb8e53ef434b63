"""Who a lead is: fields that the newest wins, fit, BANT, personas with their own lines, grades."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tests.support.reference.examples import NOON, OPEN, commanded, moves, opened, profiled, steps
from tests.unit.worked import final, run, told

ONE, TWO = "2026-03-02T13:00:00Z", "2026-03-02T14:00:00Z"
VP = {"id": "vp", "where": {"job_title": {"matches": r"\bvp\b"}}, "points": 15}
NO_PHONE = {"id": "no-phone", "where": {"phone": {"missing": True}}, "points": -5}
LARGE = {"id": "large", "where": {"size": {"min": 1000}}, "points": 20}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_newest_value_of_each_field_counts(order: tuple[int, ...]) -> None:
    """By when it occurred, in whatever order it arrives; a field that a later profile leaves out stays."""
    profiles = [
        profiled(NOON, job_title="VP", size=5),
        profiled(ONE, size=5000),
        profiled(TWO, job_title="intern"),
    ]
    lines = [profiles[place] | {"timestamp": TWO} for place in order]
    assert final({"fit": [VP, LARGE]}, lines, TWO) == 20


def test_of_two_values_of_one_instant_the_later_arrival_counts() -> None:
    """The same value may come twice; another one of that instant replaces it."""
    model = {"fit": [VP]}
    assert final(model, [profiled(NOON, job_title="VP"), profiled(NOON, job_title="intern")], NOON) == 0
    assert final(model, [profiled(NOON, job_title="intern"), profiled(NOON, job_title="VP")], NOON) == 15


def test_a_blank_field_was_not_sent() -> None:
    """Null and white space neither say anything nor take back what is known."""
    lines = [profiled(NOON, job_title="VP"), profiled(ONE, job_title=None), profiled(TWO, job_title="  ")]
    assert final({"fit": [VP]}, lines, TWO) == 15


def test_without_a_profile_no_fit_rule_applies() -> None:
    """Not even `missing`; once there is one, even of no field, what is missing is missed."""
    model = {"rules": [OPEN], "fit": [NO_PHONE]}
    assert final(model, [opened(1, NOON)], NOON) == 10
    assert final(model, [opened(1, NOON), profiled(ONE)], ONE) == 5
    assert final(model, [opened(1, NOON), profiled(ONE, phone="1")], ONE) == 10


def test_an_unknown_field_satisfies_nothing_but_missing() -> None:
    """No number is zero for want of being known."""
    fit = [{"id": "small", "where": {"size": {"max": 10}}, "points": 7}]
    assert final({"fit": fit}, [profiled(NOON, budget=1)], NOON) == 0
    assert final({"fit": fit}, [profiled(NOON, size=0)], NOON) == 7


def test_fit_is_clamped_by_its_groups() -> None:
    """Rules of the group `fit`, or of one that they share with engagement."""
    model = {"fit": [VP, LARGE], "groups": {"fit": {"max": 30}}}
    lead = told(model, [profiled(NOON, job_title="VP", size=1000)], NOON)
    assert (lead["score"], lead["adjustments"]) == (30, [{"what": "group fit", "points": -5}])


def test_dimensions_tell_unknown_from_zero() -> None:
    """Known is what some rule's field was sent for, whether or not the rule matches."""
    fit = [
        {"id": "budget", "where": {"budget": {"min": 10_000}}, "points": 10, "dimension": "budget"},
        {"id": "chief", "where": {"job_title": "chief"}, "points": 5, "dimension": "authority"},
        {"id": "soon", "where": {"timeline": "soon"}, "points": 5, "dimension": "timeline"},
    ]
    lead = told({"fit": fit}, [profiled(NOON, budget=0, timeline="soon")], NOON)
    assert lead["fit"]["dimensions"] == {
        "budget": {"known": True, "points": 0},
        "authority": {"known": False, "points": 0},
        "timeline": {"known": True, "points": 5},
    }


BANDS = [{"name": "warm", "enter": 10, "leave": 5}, {"name": "hot", "enter": 70, "leave": 60, "alert": True}]
SEGMENTS = [
    {"name": "large", "where": {"size": {"min": 1000}}, "bands": {"hot": {"enter": 20, "leave": 15}}},
    {"name": "known", "where": {"job_title": {"missing": False}}},
]


def test_a_persona_brings_its_own_lines() -> None:
    """The first that matches: by its lines the lead is hot; when it is taken for another, it falls. All by cause
    `profile`."""
    model: dict[str, Any] = {"rules": [OPEN | {"points": 30}], "bands": BANDS, "segments": SEGMENTS}
    lines = [opened(1, NOON), profiled(ONE, size=5000, job_title="VP"), profiled(TWO, size=5)]
    answer = run(model, lines, TWO)
    assert steps(answer) == [
        ("cold to warm", "signal", NOON),
        ("warm to hot", "profile", ONE),
        ("hot to warm", "profile", TWO),
    ]
    assert [(one["segment"], one["threshold"], one["alert"]) for one in answer["changes"]] == [
        (None, 70, False),
        ("large", 20, True),
        ("known", 70, False),
    ]
    assert answer["leads"][0]["segment"] == "known"


def test_a_persona_falls_by_its_own_line() -> None:
    """What time alone does looks at the lines that are the lead's."""
    rules = [OPEN | {"points": 30, "expires_after": "1h"}, OPEN | {"id": "stays", "points": 12}]
    model = {"rules": rules, "bands": BANDS, "segments": SEGMENTS}
    lines = [profiled(NOON, size=5000), opened(1, NOON)]
    assert moves(run(model, lines, TWO)) == [("cold", "hot", NOON, True), ("hot", "warm", ONE, False)]


@pytest.mark.parametrize(
    ("fields", "opens", "grade"),
    [
        ({}, 0, "D4"),
        ({"job_title": "VP"}, 1, "B3"),
        ({"job_title": "VP", "size": 1000}, 3, "A2"),
        ({"size": 1000}, 6, "A1"),
        ({"size": 10, "phone": ""}, 2, "D3"),
    ],
)
def test_grade_is_fit_beside_engagement(fields: dict[str, Any], opens: int, grade: str) -> None:
    """The letter by the fit groups' sum, the number by that of all others; reaching a line is enough."""
    grades = {"fit": {"A": 20, "B": 15}, "engagement": {1: 60, 2: 30, 3: 10}}
    model = {"rules": [OPEN], "fit": [VP, LARGE], "grades": grades}
    lines = [profiled(NOON, **fields), *(opened(number, NOON) for number in range(opens))]
    assert told(model, lines, NOON)["grade"] == grade


def test_grade_of_a_lead_without_a_profile() -> None:
    """Its fit is 0, whatever a profile with nothing in it would cost."""
    model = {"rules": [OPEN], "fit": [NO_PHONE], "grades": {"fit": {"C": 0}, "engagement": {1: 10}}}
    assert told(model, [opened(1, NOON)], NOON)["grade"] == "C1"
    assert told(model, [opened(1, NOON), profiled(NOON)], NOON)["grade"] == "D1"


def test_a_flag_of_a_rule_stands_while_it_matches() -> None:
    """No command lifts it; the same reason may be up from both, and then both must go."""
    rival = {"id": "rival", "where": {"domain": "rival.example"}, "flag": "competitor"}
    model = {"rules": [OPEN], "fit": [rival], "flag_cap": 4}
    lines = [
        opened(1, NOON),
        profiled(NOON, domain="rival.example"),
        commanded("flag", NOON, reason="competitor", cap=7),
        commanded("unflag", ONE, reason="competitor"),
        commanded("unflag", ONE, reason="competitor"),
    ]
    answer = run(model, lines, ONE)
    assert (answer["leads"][0]["score"], answer["leads"][0]["flags"]) == (4, ["competitor"])
    assert answer["ignored"]["command"] == 1
    assert final(model, [*lines, profiled(TWO, domain="acme.example")], TWO) == 10
    assert final(model, [*lines[:3], profiled(TWO, domain="acme.example")], TWO) == 7
