"""Random scoring models, as the parsed YAML document of one. All are valid."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import yaml

from tests.support.generate.whole import fit_rule, segments, surge, whole_parts
from tests.support.generate.words import BUCKETS, KINDS, random_where

Model = dict[str, Any]

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/St_Johns")
"""With summer time on both halves of the earth, and hours that are not whole."""

_GROUPS = ("email", "events", "quiet", "site")
_NAMES = ("warm", "hot", "boiling")


def random_model(rng: Random, *, limits: bool = True, negative: bool = True, whole: bool = False) -> Model:
    """A model. Without `negative` nothing takes points and steps ascend: its score never rises by itself.

    `whole` adds fit, segments, grades, flags and surge.
    """
    model: Model = {"version": f"random-{rng.randrange(10**6)}"}
    if rng.random() < 0.5:
        model["timezone"] = rng.choice(ZONES)
    if rng.random() < 0.4:
        model["scale"] = {"min": rng.choice([0, 0, -50]), "max": rng.choice([60, 200, 1000])}
    model["rules"] = [_rule(rng, f"r{n}", limits=limits, negative=negative) for n in range(rng.randint(1, 8))]
    if rng.random() < 0.7:
        model["windows"] = [_window(rng, f"w{n}", negative=negative) for n in range(rng.randint(1, 3))]
    if negative and rng.random() < 0.6:
        model["inactivity"] = _inactivity(rng)
    if rng.random() < 0.7:
        model["groups"] = {name: _clamp(rng) for name in rng.sample([*_GROUPS, "engagement"], rng.randint(1, 3))}
    if rng.random() < 0.9:
        model["bands"] = _bands(rng, model.get("scale", {"max": 100})["max"])
    if whole:
        model |= whole_parts(rng, model.get("bands", []), lambda: _other_bands(rng, model))
        if rng.random() < 0.4:
            model["groups"] = model.get("groups", {}) | {rng.choice(["fit", "bant"]): _clamp(rng)}
    return model


def _other_bands(rng: Random, model: Model) -> list[dict[str, Any]]:
    """As many bands with other lines."""
    return _bands(rng, model.get("scale", {"max": 100})["max"], count=len(model["bands"]))


def model_yaml(model: Model) -> str:
    """The document's text, members in the order of the dict."""
    return str(yaml.safe_dump(model, sort_keys=False, allow_unicode=True))


def random_successor(rng: Random, model: Model) -> Model:
    """Another model for the same leads: other points, groups, clamps, steps and lines; some rules count anew.

    Every kind stays named, the kinds of inactivity and the bands' names stay, since the contract does not say
    what becomes of figures under a name that is gone.
    """
    named = sorted({kind for rule in model["rules"] for kind in _as_list(rule["kind"])})
    after = copy.deepcopy(model) | {"version": f"random-{rng.randrange(10**6)}"}
    for rule in after["rules"]:
        _vary(rng, rule)
    for window in after.get("windows", ()):
        window["steps"] = _steps(rng, negative=True)
    if not _engaging(model):
        after.pop("inactivity", None)
    if "inactivity" in after:
        after["inactivity"] = _inactivity(rng) | {"count": _engaging(model)}
    if "bands" in after:
        lines = _other_bands(rng, after)
        after["bands"] = [line | {"name": old["name"]} for old, line in zip(model["bands"], lines, strict=True)]
    after["rules"].append(_rule(rng, f"added{rng.randrange(1000)}", limits=True, negative=True) | {"kind": named})
    if "fit" in after:
        _vary_whole(rng, after)
    return after


def _vary_whole(rng: Random, after: Model) -> None:
    """Other fit rules, personas and cap; the lines of personas are those of the new bands or new ones."""
    after["fit"] = [one for one in after["fit"] if rng.random() < 0.8]
    after["fit"].append(fit_rule(rng, f"fit-added{rng.randrange(1000)}"))
    after.pop("segments", None)
    if rng.random() < 0.7:
        after["segments"] = segments(rng, after.get("bands", []), lambda: _other_bands(rng, after))
    if rng.random() < 0.5:
        after["flag_cap"] = rng.choice([0, 30, 70])
    if rng.random() < 0.5:
        after["surge"] = surge(rng)


def _engaging(model: Model) -> list[str]:
    """The kinds that end inactivity: those that it names, else those of the rules with positive points."""
    kinds = {kind for rule in model["rules"] if rule["points"] > 0 for kind in _as_list(rule["kind"])}
    return list(model.get("inactivity", {}).get("count") or sorted(kinds))


def _vary(rng: Random, rule: dict[str, Any]) -> None:
    """Other points and group, and now and then another limit or decay."""
    rule["points"] = _points(rng, negative=True)
    rule["group"] = rng.choice(_GROUPS)
    if rng.random() < 0.2:
        rule["limit"] = _limit(rng)
    if rng.random() < 0.2:
        for name in ("half_life", "fades_over", "expires_after"):
            rule.pop(name, None)
        rule.update(_decay(rng))


def _as_list(kinds: str | list[str]) -> list[str]:
    return [kinds] if isinstance(kinds, str) else kinds


def _rule(rng: Random, rule_id: str, *, limits: bool, negative: bool) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": rule_id, "kind": _kinds(rng)}
    if rng.random() < 0.4:
        rule["where"] = random_where(rng)
    rule["points"] = _points(rng, negative=negative)
    rule |= _decay(rng)
    if limits and rng.random() < 0.5:
        rule["limit"] = _limit(rng)
    if rng.random() < 0.6:
        rule["group"] = rng.choice(_GROUPS)
    return rule


def _points(rng: Random, *, negative: bool) -> int:
    points = rng.choice([rng.randint(1, 15), rng.randint(1, 40), rng.randint(1, 100)])
    return -points if negative and rng.random() < 0.25 else points


def _kinds(rng: Random) -> str | list[str]:
    if rng.random() < 0.7:
        return rng.choice(KINDS[:4]) if rng.random() < 0.7 else rng.choice(KINDS)
    return rng.sample(KINDS, rng.randint(1, 3))


def _decay(rng: Random) -> dict[str, str]:
    match rng.choice(["half_life", "half_life", "fades_over", "expires_after", "none"]):
        case "half_life":
            return {"half_life": rng.choice(["45s", "30m", "12h", "36h", "7d", "14d", "30d", "365d"])}
        case "none":
            return {}
        case name:
            return {name: rng.choice(["90m", "24h", "36h", "7d", "169h", "8d", "30d", "90d"])}


def _limit(rng: Random) -> dict[str, Any]:
    return {"times": rng.choice([1, 1, 2, 5]), "per": rng.choice(BUCKETS)}


def _window(rng: Random, window_id: str, *, negative: bool) -> dict[str, Any]:
    window: dict[str, Any] = {
        "id": window_id,
        "count": _as_list(_kinds(rng)),
        "within": rng.choice(["1h", "24h", "36h", "7d", "300h", "30d"]),
        "steps": _steps(rng, negative=negative),
    }
    if rng.random() < 0.6:
        window["group"] = rng.choice(_GROUPS)
    return window


def _steps(rng: Random, *, negative: bool) -> list[dict[str, int]]:
    """Ascending in `at_least`; with `negative` the points of a higher step may be lower, even a loss."""
    counts = sorted(rng.sample(range(1, 9), rng.randint(1, 3)))
    points = sorted(rng.sample(range(1, 40), len(counts)))
    if negative and rng.random() < 0.25:
        points = [rng.randint(-20, 30) or 1 for _ in counts]
    return [{"at_least": count, "points": gain} for count, gain in zip(counts, points, strict=True)]


def _inactivity(rng: Random) -> dict[str, Any]:
    inactivity: dict[str, Any] = {
        "after": rng.choice(["36h", "7d", "14d"]),
        "points": -rng.randint(1, 20),
        "every": rng.choice(["12h", "7d", "14d"]),
        "at_most": rng.randint(1, 4),
    }
    if rng.random() < 0.7:
        inactivity["group"] = rng.choice(_GROUPS)
    if rng.random() < 0.3:
        inactivity["count"] = rng.sample(KINDS[:5], rng.randint(1, 3))
    return inactivity


def _clamp(rng: Random) -> dict[str, int]:
    clamp = {"min": -rng.choice([0, 5, 30]), "max": rng.choice([0, 20, 40, 80, 80])}
    return {side: clamp[side] for side in rng.choice([["max"], ["min"], ["min", "max"]])}


def _bands(rng: Random, highest: int, count: int | None = None) -> list[dict[str, Any]]:
    """Lines anywhere between 0 and the scale's max; leave lines ascend by the same order as enter lines."""
    count = count if count is not None else rng.randint(1, len(_NAMES))
    enters = sorted(rng.sample(range(5, highest + 1), count))
    bands: list[dict[str, Any]] = []
    lowest = 0.0
    for name, enter in zip(_NAMES, enters, strict=False):
        leave = max(lowest + 0.5, enter - rng.choice([1, 2, 8, 0.5, 20]))
        leave = leave if leave < enter else enter - 0.25
        band: dict[str, Any] = {"name": name, "enter": enter, "leave": leave}
        if rng.random() < 0.6:
            band["alert"] = rng.random() < 0.8
            if rng.random() < 0.6:
                band["cooldown"] = rng.choice(["30m", "6h", "24h", "7d"])
        bands.append(band)
        lowest = leave
    return bands
