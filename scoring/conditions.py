"""Conditions on attributes, compiled: what `where` says of one attribute as one function of its value.

Text is compared without case; a number equals a number and never a text; a missing (null, blank) attribute
satisfies nothing but `missing: true`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from schemas.accepted import Json, is_blank
from scoring.emails import email_classes
from scoring.parts import Condition, FitCondition, compile_regex

Test = Callable[[Json], bool]


def compile_where(where: Mapping[str, Condition]) -> tuple[tuple[str, Test], ...]:
    """(attribute, what it must satisfy) of each condition."""
    return tuple((name, compile_condition(condition)) for name, condition in where.items())


def compile_condition(condition: Condition) -> Test:
    """A function that says whether a value (None: missing) satisfies the condition."""
    tests = [*_equality_tests(condition), *_text_tests(condition), *_number_tests(condition)]
    if isinstance(condition, FitCondition) and condition.is_ is not None:
        wanted = condition.is_
        tests.append(lambda value: wanted in email_classes(value))
    wants_missing = condition.missing

    if len(tests) == 1 and wants_missing is None:
        only = tests[0]
        return lambda value: only(value) and not is_blank(value)

    def satisfied(value: Json) -> bool:
        if is_blank(value):
            return wants_missing is True and not tests
        return wants_missing is not True and all(test(value) for test in tests)

    return satisfied


def _equality_tests(condition: Condition) -> list[Test]:
    tests: list[Test] = []
    if condition.equals is not None:
        wanted = _comparable(condition.equals)
        tests.append(lambda value: _comparable(value) == wanted)
    if condition.in_ is not None:
        choices = frozenset(_comparable(choice) for choice in condition.in_)
        tests.append(lambda value: _comparable(value) in choices)
    return tests


def _text_tests(condition: Condition) -> list[Test]:
    tests: list[Test] = []
    if condition.contains is not None:
        part = condition.contains.casefold()
        tests.append(lambda value: isinstance(value, str) and part in value.casefold())
    if condition.starts_with is not None:
        start = condition.starts_with.casefold()
        tests.append(lambda value: isinstance(value, str) and value.casefold().startswith(start))
    if condition.matches is not None:
        pattern = compile_regex(condition.matches)
        tests.append(lambda value: isinstance(value, str) and pattern.search(value) is not None)
    return tests


def _number_tests(condition: Condition) -> list[Test]:
    tests: list[Test] = []
    if condition.min is not None:
        lowest = condition.min
        tests.append(lambda value: _is_number(value) and value >= lowest)  # type: ignore[operator]
    if condition.max is not None:
        highest = condition.max
        tests.append(lambda value: _is_number(value) and value <= highest)  # type: ignore[operator]
    return tests


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _comparable(value: Json) -> tuple[str, str | int | float | bool | None]:
    """Type and value, so that 1 is neither true nor "1"; text without case. Lists and objects equal nothing."""
    match value:
        case bool():
            return "flag", value
        case int() | float():
            return "number", value
        case str():
            return "text", value.casefold()
        case _:
            return "none", None
