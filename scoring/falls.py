"""When a lead falls: the first whole second at which its score is below its band's line.

The curve is searched piece by piece, from jump to jump. Within one a score need not only sink: penalties fade. So
a stretch of time is split where the curve suggests that it meets
the line; a part over which even a lower bound of the score holds the line has no fall in it and is left behind,
the other is split again, down to the single second at which the bound is the score itself. Where to split is a
guess and decides only how soon the second is found, not which.
"""

from __future__ import annotations

from math import log

from schemas.instants import DAY_MS, LATEST_MS, SECOND_MS
from scoring.flags import next_expiry
from scoring.lead import NEVER, Lead
from scoring.plan import Plan
from scoring.score import Curve, Piece

_FIRST_STRETCH_S = 30 * DAY_MS // SECOND_MS
_STRETCH_GROWS = 16
"""Falls are days or weeks away; only what does not decay holds a lead up for longer."""

_LOOK_AHEAD_MS = (8 * DAY_MS, 2 * DAY_MS, DAY_MS // 2)
"""A lead that hears often is looked at again each time its wake has passed: far ahead first, it may be enough."""

_NO_FALL = -1

_GUESSES_MAX = 12
"""The line is met in a few; after these the curve has a kink there, and halving is surer."""


def second_after(instant_ms: int) -> int:
    """The first whole second after an instant, in milliseconds."""
    return (instant_ms // SECOND_MS + 1) * SECOND_MS


def find_fall(plan: Plan, lead: Lead, from_ms: int) -> int:
    """The first whole second from `from_ms` (a whole second) on at which the lead falls, else NEVER."""
    if lead.band == 0:
        return NEVER
    curve, line = Curve(plan, lead), plan.lines(lead)[lead.band - 1]
    first, end = from_ms // SECOND_MS, LATEST_MS // SECOND_MS
    while first <= end:
        last = min((curve.next_jump_ms(first * SECOND_MS) - 1) // SECOND_MS, end)
        search = _Search(curve.piece(first * SECOND_MS), line.leave)
        fall = search.first_fall(first, last)
        if fall != _NO_FALL:
            return fall * SECOND_MS
        first = last + 1
    return NEVER


def held_until(plan: Plan, lead: Lead, from_ms: int, to_ms: int) -> int:
    """A whole second after `to_ms` before which the lead does not fall, if a look or two can tell; else NEVER.

    Jumps that only take points are all taken at the end of the stretch: the bound is low, and good enough where
    the line is far below.
    """
    if not plan.jumps_fall or lead.band == 0 or next_expiry(lead) != NEVER:
        return NEVER
    curve, line = Curve(plan, lead), plan.lines(lead)[lead.band - 1]
    for ahead_ms in _LOOK_AHEAD_MS:
        end_ms = second_after(to_ms) + ahead_ms
        if curve.piece(end_ms).lowest(from_ms, end_ms) >= line.leave:
            return end_ms
    return NEVER


class _Search:
    """The search for the first second below one line on one piece of a curve. Times are whole seconds."""

    def __init__(self, piece: Piece, leave: float) -> None:
        self.piece = piece
        self.leave = leave

    def lowest(self, first: int, last: int) -> float:
        """A lower bound of the score over [first, last]."""
        return self.piece.lowest(first * SECOND_MS, last * SECOND_MS)

    def first_fall(self, first: int, end: int) -> int:
        """The first second in [first, end] below the line, else _NO_FALL."""
        top = self.lowest(first, first)
        if top < self.leave:
            return first
        stretch = _FIRST_STRETCH_S
        while first <= end:
            last = min(first + stretch, end)
            lowest = self.lowest(first, last)
            if lowest < self.leave:
                fall = self._fall_within(first, last, top, lowest)
                if fall != _NO_FALL:
                    return fall
            first, top, stretch = last + 1, lowest, stretch * _STRETCH_GROWS
        return _NO_FALL

    def _fall_within(self, first: int, last: int, top: float, lowest: float) -> int:
        """The first second in [first, last] below the line, if `lowest` over it is: split until it is found.

        _NO_FALL if it only seemed so.
        """
        pending = [(last, lowest)]
        guess, toward, guesses = first, 0, 0
        while pending:
            end, lowest = pending[-1]
            if first == end:
                return first
            before, guess = guess, first + self._guess(end - first, top, lowest, guesses)
            split = min(max(guess + toward * (abs(guess - before) + 1), first), end - 1)
            guesses += 1
            lowest = self.lowest(first, split)
            if lowest < self.leave:
                pending.append((split, lowest))
                toward = -1
            else:
                toward, top = 1, lowest
                first = self._leave_behind(split + 1, pending)
        return _NO_FALL

    def _leave_behind(self, first: int, pending: list[tuple[int, float]]) -> int:
        """Where the search goes on: on a curve that rises, what is ahead may hold the line after all."""
        if self.piece.only_falls():
            return first
        while pending:
            end, _ = pending.pop()
            lowest = self.lowest(first, end)
            if lowest < self.leave:
                pending.append((end, lowest))
                break
            first = end + 1
        return first

    def _guess(self, length: int, top: float, lowest: float, guesses: int) -> int:
        """How far into a stretch the curve may meet the line; the middle once guessing has not helped."""
        if guesses >= _GUESSES_MAX or not top > self.leave > lowest:
            return length // 2
        return self._meets(length, top, lowest)

    def _meets(self, length: int, top: float, lowest: float) -> int:
        """Where an exponential through both ends of a stretch meets the line, in or beyond it."""
        if lowest <= 0.0 or self.leave <= 0.0:
            return int(length * (top - self.leave) / (top - lowest))
        return int(length * log(top / self.leave) / log(top / lowest))
