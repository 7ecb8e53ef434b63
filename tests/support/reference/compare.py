"""How the reference's answer and the product's are compared, and what of them is not.

Compared: scores and points to `TOLERANCE`; band, grade, segment, dimensions, flags, status, windows, rejections,
ignored; of each lead the changes of all kinds in order. Not compared: the order of changes of different leads; the
names of adjustments; zero points, zero windows and unknown dimensions of no points, which may be told or left out;
`previous_score` of what time or a model did, whose instant the contract leaves open.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

TOLERANCE = 1.5e-6
"""Section 12: equal scores are equal to 1e-6 after rounding, and a float's last digits beside that."""

EXACT = (
    *("kind", "from", "to", "direction", "alert", "occurred_at", "cause", "threshold"),
    *("grade", "segment", "flag", "kinds"),
)
"""Members of a change; which of them it has depends on its kind, and an absent one is as good as null."""

OF_A_LEAD = ("band", "grade", "segment", "flags", "status")
BY_INPUT = ("signal", "profile", "retract")
"""Causes whose `previous_score` is beyond doubt; that of `flag` is only where the flag did not expire."""


def differences(reference: Mapping[str, Any], product: Mapping[str, Any]) -> list[str]:
    """One line for each difference between two answers; empty when they agree."""
    found = [
        f"{member}: {reference[member]!r} against {product[member]!r}"
        for member in ("as_of", "rejected", "ignored")
        if _known(reference[member]) != _known(product[member])
    ]
    ours, theirs = ({one["lead_id"]: one for one in answer["leads"]} for answer in (reference, product))
    if list(ours) != list(theirs):
        found.append(f"leads: {list(ours)} against {list(theirs)}")
    for lead_id in sorted(ours.keys() & theirs.keys()):
        found += [f"{lead_id}: {text}" for text in _lead(ours[lead_id], theirs[lead_id])]
    return found + _changes(reference["changes"], product["changes"])


def _known(member: Any) -> Any:
    """Of rejections only what both tell."""
    if not isinstance(member, list):
        return member
    return [(one["line"], one["reason"], one["field"]) for one in member]


def _lead(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    found = []
    if not _near(ours["score"], theirs["score"]):
        found.append(f"score {ours['score']} against {theirs['score']}")
    for name in OF_A_LEAD:
        if (ours.get(name) or None) != (theirs.get(name) or None):
            found.append(f"{name} {ours.get(name)} against {theirs.get(name)}")
    if _dimensions(ours) != _dimensions(theirs):
        found.append(f"fit {ours.get('fit')} against {theirs.get('fit')}")
    if _counts(ours["windows"]) != _counts(theirs["windows"]):
        found.append(f"windows {ours['windows']} against {theirs['windows']}")
    rules = [{part["rule"]: part["points"] for part in one["contributions"]} for one in (ours, theirs)]
    for rule in sorted(rules[0].keys() | rules[1].keys()):
        if not _near(rules[0].get(rule, 0), rules[1].get(rule, 0)):
            found.append(f"rule {rule}: {rules[0].get(rule, 0)} against {rules[1].get(rule, 0)}")
    clamps = [sum(part["points"] for part in one["adjustments"]) for one in (ours, theirs)]
    if not _near(*clamps):
        found.append(f"adjustments {ours['adjustments']} against {theirs['adjustments']}")
    return found


def _changes(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[str]:
    found = []
    by_lead = [_by_lead(ours), _by_lead(theirs)]
    for lead_id in sorted(by_lead[0].keys() | by_lead[1].keys()):
        mine, other = by_lead[0][lead_id], by_lead[1][lead_id]
        if [_exact(one) for one in mine] != [_exact(one) for one in other]:
            found.append(f"{lead_id}: {_first_apart(mine, other)}")
            continue
        for one, two in zip(mine, other, strict=True):
            found += [f"{lead_id}: at {one['occurred_at']} {text}" for text in _figures(one, two)]
    return found


def _exact(change: Mapping[str, Any]) -> list[Any]:
    return [change.get(name) for name in EXACT]


def _figures(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    names = ["score", *(["previous_score"] if _by_an_input(ours) else []), "rise", "usual"]
    found = [
        f"{name} {ours.get(name)} against {theirs.get(name)}"
        for name in names
        if not _near(ours.get(name) or 0, theirs.get(name) or 0)
    ]
    if _counts(ours["windows"]) != _counts(theirs["windows"]):
        found.append(f"windows {ours['windows']} against {theirs['windows']}")
    return found


def _by_an_input(change: Mapping[str, Any]) -> bool:
    return change["cause"] in BY_INPUT or (change.get("flag") or {}).get("action") in ("raised", "lifted")


def _dimensions(lead: Mapping[str, Any]) -> dict[str, tuple[bool, float]]:
    told = (lead.get("fit") or {}).get("dimensions", {})
    all_told = {name: (one["known"], round(one["points"], 5)) for name, one in told.items()}
    return {name: one for name, one in all_told.items() if one != (False, 0)}


def _by_lead(changes: list[dict[str, Any]]) -> defaultdict[str, list[dict[str, Any]]]:
    by_lead: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for change in changes:
        by_lead[change["lead_id"]].append(change)
    return by_lead


def _first_apart(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> str:
    """The first change that is another one or is missing, in words; the changes after it follow from it."""
    for place, (one, other) in enumerate(itertools.zip_longest(ours, theirs)):
        if one is None or other is None or _exact(one) != _exact(other):
            return f"change {place} of {len(ours)} and {len(theirs)}: {_brief(one)} against {_brief(other)}"
    raise AssertionError("no change differs")


def _brief(change: Mapping[str, Any] | None) -> str:
    if change is None:
        return "none"
    return " ".join(f"{name}={change[name]}" for name in (*EXACT, "score") if change.get(name) is not None)


def _counts(windows: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    return {kind: dict(counts) for kind, counts in windows.items() if any(counts.values())}


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= TOLERANCE
