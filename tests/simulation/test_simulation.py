"""Two thousand schedules keep every promise, have met every kind of fault, and are each what their seed says."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.simulation.run import Outcome, run, simulating
from tests.simulation.schedule import Act, Schedule
from tests.simulation.suite import SCHEDULES, Suite

LIMIT_S = 1_500
"""Two minutes on a machine that does nothing else."""

SHOWN = 3


@pytest.mark.timeout(LIMIT_S)
def test_every_schedule_keeps_the_promises(record_property: Callable[[str, object], None]) -> None:
    """No run breaks any, and the faults have happened often enough for that to mean something."""
    suite, failures = Suite(), list[Outcome]()
    started_s = time.process_time()
    with simulating():
        for seed in range(SCHEDULES):
            if (outcome := suite.add(run(seed))).problems:
                failures.append(outcome)
    record_property(f"{SCHEDULES} simulated schedules, seconds of CPU", round(time.process_time() - started_s))
    assert not failures, "\n".join(map(str, failures[:SHOWN])) + f"\nfailed: {suite.failed}"
    assert suite.lacking == []


def test_a_suite_that_has_met_no_fault_is_vacuous() -> None:
    """What did not happen has shown nothing."""
    with simulating():
        suite = Suite()
        outcome = suite.add(run(0, Schedule(workers=1, acts=())))
    assert outcome.problems == []
    assert "redis: rewound: 0, not 1" in suite.lacking


def test_a_run_is_what_its_seed_says() -> None:
    """The same seed tells the same story, also in another process, whose sets and dicts hash otherwise."""
    command = (sys.executable, "-m", "tests.simulation", "--seed", "13")
    stories = {
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("1", "2")
    }
    assert len(stories) == 1
    assert stories.pop().count(b"\n") > 10


def test_a_failure_says_how_to_see_it_again() -> None:
    """Seed, schedule and problem; a Redis that answers nobody is a problem that must be found."""
    for_ever = Act(at_s=0.5, kind="redis away", whom=0, steps=1, for_s=10_000.0)
    with simulating():
        outcome = run(7, Schedule(workers=1, acts=(for_ever,)))
    assert "python -m tests.simulation --seed 7" in str(outcome)
    assert "redis away" in str(outcome)
    assert "not settled after 120 s" in str(outcome)
