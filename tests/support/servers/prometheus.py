"""One real Prometheus that scrapes one worker, and evaluates rules over it."""

from __future__ import annotations

import json
import shutil
import urllib.parse
import urllib.request
from math import isnan
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.support.servers.missing import missing_for_prometheus
from tests.support.servers.process import answers
from tests.support.servers.server import Server

QUERY_TIMEOUT_S = 10.0
"""It answers in milliseconds."""


class Sample(NamedTuple):
    """One series of an answer, and its value."""

    labels: dict[str, str]
    value: float


class Series(NamedTuple):
    """One series over a time: (Unix time, value)."""

    labels: dict[str, str]
    points: list[tuple[float, float]]


class Alert(NamedTuple):
    """An alert as it is now: `state` is pending or firing."""

    name: str
    state: str
    labels: dict[str, str]


class PrometheusServer(Server):
    """Scrapes `target` (host:port) as the job that the rules name; `rules` is their file's text."""

    name = "prometheus"
    start_timeout_s = 30.0  # 0.5 s on an idle machine

    def __init__(self, target: str, rules: str, every_s: int = 1) -> None:
        super().__init__()
        self._target = target
        self._rules = rules
        self._every_s = every_s

    def command(self) -> list[str]:
        """Its own storage in its directory; nothing else is reachable but its questions."""
        (self.directory / "rules.yaml").write_text(self._rules)
        config = self.directory / "prometheus.yml"
        config.write_text(yaml.safe_dump(self._config()))
        return [
            "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={self.directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn",
        ]

    def is_up(self) -> bool:
        """It says that it is ready."""
        return answers(self.port, b"GET /-/ready HTTP/1.0\r\n\r\n", b"200 OK")

    def query(self, expression: str) -> list[Sample]:
        """The answer to an expression now; series that are not a number are left out."""
        answer = self._ask("query", query=expression)
        samples = [Sample(series["metric"], float(series["value"][1])) for series in answer["result"]]
        return [sample for sample in samples if not isnan(sample.value)]

    def alerts(self) -> list[Alert]:
        """Those that are pending or firing."""
        return [
            Alert(alert["labels"]["alertname"], alert["state"], alert["labels"])
            for alert in self._ask("alerts")["alerts"]
        ]

    def firing(self) -> set[str]:
        """The names of those that fire."""
        return {alert.name for alert in self.alerts() if alert.state == "firing"}

    def history(self, expression: str, start_s: float, end_s: float, step_s: float) -> list[Series]:
        """Every series of an expression between two Unix times."""
        answer = self._ask("query_range", query=expression, start=f"{start_s}", end=f"{end_s}", step=f"{step_s}")
        return [
            Series(series["metric"], [(float(at), float(value)) for at, value in series["values"]])
            for series in answer["result"]
        ]

    def _ask(self, question: str, **arguments: str) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.port}/api/v1/{question}?{urllib.parse.urlencode(arguments)}"
        with urllib.request.urlopen(url, timeout=QUERY_TIMEOUT_S) as answer:
            answered: dict[str, Any] = json.load(answer)["data"]
            return answered

    def _config(self) -> dict[str, object]:
        every = f"{self._every_s}s"
        return {
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": [str(self.directory / "rules.yaml")],
            "scrape_configs": [{"job_name": "leadline", "static_configs": [{"targets": [self._target]}]}],
        }


def promtool() -> Path:
    """The program that checks rules and pages; a test that needs it is skipped without, but not in CI."""
    path = shutil.which("promtool")
    if path is None:
        pytest.skip("\n".join(missing_for_prometheus()))
    return Path(path)
