"""The product against the slow reference on small models and histories, which shrink."""

from __future__ import annotations

from hypothesis import given

from tests.laws.cases import Case, edge_cases, small_cases, whole_cases
from tests.laws.drive import scored
from tests.laws.edges import END_MS
from tests.laws.profile import law, times
from tests.support.generate.strategies import SPAN_MS, START_MS
from tests.support.reference import differences, score
from tests.support.reference.instants import DAY_MS


@given(small_cases)
def test_product_agrees_with_the_reference(case: Case) -> None:
    """The same lines under the same model give the same scores, bands, windows, reasons and changes."""
    model, lines = case
    end_ms = START_MS + SPAN_MS + 30 * DAY_MS
    assert differences(score(lines, model, end_ms), scored(model, lines, end_ms)) == []


@times(2)
@given(edge_cases)
def test_product_agrees_with_the_reference_on_edges(case: Case) -> None:
    """Leads that need not be scored, falls that need not be looked for: the shortcuts change nothing."""
    model, lines = case
    assert differences(score(lines, model, END_MS), scored(model, lines, END_MS)) == []


@law
@given(whole_cases)
def test_product_agrees_with_the_reference_on_whole_lives(case: Case) -> None:
    """Profiles, flags, retracts, outcomes and erasures between the signals: all of the contract at once."""
    model, lines = case
    assert differences(score(lines, model, END_MS), scored(model, lines, END_MS)) == []
