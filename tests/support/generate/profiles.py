"""Profiles and what models ask about them: fields, values, and conditions that some values meet."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

_VALUES: dict[str, tuple[Any, ...]] = {
    "job_title": ("VP Sales", "Chief of Staff", "head of IT", "intern", "Développeuse", "vp"),
    "company_domain": ("acme.example", "rival.example", "RIVAL.example"),
    "need": ("reporting", "Reporting and alerts", "none"),
    "timeline": ("this quarter", "next year", ""),
    "phone": ("+49 30 1234", "n/a", 493012345),
    "email": (
        *("ann@acme.example", "bob@gmail.com", "Info@acme.example", "sales+eu@GMAIL.com", "x@mailinator.com"),
        *(
            "admin+x@acme.example",
            "not an address",
            "a@localhost",
            " kim@corp.example ",
            "jo@mail.gmail.com",
            "jürgen@müller.example",
            42,
        ),
        *("support@yopmail.com", "two@@acme.example", "HELLO+1@sub.mailinator.com"),
    ),
    "company_size": (1, 50, 200, 999, 1000, 5000, 99.5, "200", True),
    "budget": (0, 5000, 9999.5, 10000, 20000, "high"),
    "consent": (True, False, "yes", 1),
}
FIELDS = tuple(_VALUES)

_TEXT_TESTS: dict[str, dict[str, tuple[Any, ...]]] = {
    "job_title": {
        "matches": (r"\b(vp|chief|head)\b", "^intern$", "é"),
        "contains": ("of", "SALES"),
        "starts_with": ("vp", "DÉV"),
        "in": (["vp", "INTERN"], ["Head of IT"]),
    },
    "company_domain": {"in": (["rival.example"], ["acme.example", 7]), "starts_with": ("Acme",)},
    "need": {"contains": ("report",), "matches": ("alerts?$",)},
    "timeline": {"contains": ("quarter",), "in": (["next year"],)},
    "phone": {"matches": (r"^\+", r"\d"), "starts_with": ("+49",)},
}
_NUMBERS: dict[str, tuple[Any, ...]] = {
    "company_size": (200, {"min": 1000}, {"max": 99.5}, {"min": 50, "max": 1000}, {"in": [1, "200"]}),
    "budget": ({"min": 10000}, {"min": 5000, "max": 9999.5}, 0, {"max": 0}, "HIGH"),
    "consent": (True, False, {"in": [True, "yes"]}, 1),
}
_ADDRESS = ("free", "disposable", "role", "invalid", "business")
_BLANKS: tuple[Any, ...] = (None, "", "  ")


def random_fields(rng: Random) -> dict[str, Any]:
    """Some fields: texts in varied case, addresses of all sorts, numbers, true and false, now and then a blank."""
    share = rng.choice([0.1, 0.4, 0.9])
    fields = {name: rng.choice(values) for name, values in _VALUES.items() if rng.random() < share}
    if fields and rng.random() < 0.15:
        fields[rng.choice(sorted(fields))] = rng.choice(_BLANKS)
    return fields


def random_fit_where(rng: Random) -> dict[str, Any]:
    """One or two conditions on fields, each met by some profiles; most often on the address."""
    names = rng.sample([*FIELDS, "email", "email"], rng.choice([1, 1, 1, 2]))
    return {name: copy.deepcopy(_condition(rng, name)) for name in names}


def _condition(rng: Random, name: str) -> Any:
    if rng.random() < 0.2:
        return {"missing": rng.random() < 0.6}
    if name == "email":
        return _address_condition(rng)
    if name in _NUMBERS:
        return rng.choice(_NUMBERS[name])
    if rng.random() < 0.2:
        return rng.choice([value for value in _VALUES[name] if value])
    tests = _TEXT_TESTS[name]
    chosen = rng.sample(sorted(tests), min(len(tests), rng.choice([1, 1, 2])))
    return {test: rng.choice(tests[test]) for test in chosen}


def _address_condition(rng: Random) -> Any:
    condition: dict[str, Any] = {"is": rng.choice(_ADDRESS)}
    return condition | rng.choice(
        [{}, {}, {}, {"missing": False}, {"contains": "GMAIL"}, {"matches": r"@[a-z]+\."}]
    )
