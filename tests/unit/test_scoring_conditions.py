"""Conditions: case, numbers against text, true and false, missing and blank."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.conditions import compile_condition
from scoring.model import Condition
from tests.laws.profile import times
from tests.support.reference.conditions import all_hold, is_missing


def holds(condition: Any, value: Any) -> bool:
    """Whether a value satisfies a condition as it is written in a model."""
    return compile_condition(Condition.model_validate(condition))(value)


@pytest.mark.parametrize(
    ("condition", "satisfied_by", "not_by"),
    [
        ("Pro", ["pro", "PRO", "Pro"], ["pro ", "p", 1, True, ["pro"], {"a": "pro"}]),
        ("STRASSE", ["straße", "Strasse"], ["strase"]),
        ("1", ["1"], [1, 1.0, True]),
        (1, [1, 1.0], ["1", True, 2]),
        (0, [0, 0.0, -0.0], [False, "0"]),
        (True, [True], [1, "true", "True", False]),
        (False, [False], [0, "false", True]),
        (7.5, [7.5], [7, "7.5"]),
        ({"in": ["a", 1, True]}, ["A", 1.0, True], ["b", "1", "true", [1]]),
        ({"in": [1]}, [1], [True, "1"]),
        ({"contains": "/Pricing"}, ["https://x.example/pricing?a=b"], ["pricing", 7, ["/pricing"]]),
        ({"starts_with": "HTTPS:"}, ["https://x"], [" https://x", 5]),
        ({"matches": r"\b(vp|head)\b"}, ["the VP sales", "Head"], ["vpn", 5]),
        ({"matches": "1"}, ["21"], [1, True]),
        ({"min": 10}, [10, 10.0, 11, 1e300, 10**30], [9.99, "11", True, [11]]),
        ({"max": 10}, [10, -1e300, 0], [10.01, "9", False]),
        ({"min": 0, "max": 1}, [0, 1, 0.5], [True, False, -1, 2]),
        ({"missing": True}, [None, "", "  ", "\t\n"], [0, False, "a", [], {}]),
        ({"missing": False}, [0, False, "a", [], {}], [None, "", " "]),
        ({"missing": False, "min": 5}, [5], [None, "", 4]),
        ({"missing": True, "min": 5}, [], [None, "", 5, 4]),
        ({"contains": "a", "starts_with": "b"}, ["ba"], ["ab", "b", "a"]),
    ],
)
def test_condition(condition: Any, satisfied_by: list[Any], not_by: list[Any]) -> None:
    """What satisfies it and what does not; only `missing: true` is satisfied by nothing."""
    assert [value for value in satisfied_by if not holds(condition, value)] == []
    assert [value for value in not_by if holds(condition, value)] == []
    if condition != {"missing": True}:
        assert not any(holds(condition, blank) for blank in (None, "", "   "))


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text("aAéÉßſıİ /1", max_size=4),
    st.lists(st.integers(0, 1), max_size=2),
    st.sampled_from(["true", "1", "0", "", " "]),
)
plain = st.one_of(
    st.booleans(), st.integers(-3, 3), st.sampled_from([0.5, 1.0]), st.text("aAéÉß 1", min_size=1, max_size=3)
)
texts = st.text("aAéÉßſıİ1", min_size=1, max_size=2)
conditions = st.one_of(
    plain,
    st.fixed_dictionaries(
        {},
        optional={
            "in": st.lists(plain, min_size=1, max_size=3),
            "contains": texts,
            "starts_with": texts,
            "matches": st.sampled_from(["a", "^A", "é$", "[0-9]", "ß|s"]),
            "min": st.integers(-2, 2),
            "max": st.sampled_from([-1, 0, 1.5]),
            "missing": st.booleans(),
        },
    ).filter(bool),
)


@times(5)
@given(conditions, values)
def test_product_and_reference_agree_on_any_condition(condition: Any, value: Any) -> None:
    """The compiled condition says what the definition says."""
    attributes = {} if is_missing(value) else {"name": value}
    assert holds(condition, value) == all_hold({"name": condition}, attributes)
