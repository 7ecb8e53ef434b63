"""The slow reference scorer, against figures worked out by hand: profiles and fit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.reference import BadModel, read_model
from tests.support.reference.examples import NOON, OPEN, final, moves, opened, profiled, run, steps, told

LATER = "2026-03-02T13:00:00Z"
VP = {"id": "vp", "where": {"job_title": {"matches": r"\b(vp|chief|head)\b"}}, "points": 15}
BUDGET = {"id": "budget", "where": {"budget": {"min": 10000}}, "points": 10, "dimension": "budget"}
NO_PHONE = {"id": "no-phone", "where": {"phone": {"missing": True}}, "points": -5, "dimension": "need"}


def test_fit_rules_add_up_and_never_decay() -> None:
    """15 for the title and 10 for the budget less 5 without a phone are 20, also a year later."""
    model = {"fit": [VP, BUDGET, NO_PHONE]}
    lines = [profiled(NOON, job_title="The VP Sales", budget=10000)]
    lead = told(model, lines, "2027-03-02T12:00:00Z")
    assert lead["score"] == 20
    assert lead["contributions"] == [
        {"rule": "vp", "points": 15},
        {"rule": "budget", "points": 10},
        {"rule": "no-phone", "points": -5},
    ]


def test_no_profile_means_no_fit() -> None:
    """`missing` holds for a profile without a field, and for no lead without a profile."""
    model = {"rules": [OPEN], "fit": [NO_PHONE | {"points": 7}]}
    assert final(model, [opened(1, NOON)], NOON) == 10
    assert final(model, [opened(1, NOON), profiled(NOON, phone=" ")], NOON) == 17
    assert final(model, [opened(1, NOON), profiled(NOON, phone="123")], NOON) == 10


def test_each_field_keeps_its_newest_value() -> None:
    """A later arrival about an earlier instant fills only what is unknown; at the same instant it wins."""
    model = {"fit": [VP, BUDGET]}
    lines = [profiled(LATER, job_title="VP"), profiled(NOON, job_title="intern", budget=10000)]
    assert final(model, lines, LATER) == 25
    assert final(model, [*lines, profiled(LATER, job_title="intern")], LATER) == 10
    assert final(model, [*lines, profiled(LATER, job_title=None)], LATER) == 25


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ann@acme.example", {"business"}),
        ("bob@gmail.com", {"free"}),
        ("bob@mail.gmail.com", {"free"}),
        ("bob@notgmail.com", {"business"}),
        (" Info+fair@ACME.example ", {"role"}),
        ("sales@gmail.com", {"free", "role"}),
        ("x@mailinator.com", {"disposable", "free"}),
        ("x@sub.0box.eu", {"disposable"}),
        ("sales.team@acme.example", {"business"}),
        ("no address", {"invalid"}),
        ("ann@localhost", {"invalid"}),
        ("ann@acme.test", {"invalid"}),
        (42, {"invalid"}),
        ("", set()),
    ],
)
def test_an_address_is_what_it_is(address: object, words: set[str]) -> None:
    """Free, disposable and role may hold together; business is what is left of the valid ones."""
    every = ("free", "disposable", "role", "invalid", "business")
    model = {"fit": [{"id": word, "where": {"email": {"is": word}}, "points": 1} for word in every]}
    lead = told(model, [profiled(NOON, email=address)], NOON)
    assert {part["rule"] for part in lead["contributions"]} == words


def test_dimensions_tell_unknown_from_nothing() -> None:
    """A budget that was sent is known, though it gives nothing; what was never sent is unknown, though it takes."""
    lead = told({"fit": [VP, BUDGET, NO_PHONE]}, [profiled(NOON, budget=5)], NOON)
    assert lead["fit"]["dimensions"] == {
        "budget": {"known": True, "points": 0},
        "need": {"known": False, "points": -5},
    }


def test_a_segment_brings_its_lines() -> None:
    """12 points are below warm's line of 20, but the enterprise's is 10; its change is one by profile."""
    bands = [{"name": "warm", "enter": 20, "leave": 15, "alert": True}]
    enterprise = {
        "name": "enterprise",
        "where": {"company_size": {"min": 1000}},
        "bands": {"warm": {"enter": 10, "leave": 8}},
    }
    model = {"rules": [OPEN | {"points": 12}], "bands": bands, "segments": [enterprise]}
    lines = [opened(1, NOON), profiled(NOON, company_size=1000)]
    answer = run(model, lines, NOON)
    (change,) = answer["changes"]
    assert moves(answer) == [("cold", "warm", NOON, True)]
    assert (change["cause"], change["segment"], change["threshold"]) == ("profile", "enterprise", 10)
    answer = run(model, [*lines, profiled(LATER, company_size=10)], LATER)
    assert moves(answer)[1:] == [("warm", "cold", LATER, False)]
    assert (answer["changes"][1]["segment"], answer["changes"][1]["threshold"]) == (None, 20)


def test_a_segment_falls_by_its_own_line() -> None:
    """80 points that fade over 80 h are below 30 from 50 h on, below the segment's 50 from 30 h on."""
    bands = [{"name": "hot", "enter": 60, "leave": 30}]
    segments = [{"name": "small", "where": {"size": {"max": 9}}, "bands": {"hot": {"enter": 60, "leave": 50}}}]
    model = {"rules": [OPEN | {"points": 80, "fades_over": "80h"}], "bands": bands, "segments": segments}
    answer = run(model, [opened(1, NOON), profiled(NOON, size=5)], "2026-03-09T12:00:00Z")
    assert moves(answer)[1:] == [("hot", "cold", "2026-03-03T18:00:01Z", False)]
    answer = run(model, [opened(1, NOON), profiled(NOON, size=50)], "2026-03-09T12:00:00Z")
    assert moves(answer)[1:] == [("hot", "cold", "2026-03-04T14:00:01Z", False)]


@pytest.mark.parametrize(
    ("fields", "opens", "grade"),
    [
        (None, 3, "D2"),
        ({"job_title": "VP", "budget": 20000}, 3, "A2"),
        ({"job_title": "VP"}, 6, "B1"),
        ({"budget": 20000}, 1, "C4"),
        ({"job_title": "intern"}, 0, "D4"),
    ],
)
def test_a_grade_has_two_halves(fields: dict[str, Any] | None, opens: int, grade: str) -> None:
    """The letter is by the fit groups, clamped; the number by the others, before the scale's clamp."""
    model = {
        "rules": [OPEN],
        "fit": [VP, BUDGET | {"group": "bant"}],
        "groups": {"bant": {"max": 6}},
        "scale": {"max": 20},
        "grades": {"fit": {"A": 21, "B": 15, "C": 6}, "engagement": {1: 60, 2: 30}},
    }
    lines = [opened(number, NOON) for number in range(opens)]
    assert told(model, [*lines, *([] if fields is None else [profiled(NOON, **fields)])], NOON)["grade"] == grade


def test_a_fit_flag_stands_while_its_rule_matches() -> None:
    """The rival's flag caps the score at `flag_cap`; lifted, the lead is back, and alerts as by a profile."""
    rival = {"id": "rival", "where": {"company_domain": "rival.example"}, "flag": "competitor"}
    model = {
        "rules": [OPEN | {"points": 50}],
        "fit": [rival],
        "flag_cap": 5,
        "bands": [{"name": "hot", "enter": 50, "leave": 40, "alert": True}],
    }
    lines = [opened(1, NOON), profiled(NOON, company_domain="RIVAL.example")]
    lead = told(model, lines, NOON)
    assert (lead["score"], lead["flags"], lead["adjustments"]) == (
        5,
        ["competitor"],
        [{"what": "flags", "points": -45}],
    )
    answer = run(model, [*lines, profiled(LATER, company_domain="acme.example")], LATER)
    assert steps(answer) == [
        ("cold to hot", "signal", NOON),
        ("competitor raised", "profile", NOON),
        ("hot to cold", "profile", NOON),
        ("competitor lifted", "profile", LATER),
        ("cold to hot", "profile", LATER),
    ]
    assert [one["alert"] for one in answer["changes"]] == [True, False, False, False, True]
    assert answer["changes"][1]["flag"]["by"] == "fit"


def test_a_profile_has_at_most_64_fields() -> None:
    """65 in one value, or with the known ones together, are refused, and nothing is learnt."""
    fields = {f"field-{number}": number for number in range(64)}
    model = {"fit": [VP]}
    lines = [profiled(NOON, **fields), profiled(NOON, job_title="VP"), profiled(NOON, **fields, more=1)]
    answer = run(model, lines, NOON)
    assert [(one["line"], one["reason"], one["field"]) for one in answer["rejected"]] == [
        (2, "too_many", ""),
        (3, "too_many", ""),
    ]
    assert answer["leads"][0]["score"] == 0


@pytest.mark.parametrize(
    "members",
    [
        {"fit": [VP | {"flag": "both"}]},
        {"fit": [{"id": "neither", "where": {"a": 1}}]},
        {"fit": [VP | {"where": {}}]},
        {"fit": [VP | {"dimension": "money"}]},
        {"fit": [VP | {"where": {"email": {"is": "private"}}}]},
        {"rules": [OPEN | {"where": {"email": {"is": "free"}}}]},
        {"rules": [OPEN | {"id": "vp"}], "fit": [VP]},
        {"segments": [{"name": "all", "where": {}}]},
        {"segments": [{"name": "x", "where": {"a": 1}, "bands": {"hot": {"enter": 2, "leave": 1}}}]},
        {"grades": {"fit": {"A": 10, "B": 20}}},
        {"surge": {"points": 0, "within": "90m"}},
        {"surge": {"points": 30, "within": "241h"}},
    ],
)
def test_models_that_are_refused(members: dict[str, Any]) -> None:
    """What the contract forbids is no model."""
    with pytest.raises(BadModel):
        read_model(members)
