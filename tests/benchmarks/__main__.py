"""`make bench`: see this folder's README.md.

python -m tests.benchmarks [--events N] [--leads N] [--known N] [--full] [--json]
python -m tests.benchmarks stages [--events N] [--leads N] [--json]
"""

from __future__ import annotations

import argparse
import sys

from tests.benchmarks.generator import Workload
from tests.benchmarks.report import bench_json, bench_table, profile_json, profile_table
from tests.benchmarks.runs import Plan, bench
from tests.benchmarks.stages import profile
from tests.support.servers import missing_servers

PROFILE_END_MS = 1_795_000_000_000
"""The stages need no present: the same events on every day."""


def main() -> int:
    """Measure and print; the exit code."""
    given = _arguments()
    if given.what == "stages":
        result = profile(Workload(end_ms=PROFILE_END_MS, events=given.events, leads=given.leads))
        print(profile_json(result) if given.json else profile_table(result))
        return 0
    missing = missing_servers()
    if missing:
        print("\n".join(["The benchmark runs on real servers.", *missing]), file=sys.stderr)
        return 3
    shown = bench(Plan(given.events, given.leads, given.known, given.full))
    print(bench_json(shown) if given.json else bench_table(shown))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["run", "stages"], default="run")
    parser.add_argument("--events", type=int, default=1_000_000, help="events of the backlog (1,000,000)")
    parser.add_argument("--leads", type=int, default=50_000, help="leads that have events (50,000)")
    parser.add_argument("--known", type=int, default=1_000_000, help="leads in Redis before the second run")
    parser.add_argument("--full", action="store_true", help="a third run: events of all the known leads")
    parser.add_argument("--json", action="store_true", help="all figures, for programs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
