"""Law 8: points changed and changed back give the first score; what a new model changes, and what it does not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.advance import advance
from scoring.falls import second_after
from scoring.lead import Lead, decode_lead, encode_lead
from scoring.notices import Notice
from scoring.plan import Plan
from scoring.profile import Profile
from scoring.succession import succeed
from tests.laws.cases import Case, cases
from tests.laws.drive import fold, plan_of, score_at
from tests.laws.edges import END_MS
from tests.laws.profile import times

NOON = "2026-03-02T12:00:00Z"


def revalued(model: dict[str, Any], factor: int) -> dict[str, Any]:
    """Other points, groups, clamps, steps and bands; the signs stay, for they say which kinds engage."""
    other = copy.deepcopy(model) | {"version": "other", "groups": {"z": {"max": 7}}, "bands": []}
    for rule in other["rules"]:
        rule |= {"points": max(-100, min(100, rule["points"] * factor)), "group": "z"}
    for window in other.get("windows", ()):
        window["steps"] = [{"at_least": 1, "points": factor}]
    return other


def succeeded(old: Plan, new: Plan, lead: Lead | None, notices: list[Notice]) -> Lead | None:
    """The lead under the new model, in force at its `as_of`, by way of its bytes."""
    if lead is None:
        return None
    twin = decode_lead(encode_lead(lead))
    succeed(old, new, twin, Profile(), twin.as_of, notices)
    return decode_lead(encode_lead(twin))


@times(1.5)
@given(cases, st.integers(2, 9), st.data())
def test_law_8_points_changed_and_changed_back(case: Case, factor: int, data: st.DataObject) -> None:
    """While another valuation is in force leads are scored by it, and afterwards as if it had never been."""
    model, lines = case
    first, other, again = plan_of(model), plan_of(revalued(model, factor), 2), plan_of(model, 3)
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(lines))] * 2)))
    notices: list[Notice] = []
    lead = succeeded(first, other, fold(first, lines[:start]).lead, notices)
    lead = succeeded(other, again, fold(other, lines[start:end], lead).lead, notices)
    lead = fold(again, lines[end:], lead).lead
    plain = fold(first, lines).lead
    assert (lead is None) == (plain is None)
    assert not any(notice.alert for notice in notices)
    if lead is not None and plain is not None:
        for at_ms in (max(lead.as_of, plain.as_of), END_MS):
            assert score_at(again, lead, at_ms) == pytest.approx(score_at(first, plain, at_ms), abs=1e-6)


@given(cases)
def test_same_model_again_changes_nothing(case: Case) -> None:
    """A model put in force a second time, at a whole second, publishes nothing and keeps score, band and parts."""
    plan, twin = plan_of(case[0]), plan_of(case[0], 2)
    lead = fold(plan, case[1]).lead
    if lead is None:
        return
    advance(plan, lead, second_after(lead.as_of), [])
    notices: list[Notice] = []
    after = succeeded(plan, twin, lead, notices)
    assert after is not None
    assert notices == []
    assert after.band == lead.band
    assert score_at(twin, after, after.as_of) == score_at(plan, lead, lead.as_of)
    assert after.parts == {tag: words for tag, words in lead.parts.items() if words}


def rule(**members: Any) -> dict[str, Any]:
    """A rule of 10 points that does not decay."""
    return {"id": "r", "kind": ["email.opened", "email.clicked"], "points": 10} | members


def under(*rules: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A model of these rules."""
    return {"version": "v", "rules": list(rules), **members}


def seen(kind: str = "email.opened", **members: Any) -> dict[str, Any]:
    """A line of one signal."""
    value = {"id": "e", "lead_id": "L", "occurred_at": NOON, "kind": kind, **members}
    return {"topic": "engagements", "timestamp": NOON, "value": value}


@pytest.mark.parametrize(
    ("before", "after", "score"),
    [
        (rule(), rule(points=20), 20),
        (rule(), rule(group="other"), 10),
        (rule(half_life="7d"), rule(half_life="168h"), 10),
        (rule(), rule(kind=["email.clicked", "email.opened"]), 10),
        (
            rule(where={"plan": "pro", "url": {"contains": "/"}}),
            rule(where={"url": {"contains": "/"}, "plan": "pro"}),
            10,
        ),
        (rule(), rule(id="renamed"), 0),
        (rule(), rule(kind=["email.opened"]), 0),
        (rule(), rule(where={"plan": "pro"}), 0),
        (rule(half_life="7d"), rule(half_life="8d"), 0),
        (rule(), rule(expires_after="90d"), 0),
        (rule(), rule(limit={"times": 1, "per": "day"}), 0),
        (rule(limit={"times": 1, "per": "day"}), rule(limit={"times": 2, "per": "day"}), 0),
    ],
)
def test_what_makes_a_rule_a_new_one(before: dict[str, Any], after: dict[str, Any], score: float) -> None:
    """Another kind, condition, limit or decay starts a rule anew; points, group and mere order do not."""
    old, new = plan_of(under(before)), plan_of(under(after), 2)
    lead = fold(old, [seen(plan="pro", url="/pricing")]).lead
    lead = succeeded(old, new, lead, [])
    assert lead is not None
    assert score_at(new, lead, lead.as_of) == score


def test_new_bands_move_a_lead_without_an_alert() -> None:
    """A line lowered below a lead's score: it goes up at the model's instant, by cause `model`, silently."""
    low = {"name": "warm", "enter": 5, "leave": 2, "alert": True}
    old, new = plan_of(under(rule())), plan_of(under(rule(), bands=[low]), 2)
    notices: list[Notice] = []
    lead = succeeded(old, new, fold(old, [seen()]).lead, notices)
    assert lead is not None
    assert [(each.cause, each.moved.from_, each.moved.to, each.alert) for each in notices] == [
        ("model", "cold", "warm", False)
    ]
    assert lead.band == 1


def test_a_band_that_is_gone_is_left() -> None:
    """A lead in a band that the new model does not name is in that which its score reaches; one change says so."""
    bands = [{"name": "warm", "enter": 5, "leave": 2}, {"name": "hot", "enter": 9, "leave": 8}]
    renamed = [bands[0], bands[1] | {"name": "boiling"}]
    old, new = plan_of(under(rule(), bands=bands)), plan_of(under(rule(), bands=renamed), 2)
    notices: list[Notice] = []
    succeeded(old, new, fold(old, [seen()]).lead, notices)
    assert [(each.moved.from_, each.moved.to) for each in notices] == [("hot", "boiling")]


def test_a_kind_no_longer_named_counts_as_other() -> None:
    """Its rolling counts go on under `other`, together with what was there."""
    old, new = plan_of(under(rule())), plan_of(under(rule(kind=["email.clicked"])), 2)
    lead = fold(old, [seen(), seen("call.answered", id="e-2"), seen("email.clicked", id="e-3")]).lead
    lead = succeeded(old, new, lead, [])
    assert lead is not None
    assert [sum(word & 0xFFFF_FFFF for word in lead.parts[slot]) for slot in (0, 1)] == [1, 2]
