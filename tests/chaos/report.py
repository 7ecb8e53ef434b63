"""What the runs came to: a line for each, a table for people, JSON for programs. Nothing is decided here."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from statistics import median

from tests.chaos.run import Outcome, Result

HEAD = (
    "fault", "runs", "held", "events", "lost", "twice", "changes", "lost", "repeated",
    "again", "taken back", "back p50", "max",
)  # fmt: skip


def told(outcome: Outcome) -> str:
    """One run, as soon as it is over."""
    evidence = ", ".join(f"{what} {count}" for what, count in outcome.evidence.items())
    lines = [f"{outcome.fault} (seed {outcome.seed}, {outcome.took_s:.0f} s): {outcome.result}; {evidence}"]
    lines += [f"    {line}" for line in (*outcome.verdict.problems, *outcome.verdict.remarks)]
    lines += [f"    {line}" for line in outcome.trouble.splitlines()]
    return "\n".join(lines)


def as_json(outcomes: Sequence[Outcome]) -> str:
    """All figures."""
    return json.dumps([asdict(outcome) for outcome in outcomes], indent=2)


def as_table(outcomes: Sequence[Outcome]) -> str:
    """Fault by fault, then what took how long."""
    by_fault: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_fault[outcome.fault].append(outcome)
    rows = [HEAD, *(_row(fault, runs) for fault, runs in by_fault.items())]
    bitten = [
        f"  {fault}: {', '.join(f'{what} {count}' for what, count in _evidence(runs).items())}"
        for fault, runs in by_fault.items()
    ]
    return "\n".join([*_aligned(rows), "", "evidence", *bitten, "", *_figures(outcomes)])


def _row(fault: str, runs: Sequence[Outcome]) -> tuple[str, ...]:
    verdicts = [run.verdict for run in runs]
    times = [time_s for run in runs for times_s in run.figures.values() for time_s in times_s]
    counts = [
        sum(verdict.events for verdict in verdicts),
        sum(verdict.lost for verdict in verdicts),
        sum(verdict.twice for verdict in verdicts),
        sum(verdict.changes for verdict in verdicts),
        sum(verdict.changes_lost for verdict in verdicts),
        sum(verdict.changes_repeated for verdict in verdicts),
        sum(verdict.again for verdict in verdicts),
        sum(verdict.taken_back for verdict in verdicts),
    ]
    held = sum(run.result is Result.HELD for run in runs)
    return (fault, str(len(runs)), str(held), *(f"{count:,}" for count in counts), *_spread(times))


def _spread(times_s: Sequence[float]) -> tuple[str, str]:
    if not times_s:
        return "", ""
    return f"{median(times_s):.1f} s", f"{max(times_s):.1f} s"


def _evidence(runs: Iterable[Outcome]) -> dict[str, int]:
    """The smallest count of each kind, over the runs."""
    least: dict[str, int] = {}
    for run in runs:
        for what, count in run.evidence.items():
            least[what] = min(count, least.get(what, count))
    return least


def _figures(outcomes: Iterable[Outcome]) -> list[str]:
    """What took how long, by its name, over all faults."""
    times: dict[str, list[float]] = defaultdict(list)
    for outcome in outcomes:
        for what, times_s in outcome.figures.items():
            times[what] += times_s
    rows = [("seconds", "times", "p50", "max")]
    rows += [(what, str(len(times_s)), *_spread(times_s)) for what, times_s in sorted(times.items())]
    return _aligned(rows)


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(_padded, range(len(row)), row, widths)).rstrip() for row in rows]


def _padded(place: int, cell: str, width: int) -> str:
    """Names begin where their column begins, figures end where it ends."""
    return cell.rjust(width) if place else cell.ljust(width)
