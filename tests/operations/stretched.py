"""An hour of normal traffic from some seconds of it: what a real worker told, gone on with at its own pace.

Each scrape of a second stands for one of fifteen seconds. A counter goes on by the steps that it has made, over and
over; a gauge goes on with the values that it has had. promtool evaluates the shipped rules over all of it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from itertools import cycle, islice, pairwise
from pathlib import Path

import yaml

from tests.operations.deployed import RULES
from tests.support.servers.prometheus import Series, promtool

STEP_S = 15
STEPS = 3_600 // STEP_S
COUNTERS = ("_total", "_bucket", "_count", "_sum")

FIRED = 'count by (alertname) (count_over_time(ALERTS{alertstate="firing"}[1h]))'
"""Every alert that has fired within the hour."""


def fired_within_an_hour(told: Iterable[Series], directory: Path) -> str:
    """What promtool says against the claim that no alert fires; empty if it has nothing to say."""
    case = {
        "interval": f"{STEP_S}s",
        "input_series": [{"series": _notation(each.labels), "values": _values(each)} for each in told],
        "promql_expr_test": [{"expr": FIRED, "eval_time": "1h", "exp_samples": []}],
    }
    path = directory / "hour.yaml"
    path.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "15s", "tests": [case]}))
    done = subprocess.run(
        [promtool(), "test", "rules", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def _notation(labels: dict[str, str]) -> str:
    inside = ", ".join(f"{name}={json.dumps(value)}" for name, value in labels.items() if name != "__name__")
    return f"{labels['__name__']}{{{inside}}}"


def _values(series: Series) -> str:
    values = [value for _, value in series.points]
    if series.labels["__name__"].endswith(COUNTERS):
        values = _continued(values)
    return " ".join(repr(value) for value in islice(cycle(values), STEPS + 1))


def _continued(values: list[float]) -> list[float]:
    """A counter after each step of the hour."""
    steps = [max(0.0, after - before) for before, after in pairwise(values)] or [0.0]
    counted = [values[-1]]
    for step in islice(cycle(steps), STEPS):
        counted.append(counted[-1] + step)
    return counted
