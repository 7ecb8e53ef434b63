"""Figures as a table for people, and as JSON. Nothing is decided here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from tests.benchmarks.machine import Machine
from tests.benchmarks.measure import Cost, Result
from tests.benchmarks.runs import Bench
from tests.benchmarks.stages import MEANINGS, STAGES, Profile

LABEL_WIDTH = 40
COLUMN_WIDTH = 13

Row = tuple[str, Sequence[str]]


def bench_json(bench: Bench) -> str:
    """All figures of a benchmark."""
    runs = {name: _run_json(result, bench.raw_us) for name, result in bench.runs.items()}
    return json.dumps(
        {
            "machine": asdict(bench.machine),
            "workload": asdict(bench.workload),
            "load_s": bench.load_s,
            "raw_read_us": bench.raw_us,
            "raw_read_wall_s": bench.raw.wall_s,
            "runs": runs,
            "latency": asdict(bench.latency),
        },
        indent=2,
    )


def bench_table(bench: Bench) -> str:
    """The same for people."""
    lines = _machine(bench.machine)
    workload = bench.workload
    lines += [
        f"{workload.events:,} events of {workload.days} days and {workload.leads:,} leads, "
        f"{workload.partitions} partitions, one worker",
    ]
    for name, result in bench.runs.items():
        lines += ["", *_run(name, result, bench.raw_us)]
    took = bench.latency
    lines += [
        "",
        f"From an event to its change, nothing else going on ({took.samples} samples): "
        f"p50 {took.p50_ms:.1f} ms, p99 {took.p99_ms:.1f} ms",
    ]
    return "\n".join(lines)


def profile_json(profile: Profile) -> str:
    """All figures of a profile."""
    return json.dumps(
        {
            "workload": asdict(profile.workload),
            "whole_us": profile.best,
            "second_half_us": profile.second_half,
            "facts": profile.facts,
        },
        indent=2,
    )


def profile_table(profile: Profile) -> str:
    """The same for people."""
    path = [stage for stage in STAGES if stage != "read back"]
    rows: list[Row] = [
        (f"{stage}: {MEANINGS[stage]}", (f"{profile.best[stage]:.2f}", f"{profile.second_half[stage]:.2f}"))
        for stage in STAGES
    ]
    totals = [sum(figures[stage] for stage in path) for figures in (profile.best, profile.second_half)]
    rows.append(("all but read back", [f"{total:.2f}" for total in totals]))
    facts = ", ".join(f"{name} {value:,.4g}" for name, value in profile.facts.items())
    head = ("CPU µs per event, without servers", ("whole", "second half"))
    return "\n".join([*_table([head, *rows], width=92), "", facts])


def _run_json(result: Result, raw_us: float) -> dict[str, object]:
    commits, batches = result.commit_seconds, result.batch_records
    return {
        "ratio_to_raw_read": result.whole.path_us / raw_us,
        "whole": _cost_json(result.whole),
        "second_half": _cost_json(result.second_half),
        "start_s": result.start_s,
        "start_cpu_s": result.start_cpu_s,
        "peak_mib": result.peak_mib,
        "redis_mib": result.redis_mib,
        "leads": result.leads,
        "commits": commits.observations,
        "commit_p50_s": commits.quantile(0.5),
        "commit_p99_s": commits.quantile(0.99),
        "batch_mean": batches.mean,
        "counters": result.counters,
    }


def _cost_json(cost: Cost) -> dict[str, float]:
    return cost._asdict() | {"path_us": cost.path_us, "events_per_s": cost.events_per_s}


def _run(name: str, result: Result, raw_us: float) -> list[str]:
    whole, half = result.whole, result.second_half
    commits, batches = result.commit_seconds, result.batch_records
    rows: list[Row] = [
        (name, ("whole run", "second half")),
        ("  CPU µs per event: worker", _both(whole.worker_us, half.worker_us)),
        ("    Redis", _both(whole.redis_us, half.redis_us)),
        ("    worker and Redis", _both(whole.path_us, half.path_us)),
        ("    as a multiple of a raw read", _both(whole.path_us / raw_us, half.path_us / raw_us)),
        ("    in Redis's: rewriting its file", _both(whole.rewrite_us, half.rewrite_us)),
        ("    beside it: Kafka", _both(whole.kafka_us, half.kafka_us)),
        ("  events per second", (f"{whole.events_per_s:,.0f}", f"{half.events_per_s:,.0f}")),
    ]
    counted = ", ".join(f"{count:,.0f} {what}" for what, count in result.counters.items())
    return [
        *_table(rows),
        f"  start: first commit after {result.start_s:.1f} s, {result.start_cpu_s:.1f} CPU s (not in the above)",
        f"  memory: worker {result.peak_mib:,.0f} MiB at most; Redis {result.redis_mib:,.0f} MiB for "
        f"{result.leads:,} leads",
        f"  commits: {commits.observations:,.0f}, p50 {commits.quantile(0.5) * 1e3:,.0f} ms, "
        f"p99 {commits.quantile(0.99) * 1e3:,.0f} ms; {batches.mean:,.0f} records each",
        f"  records: {counted}",
    ]


def _machine(machine: Machine) -> list[str]:
    lines = [
        f"{machine.cpu}, {machine.cores} cores, {machine.memory_gib:.0f} GiB, {machine.system}; Python "
        f"{machine.python}, Kafka {machine.kafka}, Redis {machine.redis} (appendfsync everysec)",
    ]
    if machine.is_busy:
        lines.append(f"The machine was busy (load average {machine.load:.1f}): only the ratio compares.")
    return lines


def _both(whole: float, half: float) -> tuple[str, str]:
    return f"{whole:.1f}", f"{half:.1f}"


def _table(rows: Iterable[Row], width: int = LABEL_WIDTH) -> list[str]:
    return [f"{label:{width}}" + "".join(f"{cell:>{COLUMN_WIDTH}}" for cell in cells) for label, cells in rows]
