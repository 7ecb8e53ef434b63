"""Strategies of one model and the lines of one lead under it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from scoring.plan import TooLarge
from tests.laws.drive import plan_of
from tests.laws.edges import edge_histories, edge_models
from tests.laws.whole import whole_histories, whole_models
from tests.support.generate.strategies import histories, models

Case = tuple[dict[str, Any], list[Any]]


def fits(model: dict[str, Any]) -> bool:
    """Whether the product takes the model: some that are valid could make too large states."""
    try:
        plan_of(model)
    except TooLarge:
        return False
    return True


small_cases: st.SearchStrategy[Case] = st.tuples(models().filter(fits), histories())
"""Plain models, instants over 60 days."""

edge_cases: st.SearchStrategy[Case] = st.tuples(edge_models().filter(fits), edge_histories())
"""Models and histories on edges."""

whole_cases: st.SearchStrategy[Case] = st.tuples(whole_models().filter(fits), whole_histories())
"""The same with profiles and commands, under models that ask who the lead is."""

cases = st.one_of(whole_cases, whole_cases, edge_cases)
"""What the laws are tried on. Not `small_cases`, which take five times as long to draw."""
