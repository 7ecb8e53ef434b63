"""The files that operations are given, read: rules, their cases, the dashboard."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.support.workers import ROOT

PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = PROMETHEUS / "alerts.yaml"
CASES = PROMETHEUS / "alerts.test.yaml"
DASHBOARD = ROOT / "deploy" / "grafana" / "leadline.json"

RATE_INTERVAL = "$__rate_interval"
"""Grafana puts four times the scrape interval there."""

FOR = re.compile(r"^(\s+for:) \w+$", re.MULTILINE)


HURRIED = "3s"
"""Three scrapes: before the first one there is nothing to see."""


class Rule(NamedTuple):
    """One alert."""

    name: str
    expression: str
    severity: str
    runbook: str


class Target(NamedTuple):
    """One expression of a panel."""

    panel: str
    expression: str


def rules() -> list[Rule]:
    """Every alert."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [
        Rule(
            each["alert"],
            each["expr"],
            each["labels"].get("severity", ""),
            each["annotations"].get("runbook_url", ""),
        )
        for group in groups
        for each in group["rules"]
    ]


def cases() -> Iterator[tuple[str, bool]]:
    """(alert, whether it is expected to fire) of every case."""
    for case in yaml.safe_load(CASES.read_text())["tests"]:
        for test in case["alert_rule_test"]:
            yield test["alertname"], bool(test["exp_alerts"])


def hurried(path: Path = RULES, wait: str = HURRIED) -> str:
    """The rules as they are, but that each alert waits only so long before it fires."""
    return FOR.sub(rf"\1 {wait}", path.read_text())


def targets(interval: str) -> list[Target]:
    """Every expression of the dashboard, with this interval for rates."""
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return [
        Target(panel["title"], target["expr"].replace(RATE_INTERVAL, interval))
        for panel in dashboard["panels"]
        for target in panel["targets"]
    ]
