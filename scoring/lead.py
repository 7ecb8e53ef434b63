"""A lead's state: all that its past still means, in flat arrays (state.py makes bytes of them).

    head       band, ordinal of the model, as_of, latest engagement, landmark, wake, ceiling, fit, ...
    counts     one double a rule: the decayed count (half-life), or the count (no decay)
    log        of the newest 256 accepted signals, by arrival (see memory.py):
      ids        48-bit hashes of (kind, id)
      arrivals   the Kafka timestamps of their records
    newest     of the newest 32 among them:
      occurred   when they occurred
      facts      their kind, the rules they counted for, their positive points
    parts      sparse: series of kinds, of fading or expiring rules and of days, tables of limits, times of alerts
    flags      the red flags raised by command

Decayed counts are *forward*: the sum of `2^((s - mark) / half_life)` over the signals' times s, for a landmark
`mark` of the lead. Advancing time leaves it as it is, so that one step equals many, and a late signal is no
special case. The value at t is that sum times `2^((mark - t) / half_life)`.
"""

from __future__ import annotations

from array import array
from enum import IntEnum

import msgspec

from scoring.arrays import unseen, zeros

NEVER = 0
"""As `wake`: nothing will happen by itself; as `latest`: never engaged; as `surged`, `until`: not at all."""

CEILING_STEPS = 64
"""A ceiling is a whole number of these parts of a point: it takes two bytes, and is high by little."""

CEILING_FAR = 2.0**40
"""Beyond so many points, where no scale of people is, a ceiling is left as it is."""

_FAR, _STEPS = CEILING_FAR, CEILING_STEPS


class Status(IntEnum):
    """What became of a lead, by the last outcome that was told."""

    OPEN = 0
    CONVERTED = 1
    DEAD = 2


def coarse(ceiling: float) -> float:
    """An upper bound as the state keeps it: the next whole step above."""
    if not -_FAR < ceiling < _FAR:
        return ceiling
    return -((-ceiling * _STEPS) // 1.0) / _STEPS


class Flag(msgspec.Struct, frozen=True, array_like=True):
    """A red flag raised by command. `until` in milliseconds, NEVER: until it is lifted. `cap` None: the model's."""

    reason: str
    by: str | None
    until: int
    cap: float | None


class Lead:
    """One lead. Instants are milliseconds since 1970; `band` and `segment` count from 1, 0 is cold or none.

    `wake` is a whole second before which nothing happens to the lead without an input, NEVER when nothing can: a
    hint when to look, which depends on when it was looked at last; all else depends on inputs alone.
    `ceiling` is at least the score from `as_of` on, if nothing else comes. `model` is the ordinal of the model
    under which the state counts. `fit` has a bit for each fit rule that the profile matches, `known` one for each
    dimension of which something was sent; `is_profiled` if there is a profile at all.
    """

    __slots__ = (
        "arrivals", "as_of", "band", "buckets", "ceiling", "counts", "facts", "fit", "flags", "ids", "is_profiled",
        "known", "latest", "machines", "mark", "model", "occurred", "parts", "segment", "status", "surged", "wake",
    )  # fmt: skip

    def __init__(self, as_of: int, model: int, rules: int, ceiling: float) -> None:
        self.as_of = as_of
        self.latest = NEVER
        self.mark = as_of
        self.wake = NEVER
        self.surged = NEVER
        self.ceiling = ceiling
        self.band = 0
        self.segment = 0
        self.status = Status.OPEN
        self.fit = 0
        self.known = 0
        self.is_profiled = False
        self.model = model
        self.machines = 0
        self.buckets = 0
        self.counts = zeros(rules)
        self.ids = unseen(array("Q"))
        self.arrivals = unseen(array("Q"))
        self.occurred = unseen(array("Q"))
        self.facts = unseen(array("Q"))
        self.parts: dict[int, array[int]] = {}
        self.flags: list[Flag] = []

    def part(self, tag: int) -> array[int]:
        """The part of this tag, made if there is none."""
        found = self.parts.get(tag)
        if found is None:
            found = self.parts[tag] = unseen(array("Q"))
        return found
