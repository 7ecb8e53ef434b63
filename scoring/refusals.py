"""What the definition refuses, in the words of those who write models: what is wrong, and what would be right.

Apart from `document` because this knows the definition's errors and nothing of YAML, and `document` the reverse.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pydantic_core import ErrorDetails

from scoring.fields import Path, shown
from scoring.parts import Part

KEY = "[key]"
"""How the definition's path ends where not a value is refused but its name."""

CLOSE = 0.7
"""How alike two names are (0 to 1) for one to be a misspelling of the other; below, `true` is taken for `rules`."""

PLAIN = "equals"
"""The member that holds a plain value; in the document it has no name."""

_BRANCHES = {
    "bool": "bool_type",
    "int": "int_type",
    "float": "float_type",
    "str": "string_type",
}
"""The last part of the path of a value that may be of several types, and the error of that type."""

_FIXES = {
    "missing": "add it",
    "int_type": "write a whole number",
    "float_type": "write a number",
    "finite_number": "write a number",
    "bool_type": "write true or false",
    "string_type": "write a text, in quotes if it looks like something else",
    "dict_type": "write `name: value` pairs",
    "model_type": "write `name: value` pairs",
    "tuple_type": "write a list, such as [a, b] or lines that begin with `- `",
    "string_too_short": "write a name",
}
_NOUNS = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "string_type": "a text",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "tuple_type": "a list",
}


class Refusal(NamedTuple):
    """One thing wrong: where, what, and what would be right."""

    path: Path
    what: str
    fix: str


def refusals(details: Sequence[ErrorDetails]) -> Iterator[Refusal]:
    """One refusal for each place of the definition's errors."""
    by_place: dict[Path, list[ErrorDetails]] = defaultdict(list)
    for detail in details:
        by_place[_place(detail)].append(detail)
    for place, errors in by_place.items():
        if not _follows_from_others(place, errors[0], by_place):
            yield _refusal(place, errors)


def _place(detail: ErrorDetails) -> Path:
    """Where it is, whichever of several types the error is about."""
    *above, last = detail["loc"] or ("",)
    error = "float_type" if detail["type"] == "finite_number" else detail["type"]
    if _BRANCHES.get(str(last)) != error:
        return detail["loc"]
    return tuple(above[:-1] if above[-1] == PLAIN else above)


def _follows_from_others(place: Path, error: ErrorDetails, by_place: dict[Path, list[ErrorDetails]]) -> bool:
    """A list whose items are all refused is told to be empty, too."""
    inside = (other for other in by_place if len(other) > len(place) and other[: len(place)] == place)
    return error["type"] == "too_short" and any(inside)


def _refusal(place: Path, errors: list[ErrorDetails]) -> Refusal:
    error, types = errors[0], {each["type"] for each in errors}
    if place and place[-1] == KEY:
        return _bad_name(place[:-1], error)
    context = error.get("ctx", {})
    if error["type"] == "model":
        return Refusal(place + tuple(context["at"]), context["problem"], context["fix"])
    if len(types) > 1:
        return Refusal(place, *_of_several_types(error, types))
    return Refusal(place, *_plain(error, context))


def _plain(error: ErrorDetails, context: dict[str, object]) -> tuple[str, str]:
    """What and fix of an error of one type."""
    kind, value = error["type"], shown(error["input"])
    match kind:
        case "missing":
            return "is missing", _FIXES[kind]
        case "extra_forbidden":
            return "there is no such member", _correct_spelling(str(error["loc"][-1]))
        case "greater_than_equal":
            return f"{value} is too low", f"write {context['ge']:g} or more"
        case "less_than_equal":
            return f"{value} is too high", f"write {context['le']:g} or less"
        case "literal_error":
            return f"{value} is none of the words that it may be", f"write {context['expected']}"
        case "too_long":
            return f"{context['actual_length']} are too many", f"keep to {context['max_length']}"
        case "too_short":
            return "is empty", "write at least one"
        case "string_too_short":
            return "is empty", _FIXES[kind]
        case "string_too_long":
            return f"{value} is too long", f"keep to {context['max_length']} characters"
        case _ if kind in _NOUNS:
            return f"{value} is not {_NOUNS[kind]}", _FIXES[kind]
        case _:
            return f"{value}: {error['msg']}", "correct the value"


def _of_several_types(error: ErrorDetails, types: set[str]) -> tuple[str, str]:
    if types <= {"int_type", "float_type", "finite_number"}:
        return f"{shown(error['input'])} is not a number", "write a number"
    return f"{shown(error['input'])} is not a plain value", "write a text, a number, true or false"


def _bad_name(path: Path, error: ErrorDetails) -> Refusal:
    context = error.get("ctx", {})
    match error["type"]:
        case "literal_error":
            return Refusal(path, f"{path[-1]} is none of the names that it may be", f"write {context['expected']}")
        case "string_too_long":
            return Refusal(path, "the name is too long", f"keep to {context['max_length']} characters")
        case _:
            return Refusal(path, f"{shown(error['input'])} is no name", "write a text")


def _correct_spelling(name: str) -> str:
    close = difflib.get_close_matches(name, sorted(_members(Part)), n=1, cutoff=CLOSE)
    return f"write {close[0]}, or remove it" if close else "remove it, or correct its spelling"


def _members(part: type[Part]) -> set[str]:
    """The names of all members of all parts."""
    own = {field.alias or name for name, field in part.model_fields.items()} - {"equals"}
    return own.union(*map(_members, part.__subclasses__()))
