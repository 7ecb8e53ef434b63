"""The product on lines about one lead: figures worked out by hand are compared with what it tells."""

from __future__ import annotations

from typing import Any

from schemas.instants import parse_ms
from tests.laws.drive import scored

Answer = dict[str, Any]


def run(model: dict[str, Any], lines: list[Any], as_of: str) -> Answer:
    """The whole answer at an instant."""
    return scored({"version": "worked"} | model, lines, parse_ms(as_of))


def told(model: dict[str, Any], lines: list[Any], as_of: str) -> Answer:
    """What is told of the one lead."""
    (lead,) = run(model, lines, as_of)["leads"]
    return dict(lead)


def final(model: dict[str, Any], lines: list[Any], as_of: str) -> float:
    """The score of the one lead."""
    return float(told(model, lines, as_of)["score"])


def points(model: dict[str, Any], lines: list[Any], as_of: str) -> dict[str, float]:
    """What each rule gives or takes."""
    return {part["rule"]: part["points"] for part in told(model, lines, as_of)["contributions"]}
