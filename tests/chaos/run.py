"""One run after the other: stage, fault, verdict; and what they all came to."""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from streams.clock import SystemClock
from tests.chaos.check import Verdict, check
from tests.chaos.faults import Fault
from tests.chaos.faults.workers import BOUNDS_S
from tests.chaos.servers import Servers
from tests.chaos.stage import Stage

LOAD_MAX = 3.0
"""For each processor: a run by itself makes 1.5 to 2. Above this, seconds tell of the machine, not of workers."""


class Result(StrEnum):
    """What a run has shown."""

    HELD = "held"
    FAILED = "FAILED"
    VACUOUS = "VACUOUS"
    """The fault has left no evidence."""
    BROKEN = "BROKEN"
    """It did not come to an end: something never came back."""


@dataclass
class Outcome:
    """One run."""

    fault: str
    seed: int
    result: Result
    verdict: Verdict = field(default_factory=Verdict)
    evidence: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, list[float]] = field(default_factory=dict)
    restarts: int = 0
    took_s: float = 0.0
    trouble: str = ""


def log_folder(path: Path) -> Path:
    """A folder for the workers' logs, without those of a run before: runs ask logs what their workers have said."""
    path.mkdir(parents=True, exist_ok=True)
    for old in path.glob("worker-*.log"):
        old.unlink()
    return path


async def run_fault(kind: type[Fault], servers: Servers, seed: int, logs: Path) -> Outcome:
    """One run, from new topics to the verdict. Nothing that goes wrong in it is raised."""
    clock = SystemClock()
    started_s = clock.monotonic_s()
    try:
        outcome = await _run(kind(), servers, seed, logs)
    except Exception as error:  # a run that does not come to an end is a result too
        outcome = Outcome(
            kind.name, seed, Result.BROKEN, trouble=f"{type(error).__name__}: {error}\n{_where(error)}"
        )
    outcome.took_s = clock.monotonic_s() - started_s
    return outcome


def _where(error: BaseException) -> str:
    """The lines of ours that an error has come through, the innermost last."""
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(
        f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames if "/tests/" in frame.filename
    )


async def _run(fault: Fault, servers: Servers, seed: int, logs: Path) -> Outcome:
    async with Stage(servers, seed, logs) as stage:
        async with asyncio.timeout(fault.limit_s):
            await stage.begin(fault.workers)
            await fault.inject(stage)
            await fault.heal(stage)
            await stage.recovered()
            await stage.end(fault.limit_s)
        evidence = {what: int(count) for what, count in fault.evidence(stage).items()}
        verdict = await check(stage)
        if verdict.again + verdict.taken_back and not fault.loses_commits:
            verdict.complain(f"{verdict.again} changes again, though Redis lost nothing")
        judge_times(verdict, stage.figures, os.getloadavg()[0])
        result = result_of(verdict, evidence)
        return Outcome(fault.name, seed, result, verdict, evidence, dict(stage.figures), stage.crew.crashes)


def judge_times(verdict: Verdict, figures: Mapping[str, Sequence[float]], load: float) -> None:
    """A take-over that takes too long is a fault of ours, unless so much else waits for the processor (`load`)."""
    if load <= LOAD_MAX * (os.cpu_count() or 1):
        verdict.complain(*late(figures))
    else:
        verdict.remarks += [f"{one}: not judged, the machine's load is {load:.0f}" for one in late(figures)]


def late(figures: Mapping[str, Sequence[float]]) -> list[str]:
    """Take-overs that took longer than is promised."""
    return [
        f"{what} took {time_s:.1f} s, more than {bound_s:g} s"
        for what, bound_s in BOUNDS_S.items()
        for time_s in figures.get(what, ())
        if time_s > bound_s
    ]


def result_of(verdict: Verdict, evidence: Mapping[str, int]) -> Result:
    if not all(count > 0 for count in evidence.values()):
        return Result.VACUOUS
    return Result.FAILED if verdict.problems else Result.HELD
