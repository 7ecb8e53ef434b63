"""A scoring model's YAML document as a Model; sections 4 to 10 say what it may hold.

`read_model` raises BadModel for what the contract forbids, without the line or the advice that the product
gives: the reference only has to know that the model is refused.
"""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.reference.conditions import FIT_TESTS, TESTS, is_number
from tests.support.reference.document_bands import read_bands, read_grades, read_segment_bands, read_surge
from tests.support.reference.document_checks import require
from tests.support.reference.instants import DAY_MS, HOUR_MS, duration_ms
from tests.support.reference.mail import WORDS
from tests.support.reference.model import BadModel, Band, FitRule, Inactivity, Model, Rule, Segment, Window

MOST_KINDS = 16
DIMENSIONS = ("budget", "authority", "need", "timeline")
_DECAYS = ("half_life", "fades_over", "expires_after")
_MEMBERS = frozenset(
    {"version", "timezone", "scale", "rules", "windows", "inactivity", "groups", "bands"}
    | {"fit", "segments", "grades", "flag_cap", "surge"}
)
_FIT_MEMBERS = frozenset({"id", "where", "points", "flag", "dimension", "group"})


def read_model(document: object) -> Model:
    """The model that the parsed YAML document describes. Raises BadModel."""
    try:
        return _read(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadModel(repr(error)) from error


def _read(document: Any) -> Model:
    require(isinstance(document, dict) and set(document) <= _MEMBERS, "members")
    rules = tuple(_rule(one) for one in document.get("rules") or ())
    windows = tuple(_window(one) for one in document.get("windows") or ())
    inactivity = _inactivity(document["inactivity"], rules) if document.get("inactivity") else None
    kinds = [rule.kinds for rule in rules] + [window.kinds for window in windows]
    named = frozenset[str]().union(*kinds, inactivity.kinds if inactivity else ())
    scale = {"min": 0, "max": 100} | (document.get("scale") or {})
    fit = tuple(_fit_rule(one) for one in document.get("fit") or ())
    bands = read_bands(document.get("bands") or ())
    ids = [*(one.id for one in rules), *(one.id for one in windows), *(one.id for one in fit)]
    require(len(set(ids)) == len(ids), "an id twice")
    require(len(named) <= MOST_KINDS, "too many kinds")
    require(set(scale) == {"min", "max"} and scale["min"] < scale["max"], "scale")
    return Model(
        rules=rules,
        windows=windows,
        inactivity=inactivity,
        fit=fit,
        segments=tuple(_segment(one, bands) for one in document.get("segments") or ()),
        grades=read_grades(document["grades"]) if document.get("grades") else None,
        flag_cap=document.get("flag_cap") or 0,
        surge=read_surge(document["surge"]) if document.get("surge") else None,
        clamps={name: _clamp(clamp) for name, clamp in (document.get("groups") or {}).items()},
        bands=bands,
        scale=(scale["min"], scale["max"]),
        zone=ZoneInfo(document.get("timezone") or "UTC"),
        named=named,
    )


def _rule(one: dict[str, Any]) -> Rule:
    where = one.get("where") or {}
    for condition in where.values():
        _check_condition(condition, TESTS)
    require(_are_points(one["points"]), "points")
    return Rule(
        id=one["id"],
        kinds=_kinds(one["kind"]),
        where=where,
        points=one["points"],
        decay=_decay(one),
        limit=_limit(one["limit"]) if one.get("limit") else None,
        group=one.get("group") or "engagement",
    )


def _fit_rule(one: dict[str, Any]) -> FitRule:
    """Section 6: points or a flag, and at least one condition."""
    points, flag = one.get("points"), one.get("flag")
    require(set(one) <= _FIT_MEMBERS and (points is None) != (flag is None), "points or a flag")
    require(points is None or _are_points(points), "points")
    require(flag is None or (isinstance(flag, str) and bool(flag.strip())), "flag")
    require(one.get("dimension") in (None, *DIMENSIONS), "dimension")
    return FitRule(one["id"], _fit_where(one), points, flag, one.get("dimension"), one.get("group") or "fit")


def _segment(one: dict[str, Any], bands: tuple[Band, ...]) -> Segment:
    return Segment(one["name"], _fit_where(one), read_segment_bands(one.get("bands") or {}, bands))


def _fit_where(one: dict[str, Any]) -> dict[str, Any]:
    where = dict(one["where"])
    require(bool(where), "where")
    for condition in where.values():
        _check_condition(condition, FIT_TESTS)
    return where


def _are_points(points: object) -> bool:
    return isinstance(points, int) and -100 <= points <= 100 and points != 0


def _check_condition(condition: Any, tests: tuple[str, ...]) -> None:
    if not isinstance(condition, dict):
        require(isinstance(condition, str | int | float), "a plain value")
        return
    require(bool(condition) and set(condition) <= set(tests), "a condition")
    for name, wanted in condition.items():
        match name:
            case "in":
                require(isinstance(wanted, list) and bool(wanted), "in")
            case "min" | "max":
                require(is_number(wanted), name)
            case "missing":
                require(isinstance(wanted, bool), "missing")
            case "matches":
                re.compile(wanted)
            case "is":
                require(wanted in WORDS, "is")
            case _:
                require(isinstance(wanted, str), name)


def _decay(one: dict[str, Any]) -> tuple[str, int] | None:
    given = [name for name in _DECAYS if one.get(name) is not None]
    require(len(given) <= 1, "one decay")
    if not given:
        return None
    length_ms = duration_ms(one[given[0]])
    require(given[0] == "half_life" or length_ms <= 90 * DAY_MS, "a decay of at most 90 d")
    return given[0], length_ms


def _limit(limit: dict[str, Any]) -> tuple[int, str]:
    require(set(limit) == {"times", "per"} and isinstance(limit["per"], str) and limit["times"] >= 1, "limit")
    return limit["times"], limit["per"]


def _window(one: dict[str, Any]) -> Window:
    within_ms = duration_ms(one["within"])
    steps = tuple(sorted((step["at_least"], step["points"]) for step in one["steps"]))
    require(within_ms % HOUR_MS == 0 and within_ms <= 30 * DAY_MS, "whole hours, up to 30 d")
    require(all(at_least >= 1 for at_least, _ in steps), "at_least")
    return Window(one["id"], _kinds(one["count"]), within_ms, steps, one.get("group") or "engagement")


def _inactivity(one: dict[str, Any], rules: tuple[Rule, ...]) -> Inactivity:
    engaging = frozenset[str]().union(*(rule.kinds for rule in rules if rule.points > 0))
    return Inactivity(
        after_ms=duration_ms(one["after"]),
        points=one["points"],
        every_ms=duration_ms(one["every"]),
        at_most=one["at_most"],
        group=one.get("group") or "engagement",
        kinds=_kinds(one["count"]) if one.get("count") else engaging,
    )


def _kinds(given: str | list[str]) -> frozenset[str]:
    kinds = frozenset([given] if isinstance(given, str) else given)
    require(bool(kinds) and all(isinstance(kind, str) for kind in kinds), "kinds")
    return kinds


def _clamp(one: dict[str, Any] | None) -> tuple[float | None, float | None]:
    """Section 7: a group's min is 0 or below, its max 0 or above."""
    low, high = (one or {}).get("min"), (one or {}).get("max")
    require((low is None or low <= 0) and (high is None or high >= 0), "a clamp")
    return low, high
