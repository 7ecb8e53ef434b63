"""What breaks in a run, and when: drawn from the seed before it begins, so that it can be printed and replayed.

Most faults strike at a step of the traffic (a request departs, or has just been carried out), some steps after
their time: a crash between any two awaits of a lane is as likely as one while nothing happens.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from tests.simulation.load import LOAD_S
from tests.simulation.wire import Fate

STEPS_MAX = 30
"""After so many steps at most a fault strikes; a take-over with its first batches has about as many."""

KINDS = (
    ("kill", 5),
    ("pause", 5),
    ("leave", 1),
    ("join", 1),
    ("rebalance", 2),
    ("rewind", 4),
    ("rewind for the paused", 2),
    ("redis lost", 1),
    ("redis late", 3),
    ("redis unanswered", 3),
    ("redis away", 1),
    ("redis full", 1),
    ("outputs lost", 1),
    ("outputs unanswered", 2),
    ("outputs away", 2),
    ("commit at the last moment", 3),
    ("inputs away", 1),
    ("topic stalls", 2),
)
"""What may happen, and how often beside the others."""

FATES = {"lost": Fate.LOST, "late": Fate.LATE, "unanswered": Fate.UNANSWERED}

FEWEST, MOST = 1, 6


class Act(NamedTuple):
    """One fault: from when on, to whom (which of those alive then), after how many steps, for how long."""

    at_s: float
    kind: str
    whom: int
    steps: int
    for_s: float

    def __str__(self) -> str:
        return (
            f"{self.at_s:7.3f} s  {self.kind}, {self.steps} steps later, for {self.for_s:.3f} s (whom: {self.whom})"
        )


class Schedule(NamedTuple):
    """All of one run."""

    workers: int
    acts: tuple[Act, ...]

    def __str__(self) -> str:
        return "\n".join([f"{self.workers} workers", *map(str, self.acts)])


def draw_schedule(seed: int) -> Schedule:
    """In order of time."""
    rng = Random(f"schedule {seed}")
    kinds, weights = zip(*KINDS, strict=True)
    acts = [
        Act(
            at_s=rng.uniform(0.0, LOAD_S),
            kind=kind,
            whom=rng.randrange(6),
            steps=rng.randrange(1, STEPS_MAX),
            for_s=rng.choice((0.2, 0.7, 2.0, 5.0)) * rng.uniform(0.5, 1.5),
        )
        for kind in rng.choices(kinds, weights, k=rng.randint(FEWEST, MOST))
    ]
    return Schedule(rng.choice((1, 2, 2, 3)), tuple(sorted(acts)))
