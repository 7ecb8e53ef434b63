"""Alerts as they are shipped: each fires and stays quiet when it should, and leads to what is to be done."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml

from streams.metrics import NAMES
from tests.operations.deployed import (
    CASES,
    DASHBOARD,
    HURRIED,
    PROMETHEUS,
    RULES,
    Rule,
    cases,
    hurried,
    rules,
    targets,
)
from tests.support.servers.prometheus import promtool
from tests.support.tidy.prose import anchors

RUNBOOK = "deploy/RUNBOOK.md"

METRIC = re.compile(r"\b(?:leadline|process)_\w+\b")
GRID_COLUMNS = 24


def check(*arguments: str) -> str:
    """What promtool says, which must be content."""
    done = subprocess.run([promtool(), *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_takes_the_rules_and_the_example_of_a_configuration() -> None:
    """Both as they are shipped, side by side."""
    assert f"{len(rules())} rules found" in check("check", "rules", str(RULES))
    assert "SUCCESS" in check("check", "config", str(PROMETHEUS / "prometheus.yml"))


def test_every_case_comes_out_as_it_says() -> None:
    """Which alerts fire, with their labels and words."""
    assert "SUCCESS" in check("test", "rules", str(CASES))


def test_each_alert_has_a_case_that_fires_and_one_that_stays_quiet() -> None:
    """An alert that never fires, or always, passes neither."""
    told = set(cases())
    assert {name for name, _ in told} == {rule.name for rule in rules()}
    assert {rule.name for rule in rules() if (rule.name, True) not in told} == set()
    assert {rule.name for rule in rules() if (rule.name, False) not in told} == set()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_each_alert_leads_to_a_heading_of_the_runbook(rule: Rule) -> None:
    """And says whether it is worth waking somebody."""
    page, _, heading = rule.runbook.partition("#")
    assert page == RUNBOOK
    assert heading in anchors(RUNBOOK)
    assert rule.severity in ("page", "ticket")


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_each_alert_asks_for_metrics_that_a_worker_has(rule: Rule) -> None:
    """A name that nobody tells never fires."""
    for name in METRIC.findall(rule.expression):
        bare = re.sub(r"_(?:total|bucket|sum|count)$", "", name)
        assert bare in NAMES or name.startswith("process_"), name


def test_hurried_rules_are_the_same_but_for_their_patience() -> None:
    """What the connected test runs is what is shipped."""
    shipped, quick = (yaml.safe_load(text)["groups"][0]["rules"] for text in (RULES.read_text(), hurried()))
    assert any(rule.get("for") == "2m" for rule in shipped)
    assert {rule.get("for") for rule in quick} == {None, HURRIED}
    assert [{**rule, "for": None} for rule in shipped] == [{**rule, "for": None} for rule in quick]


def test_panels_of_the_dashboard_stand_side_by_side() -> None:
    """Within the grid, none over another, each with an expression and a sentence."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        x, y, w, h = (panel["gridPos"][name] for name in "xywh")
        cells = {(column, row) for column in range(x, x + w) for row in range(y, y + h)}
        assert x + w <= GRID_COLUMNS
        assert not cells & taken, panel["title"]
        assert panel["targets"], panel["title"]
        assert panel["description"], panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_every_metric_of_ours_is_on_the_dashboard_or_told_of() -> None:
    """What nobody looks at is no metric: each name is in an expression, or in the table of the folder's README."""
    shown = " ".join(target.expression for target in targets("1m"))
    told = (PROMETHEUS / "README.md").read_text()
    assert {name for name in NAMES if name not in shown and name not in told} == set()
