"""Section 4, last part, and section 6: do attributes of a signal, or fields of a profile, satisfy a `where`?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.support.reference.mail import words_for

TESTS = ("in", "contains", "starts_with", "matches", "min", "max", "missing")
"""What a condition's map may hold."""

FIT_TESTS = (*TESTS, "is")
"""What the map of a condition on a profile may hold."""


def is_missing(value: object) -> bool:
    """Section 3: an optional field that is null or blank is the same as one that is not there."""
    return value is None or (isinstance(value, str) and value.strip() == "")


def all_hold(where: Mapping[str, Any], attributes: Mapping[str, Any]) -> bool:
    """A map of attribute to condition: all must hold."""
    return all(_holds(condition, attributes.get(name)) for name, condition in where.items())


def _holds(condition: Any, value: Any) -> bool:
    """A plain value means equal; of a map every member must hold."""
    tests = condition if isinstance(condition, dict) else {"equal": condition}
    return all(_test(name, wanted, value) for name, wanted in tests.items())


def _test(name: str, wanted: Any, value: Any) -> bool:
    """One member of a condition's map. A missing attribute satisfies only `missing: true`."""
    if name == "missing":
        return is_missing(value) is wanted
    if is_missing(value):
        return False
    match name:
        case "equal":
            return _equal(wanted, value)
        case "in":
            return any(_equal(one, value) for one in wanted)
        case "contains":
            return isinstance(value, str) and str(wanted).casefold() in value.casefold()
        case "starts_with":
            return isinstance(value, str) and value.casefold().startswith(wanted.casefold())
        case "matches":
            return isinstance(value, str) and re.search(wanted, value, re.IGNORECASE) is not None
        case "min":
            return is_number(value) and bool(value >= wanted)
        case "max":
            return is_number(value) and bool(value <= wanted)
        case "is":
            return wanted in words_for(value)
    raise ValueError(f"no such condition: {name}")


def is_number(value: object) -> bool:
    """True and false are no numbers."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(wanted: Any, value: Any) -> bool:
    """Text without case; a number equals a number, never a text; true equals only true."""
    if isinstance(wanted, str) and isinstance(value, str):
        return wanted.casefold() == value.casefold()
    if is_number(wanted) and is_number(value):
        return bool(wanted == value)
    return type(wanted) is type(value) and bool(wanted == value)
