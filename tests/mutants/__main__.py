"""`make mutants`: see this folder's docstring."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from textwrap import shorten

import click

from tests.mutants.edits import applied
from tests.mutants.table import MUTANTS, Mutant
from tests.simulation.run import run, simulating

SCHEDULES = 2_000
"""As many as CI runs: what these do not notice, CI does not."""

FEW = 200
"""For those of which it is known that no promise breaks: enough for a figure, and to see if that changes."""

TIMES = 5
"""A figure has moved if it is so many times what it was, or so many times less."""

SHOWN_CHARACTERS = 140
"""Of a broken promise: some quote two whole changes."""

TESTS_S = 300
"""For the tests of one mutant, the start of the servers included."""


@dataclass
class Caught:
    """What became of a mutant: `tests` are those of `tested` that noticed it; the simulation ran `schedules`."""

    mutant: Mutant
    schedules: int = 0
    seed: int | None = None
    promise: str = ""
    figure: str = ""
    tested: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    @property
    def is_caught(self) -> bool:
        """By anybody who should have, and by all tests named."""
        return self.tests == self.tested and bool(self.tests or self.seed is not None or self.figure)

    def __str__(self) -> str:
        lines = [f"{self.mutant.name}: {self.mutant.guard}"]
        if self.seed is not None:
            lines.append(f"    simulation, seed {self.seed}, after {self.schedules} schedules: {self.promise}")
        else:
            lines.append(f"    simulation: no promise broken in {self.schedules} schedules")
        if self.figure:
            lines.append(f"    figure: {self.figure}")
        if self.mutant.unseen:
            lines.append(f"    why: {self.mutant.unseen}")
        lines += [f"    test: {name}" for name in self.tests]
        lines += [f"    MISSED BY {name}" for name in self.tested if name not in self.tests]
        if not self.is_caught:
            lines.append("    MISSED")
        return "\n".join(lines)


@click.command()
@click.option("--only", multiple=True, help="Mutants by name; several are possible.")
@click.option("--schedules", default=SCHEDULES, help="How many the simulation tries at most.")
@click.option("--tests/--no-tests", default=True, help="Also let tests find them (they start servers).")
def main(only: tuple[str, ...], schedules: int, tests: bool) -> None:
    """Switch off one guard at a time, and show who notices."""
    chosen = [mutant for mutant in MUTANTS if not only or mutant.name in only]
    missed = 0
    for mutant in chosen:
        caught = _simulated(mutant, schedules)
        caught.tested = mutant.tests if tests else ()
        caught.tests = tuple(name for name in caught.tested if _passes(name) and not _passes(name, mutant.name))
        missed += not caught.is_caught
        click.echo(str(caught))
    click.echo(f"{len(chosen)} mutants, {missed} missed")
    sys.exit(bool(missed))


def _simulated(mutant: Mutant, schedules: int) -> Caught:
    caught, evidence = Caught(mutant), Counter[str]()
    with simulating(), applied(mutant.edits):
        for seed in range(min(schedules, FEW) if mutant.unseen or mutant.figure else schedules):
            caught.schedules += 1
            outcome = run(seed)
            evidence.update(outcome.evidence)
            if outcome.problems:
                caught.seed, caught.promise = seed, shorten(outcome.problems[0], SHOWN_CHARACTERS)
                return caught
    if mutant.figure:
        caught.figure = _moved(mutant.figure, evidence[mutant.figure], caught.schedules)
    return caught


def _moved(figure: str, without: int, schedules: int) -> str:
    """How the figure was with the guard, if it is another without it."""
    evidence: Counter[str] = Counter()
    with simulating():
        for seed in range(schedules):
            evidence.update(run(seed).evidence)
    usual = evidence[figure]
    has_moved = max(usual, without) >= TIMES * max(1, min(usual, without))
    return f"{figure!r} {usual} times with the guard, {without} without" if has_moved else ""


@cache
def _passes(name: str, mutant: str = "") -> bool:
    """Whether a test passes, as it is or without a guard; one that does not even start is an error of ours."""
    without = ("-p", "tests.mutants.plugin", "--mutant", mutant) if mutant else ()
    command = (sys.executable, "-m", "pytest", "-q", *without, name)
    done = subprocess.run(command, capture_output=True, text=True, timeout=TESTS_S)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stdout + done.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    main()
