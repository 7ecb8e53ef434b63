"""The scoring model as plain values: sections 4 to 10, as the YAML says them (document.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

COLD = "cold"
"""Below the first band (section 9)."""

OTHER = "other"
"""The name under which signals of kinds that the model does not name are counted (section 3)."""


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
class FitRule:
    """Section 6. Either `points` or `flag`, the reason of the red flag that it raises."""

    id: str
    where: Mapping[str, Any]
    points: int | None
    flag: str | None
    dimension: str | None
    group: str


@dataclass(frozen=True)
class Segment:
    """Section 6. `bands` are all bands of the model, with the segment's own lines where it has some."""

    name: str
    where: Mapping[str, Any]
    bands: tuple[Band, ...]


@dataclass(frozen=True)
class Grades:
    """Section 6. Lines as (letter, points) and (number, points), the best first."""

    fit: tuple[tuple[str, float], ...]
    engagement: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Surge:
    """Section 10."""

    points: int
    within_ms: int
    kinds: int
    times_usual: float
    cooldown_ms: int


@dataclass(frozen=True)
class Model:
    """One model. `clamps` maps a group to (min or None, max or None); `named` is every kind that it names."""

    rules: tuple[Rule, ...]
    windows: tuple[Window, ...]
    inactivity: Inactivity | None
    fit: tuple[FitRule, ...]
    segments: tuple[Segment, ...]
    grades: Grades | None
    flag_cap: float
    surge: Surge | None
    clamps: Mapping[str, tuple[float | None, float | None]]
    bands: tuple[Band, ...]
    scale: tuple[float, float]
    zone: tzinfo
    named: frozenset[str]

    def place_of(self, band: str) -> int:
        """The band's place from below, -1 for cold and for a band that this model does not have."""
        return next((place for place, one in enumerate(self.bands) if one.name == band), -1)

    def band_at(self, place: int) -> str:
        """The name of the band at that place; `cold` at -1."""
        return self.bands[place].name if place >= 0 else COLD
