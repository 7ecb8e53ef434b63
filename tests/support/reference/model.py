"""The scoring model as plain values: sections 4, 5, 7 and 9, as the YAML says them.

`read_model` raises BadModel for what the contract forbids, without the line or the advice that the product
gives: the reference only has to know that the model is refused.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.reference.conditions import TESTS, is_number
from tests.support.reference.instants import DAY_MS, HOUR_MS, duration_ms

COLD = "cold"
"""Below the first band (section 9)."""

OTHER = "other"
"""The name under which signals of kinds that the model does not name are counted (section 3)."""

MOST_KINDS = 16
_DECAYS = ("half_life", "fades_over", "expires_after")
_MEMBERS = frozenset(
    {"version", "timezone", "scale", "rules", "windows", "inactivity", "groups", "bands"},
)


class BadModel(ValueError):
    """The document is not a scoring model that the contract allows."""


@dataclass(frozen=True)
class Rule:
    """Section 4. `decay` is (name, ms) or None; `limit` is (times, per) or None; `where` is as in the YAML."""

    id: str
    kinds: frozenset[str]
    where: Mapping[str, Any]
    points: int
    decay: tuple[str, int] | None
    limit: tuple[int, str] | None
    group: str

    def counts_the_same_as(self, other: Rule) -> bool:
        """Section 4: another kind, where, limit or decay makes a new rule; points and group do not."""
        return (
            self.kinds == other.kinds
            and json.dumps(self.where, sort_keys=True) == json.dumps(other.where, sort_keys=True)
            and self.decay == other.decay
            and self.limit == other.limit
        )


@dataclass(frozen=True)
class Window:
    """Section 5. `steps` are (at_least, points) in ascending order of at_least."""

    id: str
    kinds: frozenset[str]
    within_ms: int
    steps: tuple[tuple[int, int], ...]
    group: str


@dataclass(frozen=True)
class Inactivity:
    """Section 5. `kinds` are, unless given, those of the rules with positive points."""

    after_ms: int
    points: int
    every_ms: int
    at_most: int
    group: str
    kinds: frozenset[str]


@dataclass(frozen=True)
class Band:
    """Section 9."""

    name: str
    enter: float
    leave: float
    alert: bool
    cooldown_ms: int


@dataclass(frozen=True)
class Model:
    """One model. `clamps` maps a group to (min or None, max or None); `named` is every kind that it names."""

    rules: tuple[Rule, ...]
    windows: tuple[Window, ...]
    inactivity: Inactivity | None
    clamps: Mapping[str, tuple[float | None, float | None]]
    bands: tuple[Band, ...]
    scale: tuple[float, float]
    zone: tzinfo
    named: frozenset[str]

    @property
    def threshold(self) -> float | None:
        """Section 9: the line to enter of the highest band with `alert`."""
        return next((band.enter for band in reversed(self.bands) if band.alert), None)

    def place_of(self, band: str) -> int:
        """The band's place from below, -1 for cold and for a band that this model does not have."""
        return next((place for place, one in enumerate(self.bands) if one.name == band), -1)

    def band_at(self, place: int) -> str:
        """The name of the band at that place; `cold` at -1."""
        return self.bands[place].name if place >= 0 else COLD


def read_model(document: object) -> Model:
    """The model that the parsed YAML document describes. Raises BadModel."""
    try:
        return _read(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadModel(repr(error)) from error


def _read(document: Any) -> Model:
    _require(isinstance(document, dict) and set(document) <= _MEMBERS, "members")
    rules = tuple(_rule(one) for one in document.get("rules") or ())
    windows = tuple(_window(one) for one in document.get("windows") or ())
    inactivity = _inactivity(document["inactivity"], rules) if document.get("inactivity") else None
    kinds = [rule.kinds for rule in rules] + [window.kinds for window in windows]
    named = frozenset[str]().union(*kinds, inactivity.kinds if inactivity else ())
    scale = {"min": 0, "max": 100} | (document.get("scale") or {})
    ids = [rule.id for rule in rules] + [window.id for window in windows]
    _require(len(set(ids)) == len(ids), "an id twice")
    _require(len(named) <= MOST_KINDS, "too many kinds")
    _require(set(scale) == {"min", "max"} and scale["min"] < scale["max"], "scale")
    return Model(
        rules=rules,
        windows=windows,
        inactivity=inactivity,
        clamps={name: _clamp(clamp) for name, clamp in (document.get("groups") or {}).items()},
        bands=_bands(document.get("bands") or ()),
        scale=(scale["min"], scale["max"]),
        zone=ZoneInfo(document.get("timezone") or "UTC"),
        named=named,
    )


def _rule(one: dict[str, Any]) -> Rule:
    where = one.get("where") or {}
    for condition in where.values():
        _check_condition(condition)
    _require(isinstance(one["points"], int) and -100 <= one["points"] <= 100 and one["points"] != 0, "points")
    return Rule(
        id=one["id"],
        kinds=_kinds(one["kind"]),
        where=where,
        points=one["points"],
        decay=_decay(one),
        limit=_limit(one["limit"]) if one.get("limit") else None,
        group=one.get("group") or "engagement",
    )


def _check_condition(condition: Any) -> None:
    if not isinstance(condition, dict):
        _require(isinstance(condition, str | int | float), "a plain value")
        return
    _require(bool(condition) and set(condition) <= set(TESTS), "a condition")
    for name, wanted in condition.items():
        match name:
            case "in":
                _require(isinstance(wanted, list) and bool(wanted), "in")
            case "min" | "max":
                _require(is_number(wanted), name)
            case "missing":
                _require(isinstance(wanted, bool), "missing")
            case "matches":
                re.compile(wanted)
            case _:
                _require(isinstance(wanted, str), name)


def _decay(one: dict[str, Any]) -> tuple[str, int] | None:
    given = [name for name in _DECAYS if one.get(name) is not None]
    _require(len(given) <= 1, "one decay")
    if not given:
        return None
    length_ms = duration_ms(one[given[0]])
    _require(given[0] == "half_life" or length_ms <= 90 * DAY_MS, "a decay of at most 90 d")
    return given[0], length_ms


def _limit(limit: dict[str, Any]) -> tuple[int, str]:
    _require(set(limit) == {"times", "per"} and isinstance(limit["per"], str) and limit["times"] >= 1, "limit")
    return limit["times"], limit["per"]


def _window(one: dict[str, Any]) -> Window:
    within_ms = duration_ms(one["within"])
    steps = tuple(sorted((step["at_least"], step["points"]) for step in one["steps"]))
    _require(within_ms % HOUR_MS == 0 and within_ms <= 30 * DAY_MS, "whole hours, up to 30 d")
    _require(all(at_least >= 1 for at_least, _ in steps), "at_least")
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
    _require(bool(kinds) and all(isinstance(kind, str) for kind in kinds), "kinds")
    return kinds


def _clamp(one: dict[str, Any] | None) -> tuple[float | None, float | None]:
    """Section 7: a group's min is 0 or below, its max 0 or above."""
    low, high = (one or {}).get("min"), (one or {}).get("max")
    _require((low is None or low <= 0) and (high is None or high >= 0), "a clamp")
    return low, high


def _bands(given: list[dict[str, Any]] | tuple[()]) -> tuple[Band, ...]:
    """Section 9: ascending in enter and in leave, leave below enter in each."""
    bands = tuple(
        Band(
            name=one["name"],
            enter=one["enter"],
            leave=one["leave"],
            alert=bool(one.get("alert", False)),
            cooldown_ms=duration_ms(one["cooldown"]) if one.get("cooldown") else 0,
        )
        for one in given
    )
    names = [COLD, *(band.name for band in bands)]
    _require(len(set(names)) == len(names), "a name twice")
    _require(all(band.leave < band.enter for band in bands), "leave below enter")
    for lower, upper in itertools.pairwise(bands):
        _require(lower.enter < upper.enter and lower.leave < upper.leave, "ascending")
    return bands


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise BadModel(what)
