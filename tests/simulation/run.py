"""One run from its seed: the schedule, the world, the verdict."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

import structlog

from tests.chaos.check import Verdict
from tests.simulation.clients import in_place_of_aiokafka
from tests.simulation.judge import judge, models_kept
from tests.simulation.loop import VirtualLoop
from tests.simulation.nemesis import PULL_S
from tests.simulation.schedule import Schedule, draw_schedule
from tests.simulation.world import World

COLLECT_EVERY = 20
"""Runs: what they leave is a few megabytes."""


@dataclass
class Outcome:
    """What came out. `problems` is empty if every promise was kept."""

    seed: int
    schedule: Schedule
    verdict: Verdict = field(default_factory=Verdict)
    evidence: Counter[str] = field(default_factory=Counter)
    story: list[tuple[float, str]] = field(default_factory=list)
    took_s: float = 0.0

    @property
    def problems(self) -> list[str]:
        """In words."""
        return self.verdict.problems

    @property
    def told(self) -> str:
        """Everything of note, with its time."""
        return "\n".join(f"{at_s:8.3f} s  {what}" for at_s, what in self.story)

    def __str__(self) -> str:
        """What a failure says: how to see it again, what was to happen, and what is wrong."""
        head = f"seed {self.seed}: replay it with `python -m tests.simulation --seed {self.seed}`"
        return "\n".join([head, str(self.schedule), *(f"  {problem}" for problem in self.problems)])


@contextmanager
def simulating() -> Iterator[None]:
    """Around runs: doubles in the place of aiokafka, no logs, and a collector that comes between runs only."""
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    before = structlog.get_config()
    structlog.configure(wrapper_class=quiet, cache_logger_on_first_use=False)
    try:
        gc.collect()
        gc.freeze()
        gc.disable()
        with in_place_of_aiokafka(), models_kept(), patch("streams.lane.tenure.PULL_S", PULL_S):
            yield
    finally:
        gc.enable()
        gc.unfreeze()
        structlog.configure(**before)


def run(seed: int, schedule: Schedule | None = None) -> Outcome:
    """One run, by its own schedule or by another. Call it within `simulating`."""
    schedule = schedule or draw_schedule(seed)
    loop = VirtualLoop()
    world = World(loop, seed, schedule)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(world.run())
    if seed % COLLECT_EVERY == 0:
        gc.collect()
    return Outcome(seed, schedule, judge(world), world.evidence, world.story, loop.time())
