"""Sections 4 to 8: what a lead's signals and profile are worth at an instant, and the score that they make.

Every figure is summed anew from the accepted signals. Each figure is also given as the least that it is
anywhere in a span of time, which falls.py needs; for a span of one instant that is the figure itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.support.reference.fit import matching, reasons_by_fit
from tests.support.reference.instants import DAY_MS, HOUR_MS, floor_to
from tests.support.reference.lead import Accepted, Lead
from tests.support.reference.model import Inactivity, Model, Rule, Window

ROLLING_MS = {"24h": 24 * HOUR_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS}
"""Section 5: the rolling counts that are always kept."""

SHORT_DECAY_MS = 7 * DAY_MS
"""Section 4: a decay to zero within this floors its signals to the hour, a longer one to the UTC day."""

DECIMALS = 6


@dataclass(frozen=True)
class Part:
    """What one rule, one window, inactivity or one fit rule gives, and the group in which it is summed."""

    name: str
    group: str
    points: float


@dataclass(frozen=True)
class Breakdown:
    """The score, rounded, and the explanation that sums to it: parts, then the adjustments by clamps and flags.

    `groups` are the sums of the groups once clamped.
    """

    score: float
    parts: tuple[Part, ...]
    groups: Mapping[str, float]
    adjustments: tuple[tuple[str, float], ...]


def breakdown(model: Model, lead: Lead, at_ms: int) -> Breakdown:
    """The score at an instant that no accepted signal is later than, with its explanation."""
    return compose(model, least_parts(model, lead, at_ms, at_ms), cap_at(model, lead, at_ms))


def compose(model: Model, parts: Sequence[Part], cap: float | None) -> Breakdown:
    """Section 7's order: sum within a group, clamp it, sum the groups, clamp to the scale, cap by flags, round.

    Never falls when a part rises, since sums, clamps, caps and rounding never do.
    """
    adjustments: list[tuple[str, float]] = []
    groups: dict[str, float] = {}
    for group in sorted({part.group for part in parts}):
        points = math.fsum(part.points for part in parts if part.group == group)
        groups[group] = _clamp(points, *model.clamps.get(group, (None, None)))
        adjustments.append((f"group {group}", groups[group] - points))
    total = sum(groups.values())
    scaled = _clamp(total, *model.scale)
    capped = _clamp(scaled, None, cap)
    adjustments += [("scale", scaled - total), ("flags", capped - scaled)]
    told = tuple((what, points) for what, points in adjustments if points != 0)
    return Breakdown(round(capped, DECIMALS), tuple(parts), groups, told)


def cap_at(model: Model, lead: Lead, at_ms: int) -> float | None:
    """Section 8: the lowest cap of the flags that are up, None without any. A fit rule's flag has the model's."""
    caps = [model.flag_cap if flag.cap is None else flag.cap for flag in lead.flags.values() if flag.is_up(at_ms)]
    return min([*caps, model.flag_cap] if reasons_by_fit(model, lead) else caps, default=None)


def grade(model: Model, explained: Breakdown) -> str | None:
    """Section 6: the letter of the fit groups' sum and the number of the other groups' sum; None without grades.

    A group that a fit rule is in is a fit group, whatever else is in it, and whether or not there is a profile.
    """
    if model.grades is None:
        return None
    of_fit = {rule.group for rule in model.fit if rule.points is not None}
    fit = sum(points for group, points in explained.groups.items() if group in of_fit)
    rest = sum(points for group, points in explained.groups.items() if group not in of_fit)
    return _reached(model.grades.fit, fit, "D") + _reached(model.grades.engagement, rest, "4")


def _reached(lines: tuple[tuple[str, float], ...], points: float, below_all: str) -> str:
    return next((name for name, line in lines if round(points, DECIMALS) >= line), below_all)


def _clamp(points: float, low: float | None, high: float | None) -> float:
    points = points if low is None else max(points, low)
    return points if high is None else min(points, high)


def least_parts(model: Model, lead: Lead, start_ms: int, end_ms: int) -> tuple[Part, ...]:
    """Of each rule, window, inactivity and fit rule the least points that it gives anywhere in [start, end]."""
    parts = [Part(rule.id, rule.group, _rule_least(rule, lead, start_ms, end_ms)) for rule in model.rules]
    parts += [Part(one.id, one.group, _window_least(one, lead, start_ms, end_ms)) for one in model.windows]
    if model.inactivity is not None:
        points = _inactivity_least(model.inactivity, lead, start_ms, end_ms)
        parts.append(Part("inactivity", model.inactivity.group, points))
    parts += [Part(one.id, one.group, one.points) for one in matching(model, lead) if one.points is not None]
    return tuple(parts)


def _rule_least(rule: Rule, lead: Lead, start_ms: int, end_ms: int) -> float:
    """points x the sum of the weights, which only falls: gains are least at the end, losses at the start."""
    at_ms = end_ms if rule.points > 0 else start_ms
    return rule.points * math.fsum(weight(rule.decay, one, at_ms) for one in lead.counted.get(rule.id, ()))


def weight(decay: tuple[str, int] | None, one: Accepted, at_ms: int) -> float:
    """Section 4, decay: what one signal that counted still weighs at an instant."""
    if decay is None:
        return 1.0
    name, length_ms = decay
    occurred_ms = one.signal.occurred_ms
    if name == "half_life":
        return float(2.0 ** (-max(0, at_ms - occurred_ms) / length_ms))
    since_ms = floor_to(occurred_ms, HOUR_MS if length_ms <= SHORT_DECAY_MS else DAY_MS)
    age_ms = max(0, at_ms - since_ms)
    if name == "fades_over":
        return max(0.0, 1 - age_ms / length_ms)
    return 1.0 if age_ms < length_ms else 0.0


def _window_least(window: Window, lead: Lead, start_ms: int, end_ms: int) -> float:
    """The points of the highest `at_least` reached; a count only falls with time, so it passes through these."""
    signals = [one for one in lead.accepted if one.name in window.kinds]
    most, fewest = (count_within(signals, window.within_ms, at_ms) for at_ms in (start_ms, end_ms))
    return min(_step(window, count) for count in range(fewest, most + 1))


def _step(window: Window, count: int) -> float:
    reached = [points for at_least, points in window.steps if count >= at_least]
    return reached[-1] if reached else 0


def count_within(signals: Sequence[Accepted], within_ms: int, at_ms: int) -> int:
    """Section 5: the signals, each floored to the whole hour, whose age is less than `within`."""
    return sum(1 for one in signals if one.in_windows and max(0, at_ms - one.hour_ms) < within_ms)


def _inactivity_least(inactivity: Inactivity, lead: Lead, start_ms: int, end_ms: int) -> float:
    """Section 5: k only rises while nothing comes in, so the points at one of the ends are the least."""
    engaged = [one.signal.occurred_ms for one in lead.accepted if one.signal.kind in inactivity.kinds]
    if not engaged:
        return 0
    return min(inactivity.points * _quiet_steps(inactivity, at_ms - max(engaged)) for at_ms in (start_ms, end_ms))


def _quiet_steps(inactivity: Inactivity, quiet_ms: int) -> int:
    if quiet_ms < inactivity.after_ms:
        return 0
    return min(inactivity.at_most, 1 + (quiet_ms - inactivity.after_ms) // inactivity.every_ms)


def rolling_counts(lead: Lead, at_ms: int) -> dict[str, dict[str, int]]:
    """Section 5: counts over 24 h, 7 d and 30 d by kind; a kind with none in 30 d is left out."""
    counts = {}
    for name in sorted({one.name for one in lead.accepted}):
        signals = [one for one in lead.accepted if one.name == name]
        rolling = {label: count_within(signals, ms, at_ms) for label, ms in ROLLING_MS.items()}
        if any(rolling.values()):
            counts[name] = rolling
    return counts
