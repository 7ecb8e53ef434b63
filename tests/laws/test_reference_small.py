"""The product against the slow reference on small models and histories, which shrink."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from tests.laws.drive import scored
from tests.laws.edges import END_MS, edge_histories, edge_models
from tests.laws.profile import times
from tests.support.generate.strategies import SPAN_MS, START_MS, histories, models
from tests.support.reference import differences, score
from tests.support.reference.instants import DAY_MS


@times(2)
@given(models(), histories())
def test_product_agrees_with_the_reference(model: dict[str, Any], lines: list[Any]) -> None:
    """The same lines under the same model give the same scores, bands, windows, reasons and changes."""
    end_ms = START_MS + SPAN_MS + 30 * DAY_MS
    assert differences(score(lines, model, end_ms), scored(model, lines, end_ms)) == []


@times(6)
@given(edge_models(), edge_histories())
def test_product_agrees_with_the_reference_on_edges(model: dict[str, Any], lines: list[Any]) -> None:
    """Leads that need not be scored, falls that need not be looked for: the shortcuts change nothing."""
    assert differences(score(lines, model, END_MS), scored(model, lines, END_MS)) == []
