"""Law 8: points changed and changed back give the first score; what a new model changes, and what it does not."""

from __future__ import annotations

import copy
from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.changes import Cause
from scoring.advance import advance
from scoring.bands import Step, settle
from scoring.explain import rolling_counts
from scoring.falls import second_after
from scoring.lead import Lead
from scoring.notices import BandMove
from scoring.plan import Plan
from scoring.succession import succeed
from tests.laws.cases import Case, cases
from tests.laws.drive import Told, copied, fold, fold_on, known_of, plan_of, score_at
from tests.laws.edges import END_MS
from tests.laws.profile import law

NOON = "2026-03-02T12:00:00Z"


def revalued(model: dict[str, Any], factor: int) -> dict[str, Any]:
    """Other points, groups, clamps, steps and bands; the signs stay, for they say which kinds engage."""
    other = copy.deepcopy(model) | {"version": "other", "groups": {"z": {"max": 7}}, "bands": [], "flag_cap": 3}
    for rule in (*other["rules"], *other.get("fit", ())):
        if "points" in rule:
            rule |= {"points": max(-100, min(100, rule["points"] * factor)), "group": "z"}
    for window in other.get("windows", ()):
        window["steps"] = [{"at_least": 1, "points": factor}]
    for segment in other.get("segments", ()):
        segment.pop("bands", None)
    return other


def succeeded(old: Plan, new: Plan, told: Told) -> Told:
    """What was told, and the new model in force at the lead's `as_of`, by way of the lead's bytes."""
    lead = copied(told.lead)
    if lead is not None:
        succeed(old, new, lead, known_of(told), lead.as_of, told.notices)
    return told._replace(lead=copied(lead))


@law
@given(cases, st.integers(2, 9), st.data())
def test_law_8_points_changed_and_changed_back(case: Case, factor: int, data: st.DataObject) -> None:
    """While another valuation is in force leads are scored by it, and afterwards as if it had never been."""
    model, lines = case
    first, other, again = plan_of(model), plan_of(revalued(model, factor), 2), plan_of(model, 3)
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(lines))] * 2)))
    told = succeeded(first, other, fold(first, lines[:start]))
    told = succeeded(other, again, fold_on(other, told, lines[start:end]))
    assert not any(notice.alert for notice in told.notices if notice.cause is Cause.MODEL)
    lead, plain = fold_on(again, told, lines[end:]).lead, fold(first, lines).lead
    assert (lead is None) == (plain is None)
    if lead is not None and plain is not None:
        for at_ms in (max(lead.as_of, plain.as_of), END_MS):
            assert score_at(again, lead, at_ms) == pytest.approx(score_at(first, plain, at_ms), abs=1e-6)


@given(cases)
def test_same_model_again_changes_nothing(case: Case) -> None:
    """A model put in force a second time, at a whole second, publishes nothing and keeps score, band and parts."""
    plan, twin = plan_of(case[0]), plan_of(case[0], 2)
    told = fold(plan, case[1])
    lead = told.lead
    if lead is None:
        return
    advance(plan, lead, second_after(lead.as_of), [])
    settle(plan, lead, Step(Cause.SIGNAL, plan.names[lead.band], 0), [])
    told = succeeded(plan, twin, told._replace(notices=[]))
    assert told.lead is not None
    assert told.notices == []
    assert told.lead.band == lead.band
    assert score_at(twin, told.lead, lead.as_of) == score_at(plan, lead, lead.as_of)
    assert filled(told.lead) == filled(lead)


def filled(lead: Lead) -> dict[int, array[int]]:
    """The parts of a state that hold anything."""
    return {tag: words for tag, words in lead.parts.items() if words}


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
    lead = succeeded(old, new, fold(old, [seen(plan="pro", url="/pricing")])).lead
    assert lead is not None
    assert score_at(new, lead, lead.as_of) == score


def test_new_bands_move_a_lead_without_an_alert() -> None:
    """A line lowered below a lead's score: it goes up at the model's instant, by cause `model`, silently."""
    low = {"name": "warm", "enter": 5, "leave": 2, "alert": True}
    old, new = plan_of(under(rule())), plan_of(under(rule(), bands=[low]), 2)
    told = succeeded(old, new, fold(old, [seen()]))
    assert [(each.cause, *_names(each.moved), each.alert) for each in told.notices] == [
        ("model", "cold", "warm", False)
    ]
    assert told.lead is not None
    assert told.lead.band == 1


def _names(moved: object) -> tuple[str, str]:
    """The bands before and after."""
    assert isinstance(moved, BandMove)
    return moved.from_, moved.to


def test_a_band_that_is_gone_is_left() -> None:
    """A lead in a band that the new model does not name is in that which its score reaches; one change says so."""
    bands = [{"name": "warm", "enter": 5, "leave": 2}, {"name": "hot", "enter": 9, "leave": 8}]
    renamed = [bands[0], bands[1] | {"name": "boiling"}]
    old, new = plan_of(under(rule(), bands=bands)), plan_of(under(rule(), bands=renamed), 2)
    told = fold(old, [seen()])
    told = succeeded(old, new, told._replace(notices=[]))
    assert [_names(each.moved) for each in told.notices] == [("hot", "boiling")]


def test_a_kind_no_longer_named_counts_as_other() -> None:
    """Its rolling counts go on under `other`, together with what was there."""
    old, new = plan_of(under(rule())), plan_of(under(rule(kind=["email.clicked"])), 2)
    told = fold(old, [seen(), seen("call.answered", id="e-2"), seen("email.clicked", id="e-3")])
    lead = succeeded(old, new, told).lead
    assert lead is not None
    counts = rolling_counts(new, lead, lead.as_of)
    assert {kind: count["24h"] for kind, count in counts.items()} == {"email.clicked": 1, "other": 2}
