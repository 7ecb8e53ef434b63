"""Why the score is what it is: each rule's points, then what the clamps changed. The list sums to the score."""

from __future__ import annotations

from array import array
from functools import cache
from typing import NamedTuple, TypedDict

from schemas.changes import Adjustment, Contribution
from schemas.instants import DAY_MS, HOUR_MS
from scoring.fit_model import DIMENSIONS
from scoring.flags import named_caps
from scoring.layout import KIND_SERIES
from scoring.lead import NEVER, Lead
from scoring.plan import Plan
from scoring.score import (
    DECIMALS,
    Curve,
    decayed_points,
    inactivity_points,
    step_points,
    stepped_points,
    window_count,
    within,
)

ROLLING_HOURS = {"24h": 24, "7d": 168, "30d": 720}
DIGITS = 9
"""Points are given to these digits: enough for the list to sum to the score, and no noise behind them."""


class Explanation(NamedTuple):
    """Contributions from the largest, then adjustments; the grade that the sums of the groups come to."""

    contributions: tuple[Contribution, ...]
    adjustments: tuple[Adjustment, ...]
    grade: str | None


class DimensionReport(TypedDict):
    """A dimension of BANT: whether anything of it is known, and its points."""

    known: bool
    points: int


def explain(plan: Plan, lead: Lead, at_ms: int) -> Explanation:
    """What makes up the score at an instant not before the lead's `as_of`."""
    found = [*_rules(plan, lead, at_ms), *_windows(plan, lead, at_ms), *_inactivity(plan, lead, at_ms)]
    found += _fit(plan, lead)
    found.sort(key=lambda each: (-abs(each.points), each.rule))
    sums, changed = clamped_sums(plan, lead, at_ms)
    return Explanation(tuple(found), (*changed, *_scaled(plan, lead, at_ms, sum(sums))), _grade(plan, sums))


def rolling_counts(plan: Plan, lead: Lead, at_ms: int) -> dict[str, dict[str, int]]:
    """Signals by kind over the last 24 hours, 7 days and 30 days; kinds of which nothing came are left out."""
    counts = {}
    for slot, kind in enumerate(plan.kinds):
        tag = KIND_SERIES + slot
        if tag in lead.parts:
            found = [window_count(lead.parts, (tag,), hours, at_ms) for hours in ROLLING_HOURS.values()]
            if found[-1]:
                counts[kind] = dict(zip(ROLLING_HOURS, found, strict=True))
    return counts


def dimensions(plan: Plan, lead: Lead) -> dict[str, DimensionReport]:
    """Each dimension that the model asks for: known or not, and its points."""
    found: dict[str, DimensionReport] = {}
    for rule in plan.fit:
        if rule.dimension is not None:
            known = bool(lead.known >> DIMENSIONS.index(rule.dimension) & 1)
            report = found.setdefault(rule.dimension, {"known": known, "points": 0})
            report["points"] += rule.points if lead.fit & rule.bit else 0
    return found


def words(milliseconds: int) -> str:
    """A duration as people write it: `14d`, `36h`, `90m`."""
    for unit_ms, unit in ((DAY_MS, "d"), (HOUR_MS, "h"), (60_000, "m")):
        if milliseconds % unit_ms == 0:
            return f"{milliseconds // unit_ms}{unit}"
    return f"{milliseconds // 1000}s"


def _rules(plan: Plan, lead: Lead, at_ms: int) -> list[Contribution]:
    found = []
    for rule, (compiled, term) in zip(plan.model.rules, plan.terms, strict=True):
        if term is not None:
            points = stepped_points(term, lead.parts.get(term.stepped.tag), at_ms)
        elif lead.counts[compiled.slot]:
            points = decayed_points(lead, compiled.slot, compiled.rate, rule.points, at_ms)
        else:
            continue
        if points := round(points, DIGITS):
            found.append(Contribution(rule.id, points, _kinds_in_words(rule.kind)))
    return found


@cache
def _kinds_in_words(kinds: tuple[str, ...]) -> str:
    return " or ".join(kind.replace(".", " ").replace("_", " ") for kind in kinds)


def _windows(plan: Plan, lead: Lead, at_ms: int) -> list[Contribution]:
    found = []
    for window, compiled in zip(plan.model.windows, plan.windows, strict=True):
        count = window_count(lead.parts, compiled.tags, compiled.hours, at_ms)
        points = step_points(compiled, count)
        if points:
            what = f"{count} signals within {words(window.within)}"
            found.append(Contribution(window.id, float(points), what))
    return found


def _inactivity(plan: Plan, lead: Lead, at_ms: int) -> list[Contribution]:
    if plan.quiet is None or lead.latest == NEVER:
        return []
    quiet_ms = at_ms - lead.latest
    points = inactivity_points(plan.quiet, quiet_ms)
    if not points:
        return []
    return [Contribution("inactivity", float(points), f"quiet for {quiet_ms // DAY_MS} days")]


def _fit(plan: Plan, lead: Lead) -> list[Contribution]:
    return [
        Contribution(rule.id, float(rule.points), _fields_in_words(tuple(rule.where)))
        for rule, compiled in zip(plan.model.fit, plan.fit, strict=True)
        if lead.fit & compiled.bit and rule.points
    ]


@cache
def _fields_in_words(names: tuple[str, ...]) -> str:
    return "profile: " + ", ".join(name.replace("_", " ") for name in names)


def clamped_sums(plan: Plan, lead: Lead, at_ms: int) -> tuple[array[float], list[Adjustment]]:
    """The sum of each group at an instant, clamped, and what the clamps changed."""
    sums = Curve(plan, lead).group_sums(at_ms)
    changed = []
    for clamp in plan.clamps:
        clamped = within(sums[clamp.group], clamp.low, clamp.high)
        changed.append((f"group {clamp.name}", clamped - sums[clamp.group]))
        sums[clamp.group] = clamped
    return sums, _told(changed)


def _scaled(plan: Plan, lead: Lead, at_ms: int, total: float) -> list[Adjustment]:
    """What the scale and the flags changed of the sum of the groups."""
    scaled = within(total, plan.low, plan.high)
    changed = [("scale", scaled - total)]
    up = [(cap, reason) for reason, until, cap in named_caps(plan, lead) if at_ms < until]
    if up:
        cap, reason = min(up)
        changed.append((f"flag {reason}", min(cap - scaled, 0.0)))
    return _told(changed)


def _told(changed: list[tuple[str, float]]) -> list[Adjustment]:
    return [Adjustment(what, told) for what, points in changed if (told := round(points, DIGITS))]


def grade(plan: Plan, lead: Lead, at_ms: int) -> str | None:
    """Such as B2: the letter by the sum of the fit groups, the number by the sum of the others."""
    sums, _ = clamped_sums(plan, lead, at_ms)
    return _grade(plan, sums)


def _grade(plan: Plan, sums: array[float]) -> str | None:
    grades = plan.model.grades
    if grades is None:
        return None
    fit = sum(points for place, points in enumerate(sums) if place in plan.fit_places)
    rest = sum(sums) - fit
    letter = next((name for name, line in grades.fit.items() if round(fit, DECIMALS) >= line), "D")
    number = next((name for name, line in grades.engagement.items() if round(rest, DECIMALS) >= line), 4)
    return f"{letter}{number}"
