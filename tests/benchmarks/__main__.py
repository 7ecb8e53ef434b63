"""`make bench`, `make bench-full`, `make bench-stages`: see this folder's README.md.

python -m tests.benchmarks [--events N] [--leads N] [--rounds N] [--known N] [--json]
python -m tests.benchmarks full [the same] [--many N]
python -m tests.benchmarks stages [--events N] [--leads N] [--json]
python -m tests.benchmarks renew
"""

from __future__ import annotations

import argparse
import sys

from tests.benchmarks.generator import Workload
from tests.benchmarks.guard import committed, measure_ratio, renew
from tests.benchmarks.report import bench_table
from tests.benchmarks.report_json import bench_json
from tests.benchmarks.runs import Plan, bench
from tests.benchmarks.stages import profile
from tests.benchmarks.stages_report import profile_json, profile_table
from tests.support.compiled import compiled_modules
from tests.support.servers import missing_servers

PROFILE_END_MS = 1_795_000_000_000
"""The stages need no present: the same events on every day."""

EVENTS = {"run": 300_000, "full": 1_000_000, "stages": 1_000_000}
ROUNDS = {"run": 2, "full": 3}
LEADS = 50_000
KNOWN = {"run": 300_000, "full": 1_000_000}


def main() -> int:
    """Measure and print; the exit code."""
    given = _arguments()
    if given.what == "stages":
        return _stages(given)
    missing = missing_servers()
    if missing:
        print("\n".join(["The benchmark runs on real servers.", *missing]), file=sys.stderr)
        return 3
    if given.what == "renew":
        return _renew()
    plan = Plan(
        events=given.events or EVENTS[given.what],
        leads=given.leads,
        rounds=given.rounds or ROUNDS[given.what],
        known=KNOWN[given.what] if given.known is None else given.known,
        many=given.many,
        full=given.what == "full",
    )
    shown = bench(plan)
    print(bench_json(shown) if given.json else bench_table(shown))
    return 0


def _stages(given: argparse.Namespace) -> int:
    events = given.events or EVENTS["stages"]
    result = profile(Workload(end_ms=PROFILE_END_MS, events=events, leads=given.leads))
    print(profile_json(result) if given.json else profile_table(result))
    return 0


def _renew() -> int:
    """Measure the guard's figure and write it into the repository."""
    if not compiled_modules():
        print("The figure is of compiled scoring: `make install` compiles it.", file=sys.stderr)
        return 3
    before, found = committed(), measure_ratio()
    renew(found)
    print(
        f"{found.value:.1f} times a raw read ({found.path_us:.1f} and {found.raw_us:.2f} µs); it was {before:.1f}"
    )
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["run", "full", "stages", "renew"], default="run")
    parser.add_argument("--events", type=int, help="of the backlog (300,000; full: 1,000,000)")
    parser.add_argument("--leads", type=int, default=LEADS, help=f"that have events ({LEADS:,})")
    parser.add_argument("--rounds", type=int, help="how often each thing is measured (2; full: 3)")
    parser.add_argument("--known", type=int, help="leads in a larger Redis (300,000; full: 1,000,000; 0: none)")
    parser.add_argument("--many", type=int, default=0, help="leads in a huge Redis, once (0: none)")
    parser.add_argument("--json", action="store_true", help="all figures, for programs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
