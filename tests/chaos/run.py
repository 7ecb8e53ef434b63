"""One run after the other: stage, fault, verdict; and what they all came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from streams.clock import SystemClock
from tests.chaos.check import Verdict, check
from tests.chaos.faults import Fault
from tests.chaos.stage import Servers, Stage


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


async def run_fault(kind: type[Fault], servers: Servers, seed: int) -> Outcome:
    """One run, from new topics to the verdict. Nothing that goes wrong in it is raised."""
    clock = SystemClock()
    started_s = clock.monotonic_s()
    try:
        outcome = await _run(kind(), servers, seed)
    except Exception as error:  # a run that does not end is a result too
        outcome = Outcome(kind.name, seed, Result.BROKEN, trouble=f"{type(error).__name__}: {error}")
    outcome.took_s = clock.monotonic_s() - started_s
    return outcome


async def _run(fault: Fault, servers: Servers, seed: int) -> Outcome:
    clock = SystemClock()
    t0 = clock.monotonic_s()
    def lap(what):
        nonlocal t0
        import sys
        import time
        from pathlib import Path
        def cpu(pid):
            try:
                f = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                return (int(f[11])+int(f[12]))/100
            except OSError: return 0
        sys.stderr.write(f"   [harness {time.process_time():.1f} kafka {cpu(servers.kafka.pid)} redis {cpu(servers.redis.pid)} workers {[cpu(h.worker.pid) for h in stage.crew.hands]}]")
        sys.stderr.write(f"   {what} {clock.monotonic_s()-t0:.1f}\n"); t0 = clock.monotonic_s()
    async with Stage(servers, seed) as stage:
        await stage.begin(fault.workers)
        lap("begin")
        await fault.inject(stage)
        lap("inject")
        await fault.heal(stage)
        lap("heal")
        await stage.recovered()
        lap("recovered")
        await stage.end()
        lap("end")
        evidence = {what: int(count) for what, count in fault.evidence(stage).items()}
        verdict = await check(stage)
        lap("check")
        if verdict.again + verdict.taken_back and not fault.loses_commits:
            verdict.complain(f"{verdict.again} changes again, though Redis lost nothing")
        return Outcome(
            fault.name, seed, _result(verdict, evidence), verdict, evidence, dict(stage.figures), stage.crew.crashes
        )


def _result(verdict: Verdict, evidence: Mapping[str, int]) -> Result:
    if not all(evidence.values()):
        return Result.VACUOUS
    return Result.FAILED if verdict.problems else Result.HELD
