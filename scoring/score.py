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

from schemas.instants import HOUR_MS
from scoring.arrays import add_number, number_at, put_number, zeros
from scoring.flags import END_OF_TIME_MS, caps
from scoring.lead import NEVER, Lead, coarse
from scoring.plan import Plan
from scoring.series import Parts, Series, count_since, entries_since
from scoring.terms import QuietPlan, SteppedPlan, SteppedTerm, WindowPlan

DECIMALS = 6
"""Every comparison uses the score rounded to these."""

_PARTS_OF_A_POINT = 10.0**DECIMALS
_NEAR_A_HALF = 1e-5
_POINTS_MAX = 1e4
"""Up to so many points, a product with the parts of a point is off by less than the above."""


class Curve:
    """A lead's score as a function of time from its `as_of` on; good until the lead is changed.

    `points`: what the counts of each decay term give at the `mark`; `parts`: those of the lead.
    """

    __slots__ = ("_base", "_caps", "_latest", "mark", "parts", "plan", "points")

    def __init__(self, plan: Plan, lead: Lead) -> None:
        self.plan = plan
        self.mark = lead.mark
        self._latest = lead.latest
        self.parts = lead.parts
        self._caps = caps(plan, lead)
        self._base = zeros(plan.sums)
        self.points = zeros(len(plan.decays))
        if lead.fit:
            for group, points in plan.fit_sums(lead.fit):
                add_number(self._base, group, points)
        self._weigh(lead.counts)

    def _weigh(self, counts: array[float]) -> None:
        """Points at the mark of what decays; what does not is added to the base."""
        for place, term in enumerate(self.plan.decays):
            points = 0.0
            for rule in term.rules:
                points += rule.points * number_at(counts, rule.slot)
            if term.rate == 0.0:
                add_number(self._base, term.group, points)
            else:
                put_number(self.points, place, points)

    def score(self, at_ms: int) -> float:
        """The score at an instant."""
        return self.piece(at_ms).lowest(at_ms, at_ms)

    def group_sums(self, at_ms: int) -> array[float]:
        """The sum of each group at an instant, before its clamp."""
        return self.piece(at_ms).sums(at_ms, at_ms)

    def piece(self, at_ms: int) -> Piece:
        """The curve from an instant up to the next jump."""
        plan, fixed = self.plan, self._base[:]
        for term in plan.stepped:
            if not term.stepped.fades:
                add_number(fixed, term.group, stepped_points(term, self.parts.get(term.stepped.tag), at_ms))
        for window in plan.windows:
            count = window_count(self.parts, window.tags, window.hours, at_ms)
            add_number(fixed, window.group, step_points(window, count))
        cap = inf
        for until, each in self._caps:
            if at_ms < until and each < cap:
                cap = each
        return self._piece(fixed, at_ms, cap)

    def ceiling(self, at_ms: int) -> float:
        """An upper bound of the score from an instant on, with no regard to flags that end by themselves."""
        plan, fixed = self.plan, self._base[:]
        for term in plan.stepped:
            if term.points > 0 and not term.stepped.fades:
                add_number(fixed, term.group, stepped_points(term, self.parts.get(term.stepped.tag), at_ms))
        for window in plan.windows:
            most = window.most
            if window.ascends:
                most = step_points(window, window_count(self.parts, window.tags, window.hours, at_ms))
            add_number(fixed, window.group, most)
        cap = inf
        for until, each in self._caps:
            if until == END_OF_TIME_MS and each < cap:
                cap = each
        return coarse(self._piece(fixed, at_ms, cap).lowest(END_OF_TIME_MS, at_ms))

    def next_jump_ms(self, at_ms: int) -> int:
        """The first instant after `at_ms` at which the curve may jump; END_OF_TIME_MS if it never does again."""
        plan, parts, first = self.plan, self.parts, END_OF_TIME_MS
        for until, _ in self._caps:
            if at_ms < until < first:
                first = until
        if plan.quiet is not None and self._latest != NEVER:
            first = min(first, _next_quiet_step(plan.quiet, self._latest, at_ms))
        for term in plan.stepped:
            if not term.stepped.fades and term.stepped.tag in parts:
                first = min(first, _next_expiry(term.stepped, parts[term.stepped.tag], at_ms))
        for window in plan.windows:
            first = min(first, _next_step_lost(window, parts, at_ms))
        return first

    def _piece(self, fixed: array[float], at_ms: int, cap: float) -> Piece:
        quiet = self.plan.quiet
        if quiet is not None and self._latest != NEVER:
            add_number(fixed, quiet.group, inactivity_points(quiet, at_ms - self._latest))
        return Piece(self, fixed, cap)


def score_now(plan: Plan, lead: Lead) -> float:
    """The score at the lead's `as_of`."""
    curve = Curve(plan, lead)
    return curve.score(lead.as_of)


class Piece:
    """A curve between two jumps. `fixed`: the sum by group of what stays as it is until the next one."""

    __slots__ = ("_cap", "_curve", "_fixed")

    def __init__(self, curve: Curve, fixed: array[float], cap: float) -> None:
        self._curve = curve
        self._fixed = fixed
        self._cap = cap

    def only_falls(self) -> bool:
        """Nothing in it rises with time, so that a lower bound over a stretch is the score at its end."""
        curve = self._curve
        for place in range(len(curve.points)):
            if number_at(curve.points, place) < 0.0:
                return False
        for term in curve.plan.stepped:
            if term.points < 0 and term.stepped.fades and term.stepped.tag in curve.parts:
                return False
        return True

    def sums(self, rising_ms: int, falling_ms: int) -> array[float]:
        """The sum of each group before its clamp, of what falls and what rises each at its instant."""
        curve, sums = self._curve, self._fixed[:]
        for place, term in enumerate(curve.plan.decays):
            points = number_at(curve.points, place)
            if points != 0.0:
                at_ms = falling_ms if points > 0.0 else rising_ms
                add_number(sums, term.group, points * 2.0 ** ((curve.mark - at_ms) * term.rate))
        for each in curve.plan.stepped:
            if each.stepped.fades:
                at_ms = falling_ms if each.points > 0 else rising_ms
                add_number(sums, each.group, stepped_points(each, curve.parts.get(each.stepped.tag), at_ms))
        return sums

    def lowest(self, first_ms: int, last_ms: int) -> float:
        """A lower bound of the score over [first_ms, last_ms]; the score itself where both are the same.

        With `first_ms` after `last_ms`, an upper bound from `last_ms` to `first_ms`.
        """
        plan, sums = self._curve.plan, self.sums(first_ms, last_ms)
        for clamp in plan.clamps:
            put_number(sums, clamp.group, within(number_at(sums, clamp.group), clamp.low, clamp.high))
        total = 0.0
        for group in range(plan.sums):
            total += number_at(sums, group)
        total = within(total, plan.low, plan.high)
        return rounded(total if total < self._cap else self._cap)


def within(points: float, low: float, high: float) -> float:
    """The points, or the bound that they are beyond."""
    return low if points < low else high if points > high else points


def rounded(points: float) -> float:
    """Points to DECIMALS, a half to the even: what `round` says, which writes a text of most numbers to know it."""
    scaled = points * _PARTS_OF_A_POINT
    whole = scaled // 1.0
    beyond_a_half = scaled - whole - 0.5
    if -_NEAR_A_HALF < beyond_a_half < _NEAR_A_HALF or not -_POINTS_MAX < points < _POINTS_MAX:
        return round(points, DECIMALS) + 0.0
    if beyond_a_half > 0.0:
        whole += 1.0
    return whole / _PARTS_OF_A_POINT + 0.0


def decayed_points(lead: Lead, slot: int, rate: float, points: int, at_ms: int) -> float:
    """What a rule of a half-life, or of no decay, gives at an instant."""
    return float(points * lead.counts[slot] * 2.0 ** ((lead.mark - at_ms) * rate))


def stepped_points(term: SteppedTerm, series: Series | None, at_ms: int) -> float:
    """What a fading or expiring rule gives at an instant."""
    if series is None:
        return 0.0
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


def window_count(parts: Parts, tags: tuple[int, ...], hours: int, at_ms: int) -> int:
    """How many signals of the kinds with these series came within the last `hours`."""
    first, count = first_hour(hours, at_ms), 0
    for tag in tags:
        series = parts.get(tag)
        if series is not None:
            count += count_since(series, first)
    return count


def step_points(window: WindowPlan, count: int) -> int:
    """The points of the highest step that a count reaches."""
    reached = 0
    for step in window.steps:
        if count < step.at_least:
            break
        reached = step.points
    return reached


def inactivity_points(quiet: QuietPlan, quiet_ms: int) -> int:
    """What `quiet_ms` without an engagement takes."""
    if quiet_ms < quiet.after_ms:
        return 0
    times = 1 + (quiet_ms - quiet.after_ms) // quiet.every_ms if quiet.every_ms else 1
    return (times if times < quiet.at_most else quiet.at_most) * quiet.points


def _next_quiet_step(quiet: QuietPlan, latest: int, at_ms: int) -> int:
    first_ms = latest + quiet.after_ms
    if at_ms < first_ms:
        return first_ms
    if not quiet.every_ms:
        return END_OF_TIME_MS
    steps = (at_ms - first_ms) // quiet.every_ms + 1
    return first_ms + steps * quiet.every_ms if steps < quiet.at_most else END_OF_TIME_MS


def _next_expiry(stepped: SteppedPlan, series: Series, at_ms: int) -> int:
    """When the oldest signal that still counts expires."""
    alive = entries_since(series, first_alive(stepped, at_ms))
    return alive[0][0] * stepped.unit_ms + stepped.span_ms if alive else END_OF_TIME_MS


def _next_step_lost(window: WindowPlan, parts: Parts, at_ms: int) -> int:
    """When so many signals have left the window that its step is not reached any more."""
    first, entries = first_hour(window.hours, at_ms), []
    for tag in window.tags:
        if tag in parts:
            entries += entries_since(parts[tag], first)
    entries.sort()
    count = sum(each for _, each in entries)
    reached = max((step.at_least for step in window.steps if step.at_least <= count), default=0)
    if not reached:
        return END_OF_TIME_MS
    for stamp, each in entries:
        count -= each
        if count < reached:
            return (stamp + window.hours) * HOUR_MS
    return END_OF_TIME_MS
