"""From a lead's state to its score: the curve of the score over time, if nothing else comes.

In this order: points of each rule, window, fit rule and the inactivity, summed by group, each group clamped,
groups summed, clamped to the scale, capped by red flags, rounded to 6 decimals.

A curve is made of pieces. Windows, expiring rules, the inactivity and the ends of flags are jumps at instants that
are known; between two jumps only decay moves the score. There what falls with time (points that fade) and what
rises with time (penalties that fade) can be taken at two instants of their own: the falling at b and the rising at
a give a lower bound of the score over [a, b]. With both at t that is the score at t.
"""

from __future__ import annotations

from array import array
from math import inf
from typing import TypeAlias

from schemas.instants import HOUR_MS
from scoring.flags import END_OF_TIME_MS, caps
from scoring.lead import NEVER, Lead, coarse
from scoring.model import Inactivity
from scoring.plan import Clamp, DecayTerm, Plan, SteppedPlan, SteppedTerm, WindowPlan
from scoring.series import count_since, entries_since

DECIMALS = 6
"""Every comparison uses the score rounded to these."""

Series: TypeAlias = "array[int]"


class Curve:
    """A lead's score as a function of time from its `as_of` on."""

    __slots__ = ("_base", "_caps", "_decays", "_expiring", "_fading", "_latest", "_mark", "_plan", "_windows")

    def __init__(self, plan: Plan, lead: Lead) -> None:
        self._plan = plan
        self._mark = lead.mark
        self._latest = lead.latest
        self._base = [0.0] * plan.sums
        self._caps = caps(plan, lead)
        for group, points in plan.fit_sums(lead.fit):
            self._base[group] += points
        self._decays: list[tuple[float, int, float]] = []
        for term in plan.decays:
            self._add(term, lead.counts)
        parts = lead.parts
        stepped = [(term, parts[term.stepped.tag]) for term in plan.stepped if term.stepped.tag in parts]
        self._fading = [each for each in stepped if each[0].stepped.fades]
        self._expiring = [each for each in stepped if not each[0].stepped.fades]
        self._windows = [
            (window, series) for window in plan.windows if (series := window_series(lead, window.tags))
        ]

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

    def score(self, at_ms: int) -> float:
        """The score at an instant."""
        return self.piece(at_ms).lowest(at_ms, at_ms)

    def group_sums(self, at_ms: int) -> list[float]:
        """The sum of each group at an instant, before its clamp."""
        return self.piece(at_ms).sums(at_ms, at_ms)

    def piece(self, at_ms: int) -> Piece:
        """The curve from an instant up to the next jump."""
        sums = self._base.copy()
        for term, series in self._expiring:
            sums[term.group] += stepped_points(term, series, at_ms)
        for window, window_of in self._windows:
            sums[window.group] += step_points(window, window_count(window_of, window.hours, at_ms))
        self._add_inactivity(sums, at_ms)
        cap = min([cap for until, cap in self._caps if at_ms < until], default=inf)
        return Piece(self._plan, sums, cap, self._mark, self._decays, self._fading)

    def ceiling(self, at_ms: int) -> float:
        """An upper bound of the score from an instant on, with no regard to flags that end by themselves."""
        sums = self._base.copy()
        for term, series in self._expiring:
            if term.points > 0:
                sums[term.group] += stepped_points(term, series, at_ms)
        for window, window_of in self._windows:
            count = window_count(window_of, window.hours, at_ms)
            sums[window.group] += step_points(window, count) if window.ascends else window.most
        self._add_inactivity(sums, at_ms)
        cap = min([cap for until, cap in self._caps if until == END_OF_TIME_MS], default=inf)
        piece = Piece(self._plan, sums, cap, self._mark, self._decays, self._fading)
        return coarse(piece.lowest(END_OF_TIME_MS, at_ms))

    def next_jump_ms(self, at_ms: int) -> int:
        """The first instant after `at_ms` at which the curve may jump; END_OF_TIME_MS if it never does again."""
        jumps = [END_OF_TIME_MS, *(until for until, _ in self._caps if until > at_ms)]
        if self._plan.inactivity is not None and self._latest != NEVER:
            jumps.append(_next_quiet_step(self._plan.inactivity, self._latest, at_ms))
        jumps += [_next_expiry(term.stepped, series, at_ms) for term, series in self._expiring]
        jumps += [_next_step_lost(window, series, at_ms) for window, series in self._windows]
        return min(jumps)

    def _add_inactivity(self, sums: list[float], at_ms: int) -> None:
        plan = self._plan
        if plan.inactivity is not None and self._latest != NEVER:
            sums[plan.inactivity_group] += inactivity_points(plan.inactivity, at_ms - self._latest)


class Piece:
    """A curve between two jumps.

    `only_falls`: nothing in it rises with time, so that a lower bound over a stretch is the score at its end.
    """

    __slots__ = ("_cap", "_clamps", "_decays", "_fading", "_fixed", "_mark", "_scale", "only_falls")

    def __init__(
        self,
        plan: Plan,
        fixed: list[float],
        cap: float,
        mark: int,
        decays: list[tuple[float, int, float]],
        fading: list[tuple[SteppedTerm, Series]],
    ) -> None:
        self._clamps: tuple[Clamp, ...] = plan.clamps
        self._scale = plan.scale
        self._fixed = fixed
        self._cap = cap
        self._mark = mark
        self._decays = decays
        self._fading = fading
        self.only_falls = True
        for _, _, points in decays:
            if points < 0.0:
                self.only_falls = False
        for term, _ in fading:
            if term.points < 0:
                self.only_falls = False

    def sums(self, rising_ms: int, falling_ms: int) -> list[float]:
        """The sum of each group before its clamp, of what falls and what rises each at its instant."""
        sums = self._fixed.copy()
        mark = self._mark
        for rate, group, points in self._decays:
            sums[group] += points * 2.0 ** ((mark - (falling_ms if points > 0.0 else rising_ms)) * rate)
        for term, series in self._fading:
            sums[term.group] += stepped_points(term, series, falling_ms if term.points > 0 else rising_ms)
        return sums

    def lowest(self, first_ms: int, last_ms: int) -> float:
        """A lower bound of the score over [first_ms, last_ms]; the score itself where both are the same.

        With `first_ms` after `last_ms`, an upper bound from `last_ms` to `first_ms`.
        """
        sums = self.sums(first_ms, last_ms)
        for group, low, high in self._clamps:
            points = sums[group]
            if points < low:
                sums[group] = low
            elif points > high:
                sums[group] = high
        low, high = self._scale
        total = sum(sums)
        total = low if total < low else high if total > high else total
        return round(total if total < self._cap else self._cap, DECIMALS) + 0.0


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


def inactivity_points(inactivity: Inactivity, quiet_ms: int) -> int:
    """What `quiet_ms` without an engagement takes."""
    if quiet_ms < inactivity.after:
        return 0
    again = (quiet_ms - inactivity.after) // inactivity.every if inactivity.every else 0
    return min(inactivity.at_most, 1 + again) * inactivity.points


def _next_quiet_step(inactivity: Inactivity, latest: int, at_ms: int) -> int:
    first_ms = latest + inactivity.after
    if at_ms < first_ms:
        return first_ms
    if not inactivity.every:
        return END_OF_TIME_MS
    steps = (at_ms - first_ms) // inactivity.every + 1
    return first_ms + steps * inactivity.every if steps < inactivity.at_most else END_OF_TIME_MS


def _next_expiry(stepped: SteppedPlan, series: Series, at_ms: int) -> int:
    """When the oldest signal that still counts expires."""
    alive = entries_since(series, first_alive(stepped, at_ms))
    return alive[0][0] * stepped.unit_ms + stepped.span_ms if alive else END_OF_TIME_MS


def _next_step_lost(window: WindowPlan, window_of: list[Series], at_ms: int) -> int:
    """When so many signals have left the window that its step is not reached any more."""
    first = first_hour(window.hours, at_ms)
    entries = sorted(entry for series in window_of for entry in entries_since(series, first))
    count = sum(each for _, each in entries)
    reached = max((at_least for at_least, _ in window.steps if at_least <= count), default=0)
    if not reached:
        return END_OF_TIME_MS
    for stamp, each in entries:
        count -= each
        if count < reached:
            return (stamp + window.hours) * HOUR_MS
    return END_OF_TIME_MS
