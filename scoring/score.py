"""From a lead's state to its score: the curve of the score over time, if nothing else comes.

In this order: points of each rule, window and the inactivity, summed by group, each group clamped, groups
summed, clamped to the scale, rounded to 6 decimals.

What falls with time (positive points that decay, windows that empty, growing inactivity) and what rises with
time (penalties that fade) are taken at two instants of their own. With both at t that is the score at t; with
the falling at b and the rising at a it is a lower bound of the score over [a, b], by which falls are found.
"""

from __future__ import annotations

from array import array
from typing import TypeAlias

from schemas.instants import HOUR_MS
from scoring.lead import NEVER, Lead
from scoring.model import Inactivity
from scoring.plan import DecayTerm, Plan, SteppedPlan, SteppedTerm, WindowPlan
from scoring.series import count_since, entries_since

DECIMALS = 6
"""Every comparison uses the score rounded to these."""

END_OF_TIME_MS = 1 << 60
"""Where whatever fades has faded."""

Series: TypeAlias = "array[int]"


class Curve:
    """A lead's score as a function of time from its `as_of` on.

    `only_falls`: nothing in it rises with time, so that a lower bound over a stretch is the score at its end.
    """

    __slots__ = (
        "_base",
        "_decays",
        "_latest",
        "_mark",
        "_no_penalty",
        "_plan",
        "_stepped",
        "_windows",
        "only_falls",
    )

    def __init__(self, plan: Plan, lead: Lead) -> None:
        self._plan = plan
        self._mark = lead.mark
        self._latest = lead.latest
        self._base = [0.0] * len(plan.groups)
        self._decays: list[tuple[float, int, float]] = []
        self._no_penalty = True
        for term in plan.decays:
            self._add(term, lead.counts)
        parts = lead.parts
        self._stepped = [(term, parts[term.stepped.tag]) for term in plan.stepped if term.stepped.tag in parts]
        self._windows = [(window, [parts[tag] for tag in window.tags if tag in parts]) for window in plan.windows]
        self.only_falls = (
            plan.windows_ascend and self._no_penalty and not any(term.points < 0 for term, _ in self._stepped)
        )

    def _add(self, term: DecayTerm, counts: array[float]) -> None:
        rate, groups = term
        for group, rules in groups:
            points = 0.0
            for slot, each in rules:
                points += each * counts[slot]
            if rate == 0.0:
                self._base[group] += points
            elif points != 0.0:
                self._decays.append((rate, group, points))
                self._no_penalty = self._no_penalty and points > 0.0

    def score(self, at_ms: int) -> float:
        """The score at an instant."""
        return self._clamped(self.group_sums(at_ms, at_ms))

    def lowest(self, first_ms: int, last_ms: int) -> float:
        """A lower bound of the score over [first_ms, last_ms]; the score itself where both are the same."""
        return self._clamped(self.group_sums(last_ms, first_ms))

    def score_and_ceiling(self, at_ms: int) -> tuple[float, float]:
        """The score at an instant, and an upper bound of it from then on, whatever the windows come to give."""
        fixed = self._sums_without_windows(at_ms, at_ms)
        most = fixed.copy() if self.only_falls else self._sums_without_windows(at_ms, END_OF_TIME_MS)
        for window in self._plan.windows:
            most[window.group] += window.most
        self._add_windows(fixed, at_ms, at_ms)
        return self._clamped(fixed), self._clamped(most)

    def next_quiet_step(self, after_ms: int) -> int:
        """The first instant after `after_ms` at which the inactivity takes more; END_OF_TIME_MS if none does."""
        inactivity = self._plan.inactivity
        if inactivity is None or self._latest == NEVER:
            return END_OF_TIME_MS
        first_ms = self._latest + inactivity.after
        if after_ms < first_ms:
            return first_ms
        steps = (after_ms - first_ms) // inactivity.every + 1 if inactivity.every else 1
        return first_ms + steps * (inactivity.every or 0) if steps < inactivity.at_most else END_OF_TIME_MS

    def group_sums(self, falling_ms: int, rising_ms: int) -> list[float]:
        """The sum of each group before its clamp."""
        sums = self._sums_without_windows(falling_ms, rising_ms)
        self._add_windows(sums, falling_ms, rising_ms)
        return sums

    def _add_windows(self, sums: list[float], falling_ms: int, rising_ms: int) -> None:
        for window, series in self._windows:
            sums[window.group] += _lowest_step(window, series, falling_ms, rising_ms)

    def _sums_without_windows(self, falling_ms: int, rising_ms: int) -> list[float]:
        sums = self._base.copy()
        mark = self._mark
        for rate, group, points in self._decays:
            sums[group] += points * 2.0 ** ((mark - (falling_ms if points > 0.0 else rising_ms)) * rate)
        for term, series in self._stepped:
            sums[term.group] += stepped_points(term, series, falling_ms if term.points > 0 else rising_ms)
        plan = self._plan
        if plan.inactivity is not None and self._latest != NEVER:
            sums[plan.inactivity_group] += inactivity_points(plan.inactivity, falling_ms - self._latest)
        return sums

    def _clamped(self, sums: list[float]) -> float:
        for group, low, high in self._plan.clamps:
            points = sums[group]
            if points < low:
                sums[group] = low
            elif points > high:
                sums[group] = high
        low, high = self._plan.scale
        total = sum(sums)
        return round(low if total < low else high if total > high else total, DECIMALS) + 0.0


def decayed_points(lead: Lead, slot: int, rate: float, points: int, at_ms: int) -> float:
    """What a rule of a half-life, or of no decay, gives at an instant."""
    return float(points * lead.counts[slot] * 2.0 ** ((lead.mark - at_ms) * rate))


def stepped_points(term: SteppedTerm, series: Series, at_ms: int) -> float:
    """What a fading or expiring rule gives at an instant."""
    stepped = term.stepped
    first = first_alive(stepped, at_ms)
    if not stepped.fades:
        return float(term.points * count_since(series, first))
    weight = 0.0
    for stamp, count in entries_since(series, first):
        weight += count * (1.0 - max(0, at_ms - stamp * stepped.unit_ms) / stepped.span_ms)
    return term.points * weight


def first_alive(stepped: SteppedPlan, at_ms: int) -> int:
    """The first hour or day whose signals still have a weight at an instant."""
    return (at_ms - stepped.span_ms) // stepped.unit_ms + 1


def first_hour(hours: int, at_ms: int) -> int:
    """The first hour whose signals are within the last `hours` at an instant."""
    return at_ms // HOUR_MS - hours + 1


def window_series(lead: Lead, tags: tuple[int, ...]) -> list[Series]:
    """The series that a window counts, those of which anything came."""
    return [lead.parts[tag] for tag in tags if tag in lead.parts]


def window_count(series: list[Series], hours: int, at_ms: int) -> int:
    """How many signals came within the last `hours`."""
    first = first_hour(hours, at_ms)
    count = 0
    for each in series:
        count += count_since(each, first)
    return count


def step_points(window: WindowPlan, count: int) -> int:
    """The points of the highest step that a count reaches."""
    reached = 0
    for at_least, points in window.steps:
        if count < at_least:
            break
        reached = points
    return reached


def _lowest_step(window: WindowPlan, series: list[Series], falling_ms: int, rising_ms: int) -> int:
    """The lowest points that a window gives between two instants, the later first."""
    fewest = window_count(series, window.hours, falling_ms)
    if falling_ms == rising_ms or window.ascends:
        return step_points(window, fewest)
    most = window_count(series, window.hours, rising_ms)
    passed = [points for at_least, points in window.steps if fewest < at_least <= most]
    return min([step_points(window, fewest), *passed])


def inactivity_points(inactivity: Inactivity, quiet_ms: int) -> int:
    """What `quiet_ms` without an engagement takes."""
    if quiet_ms < inactivity.after:
        return 0
    again = (quiet_ms - inactivity.after) // inactivity.every if inactivity.every else 0
    return min(inactivity.at_most, 1 + again) * inactivity.points
