"""When a lead falls: the first whole second at which its score is below its band's line.

A score need not only sink: penalties fade. So a stretch of time is split where the curve suggests that it meets
the line; a part over which even a lower bound of the score holds the line has no fall in it and is left behind,
the other is split again, down to the single second at which the bound is the score itself. Where to split is a
guess and decides only how soon the second is found, not which.
"""

from __future__ import annotations

from math import log

from schemas.instants import HOUR_MS, LATEST_MS, SECOND_MS
from scoring.lead import NEVER, Lead
from scoring.plan import Plan
from scoring.score import Curve

_FIRST_STRETCH_S = 24 * HOUR_MS // SECOND_MS
_STRETCH_GROWS_MAX = 16
"""How much longer the next stretch may be than all before it, whatever the curve suggests."""

_GUESSES_MAX = 12
"""A smooth curve is met in a few; after these it has jumps, and halving is surer."""


def second_after(instant_ms: int) -> int:
    """The first whole second after an instant, in milliseconds."""
    return (instant_ms // SECOND_MS + 1) * SECOND_MS


def find_fall(plan: Plan, lead: Lead, from_ms: int) -> int:
    """The first whole second from `from_ms` (a whole second) on at which the lead falls, else NEVER."""
    if lead.band == 0:
        return NEVER
    search = _Search(Curve(plan, lead), plan.bands[lead.band - 1].leave)
    fall = search.first_fall(from_ms // SECOND_MS, LATEST_MS // SECOND_MS)
    return NEVER if fall is None else fall * SECOND_MS


class _Search:
    """The search for the first second below one line on one curve. Times are whole seconds."""

    def __init__(self, curve: Curve, leave: float) -> None:
        self.curve = curve
        self.leave = leave

    def lowest(self, first: int, last: int) -> float:
        """A lower bound of the score over [first, last]."""
        return self.curve.lowest(first * SECOND_MS, last * SECOND_MS)

    def first_fall(self, first: int, end: int) -> int | None:
        """The first second in [first, end] below the line."""
        top = self.lowest(first, first)
        stretch = _FIRST_STRETCH_S
        while first <= end:
            last = min(first + stretch, end, self._second_before_jump(first))
            lowest = self.lowest(first, last)
            if lowest < self.leave:
                fall = self._fall_within(first, last, top, lowest)
                if fall is not None:
                    return fall
            length = last - first + 1
            ahead = self._meets(length, top, lowest) * 5 // 4 if top > lowest > self.leave else 4 * length
            stretch = min(max(ahead, length, _FIRST_STRETCH_S), _STRETCH_GROWS_MAX * length)
            first, top = last + 1, lowest
        return None

    def _second_before_jump(self, first: int) -> int:
        """The last second before the inactivity takes more: no guess sees that coming."""
        return (self.curve.next_quiet_step(first * SECOND_MS) - 1) // SECOND_MS

    def _fall_within(self, first: int, last: int, top: float, lowest: float) -> int | None:
        """The first second in [first, last] below the line, if `lowest` over it is: split until it is found."""
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
        return None

    def _leave_behind(self, first: int, pending: list[tuple[int, float]]) -> int:
        """Where the search goes on: on a curve that rises, what is ahead may hold the line after all."""
        if self.curve.only_falls:
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
