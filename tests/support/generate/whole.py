"""What a random model has beyond engagement: fit, segments, grades, a cap for flags, surge."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from random import Random
from typing import Any

from tests.support.generate.profiles import random_fit_where

Bands = list[dict[str, Any]]

REASONS = ("competitor", "doubt", "spam", "do-not-call", "überfällig" * 25)
"""Of red flags, by fit rules and by commands alike."""

_DIMENSIONS = ("budget", "authority", "need", "timeline")
_FIT_GROUPS = ("fit", "fit", "bant", "email")
"""The last one is a group of engagement, too."""


def whole_parts(rng: Random, bands: Bands, new_bands: Callable[[], Bands]) -> dict[str, Any]:
    """Each part now and then left out. `new_bands` makes as many bands with other lines."""
    parts: dict[str, Any] = {"fit": [fit_rule(rng, f"fit{number}") for number in range(rng.randint(2, 8))]}
    if rng.random() < 0.7:
        parts["segments"] = segments(rng, bands, new_bands)
    if rng.random() < 0.8:
        parts["grades"] = grades(rng)
    if rng.random() < 0.6:
        parts["flag_cap"] = rng.choice([0, 10, 25.5, 60])
    if rng.random() < 0.8:
        parts["surge"] = surge(rng)
    return parts


def fit_rule(rng: Random, rule_id: str) -> dict[str, Any]:
    """Points or a flag for one or two conditions."""
    rule: dict[str, Any] = {"id": rule_id, "where": random_fit_where(rng)}
    if rng.random() < 0.4:
        rule["dimension"] = rng.choice(_DIMENSIONS)
    if rng.random() < 0.2:
        return rule | {"flag": rng.choice(REASONS[:3])}
    rule["points"] = rng.choice([rng.randint(1, 30), rng.randint(1, 30), -rng.randint(1, 30)])
    return rule | ({"group": rng.choice(_FIT_GROUPS)} if rng.random() < 0.4 else {})


def segments(rng: Random, bands: Bands, new_bands: Callable[[], Bands]) -> list[dict[str, Any]]:
    """Up to three personas, some with lines of their own for some bands."""
    told = []
    for number in range(rng.randint(1, 3)):
        segment: dict[str, Any] = {"name": f"persona-{number}", "where": random_fit_where(rng)}
        if bands and rng.random() < 0.7:
            segment["bands"] = _own_lines(rng, bands, new_bands())
        told.append(segment)
    return told


def _own_lines(rng: Random, bands: Bands, others: Bands) -> dict[str, dict[str, float]]:
    """Lines for one band if the bands still ascend with them, else for all."""
    own = {
        band["name"]: {side: other[side] for side in ("enter", "leave")}
        for band, other in zip(bands, others, strict=True)
    }
    name = rng.choice(sorted(own))
    one = [(band | own[name]) if band["name"] == name else band for band in bands]
    ascending = all(
        lower["enter"] < upper["enter"] and lower["leave"] < upper["leave"]
        for lower, upper in itertools.pairwise(one)
    )
    return {name: own[name]} if ascending and rng.random() < 0.7 else own


def grades(rng: Random) -> dict[str, Any]:
    """Descending lines, some letters or numbers left out."""
    told: dict[str, Any] = {}
    for part, names, highest in (("fit", ("A", "B", "C"), 40), ("engagement", (1, 2, 3), 80)):
        lines = sorted(rng.sample(range(-10, highest), len(names)), reverse=True)
        kept = sorted(rng.sample(range(len(names)), rng.choice([1, 2, 3, 3, 3])))
        told[part] = {names[place]: lines[place] for place in kept}
    return told


def surge(rng: Random) -> dict[str, Any]:
    """Mostly one that some bursts reach."""
    told: dict[str, Any] = {
        "points": rng.choice([5, 15, 30, 60]),
        "within": rng.choice(["90s", "1h", "24h", "36h", "48h", "7d", "10d"]),
    }
    if rng.random() < 0.6:
        told["kinds"] = rng.randint(1, 3)
    if rng.random() < 0.6:
        told["times_usual"] = rng.choice([0, 0.5, 1, 3])
    if rng.random() < 0.6:
        told["cooldown"] = rng.choice(["30m", "24h", "7d"])
    return told
