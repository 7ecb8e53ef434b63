"""All figures of the benchmark as JSON, each measurement by itself."""

from __future__ import annotations

import json
from dataclasses import asdict

from tests.benchmarks.measure import Cost, Result, Run
from tests.benchmarks.runs import Bench


def bench_json(bench: Bench) -> str:
    """All of it."""
    return json.dumps(
        {
            "machine": asdict(bench.machine),
            "workload": asdict(bench.workload),
            "notices": bench.notices,
            "load_s": bench.load_s,
            "raw_read_us": bench.raw_us,
            "leadline": {name: [_result(one) for one in results] for name, results in bench.ours.items()},
            "peers": {
                peer.name: {
                    "settings": peer.settings,
                    "events_max": peer.events_max,
                    "runs": [_run(r) for r in runs],
                }
                for peer, runs in bench.peers.items()
            },
            "latency": {name: asdict(took) for name, took in bench.latency.items()},
            "bytes_of_a_lead": None if bench.sizes is None else asdict(bench.sizes),
        },
        indent=2,
    )


def _run(run: Run) -> dict[str, object]:
    return {
        "whole": _cost(run.whole),
        "second_half": _cost(run.second_half),
        "start_s": run.start_s,
        "start_cpu_s": run.start_cpu_s,
        "peak_mib": run.peak_mib,
        "changes": run.changes,
    }


def _result(result: Result) -> dict[str, object]:
    commits = result.commit_seconds
    return _run(result) | {
        "together": _cost(result.together),
        "between_commits": result.rhythm._asdict(),
        "redis_mib": result.redis_mib,
        "leads": result.leads,
        "commit_p50_s": commits.quantile(0.5),
        "commit_p99_s": commits.quantile(0.99),
        "batch_mean": result.batch_records.mean,
        "counters": result.counters,
    }


def _cost(cost: Cost) -> dict[str, float]:
    return cost._asdict() | {"path_us": cost.path_us, "events_per_s": cost.events_per_s, "cores": cost.cores}
