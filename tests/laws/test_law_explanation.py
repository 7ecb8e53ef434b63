"""Law 5: the explanation sums to the score."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scoring.explain import Explanation, explain
from tests.laws.cases import Case, cases
from tests.laws.drive import fold, plan_of, score_at
from tests.laws.profile import law
from tests.support.reference.instants import DAY_MS


def told(explanation: Explanation) -> list[float]:
    """All points that are told."""
    return [each.points for part in (explanation.contributions, explanation.adjustments) for each in part]


@law
@given(cases, st.integers(0, 90 * DAY_MS))
def test_law_5_explanation_sums_to_the_score(case: Case, later_ms: int) -> None:
    """At any instant contributions and adjustments add up to the score; those of each change to its score."""
    plan = plan_of(case[0])
    lead, notices = fold(plan, case[1])[:2]
    assume(lead is not None)
    assert lead is not None
    at_ms = lead.as_of + later_ms
    explanation = explain(plan, lead, at_ms)
    assert sum(told(explanation)) == pytest.approx(score_at(plan, lead, at_ms), abs=1e-6)
    for notice in notices:
        sums = sum(told(Explanation(notice.picture.reasons, notice.picture.adjustments, None)))
        assert sums == pytest.approx(notice.score, abs=1e-6)


@given(cases)
def test_explanation_is_readable(case: Case) -> None:
    """No contribution or adjustment of no points is told, no rule twice, and what matters most comes first."""
    plan = plan_of(case[0])
    lead = fold(plan, case[1]).lead
    assume(lead is not None)
    assert lead is not None
    explanation = explain(plan, lead, lead.as_of)
    assert 0 not in told(explanation)
    sizes = [abs(each.points) for each in explanation.contributions]
    assert sizes == sorted(sizes, reverse=True)
    names = [each.rule for each in explanation.contributions]
    assert len(set(names)) == len(names)


def test_each_clamp_is_told_by_its_name() -> None:
    """A group cut to its most, one lifted to its least, and the scale: each is one line of the explanation."""
    plan = plan_of(
        {
            "version": "v",
            "rules": [
                {"id": "gain", "kind": "a.b", "points": 90, "group": "much"},
                {"id": "loss", "kind": "a.b", "points": -90, "group": "little"},
                {"id": "more", "kind": "a.b", "points": 80},
            ],
            "groups": {"much": {"max": 40}, "little": {"min": -5}},
        }
    )
    value = {"id": "e", "lead_id": "L", "occurred_at": "2026-03-02T12:00:00Z", "kind": "a.b"}
    line = {"topic": "engagements", "timestamp": value["occurred_at"], "value": value}
    lead = fold(plan, [line]).lead
    assert lead is not None
    adjustments = explain(plan, lead, lead.as_of).adjustments
    assert {each.what: each.points for each in adjustments} == {"group much": -50, "group little": 85, "scale": -15}
