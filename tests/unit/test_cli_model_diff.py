"""`leadline model diff`: each difference in words, and what it does to leads is what happens to leads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from scoring.offline import FileScorer
from scoring.plan import Plan
from streams.cli import main
from streams.cli.model_file import read_model_file
from tests.support.doubles.scored import MODEL, signal

WHOLE = (
    MODEL
    + """
fit:
  - {id: vp, where: {title: vp}, points: 10}
  - {id: rival, where: {company: rival}, flag: competitor}
segments:
  - {name: big, where: {size: {min: 1000}}, bands: {hot: {enter: 60, leave: 50}}}
  - {name: small, where: {size: {max: 10}}}
grades: {fit: {A: 20}, engagement: {1: 60}}
surge: {points: 30, within: 48h}
"""
)

CHANGES = [
    # (what is replaced, by what, lines of the answer)
    (
        "points: 6, ",
        "points: 8, ",
        ["  ~ click", "      points: +6 -> +8", "      at once, on what it has counted"],
    ),
    (
        "half_life: 7d,  group: email",
        "half_life: 7d,  group: mail",
        ["      group: email -> mail", "      at once, on"],
    ),
    (
        "kind: email.clicked,      points: 6,   half_life: 14d",
        "kind: email.clicked,      points: 6,   half_life: 7d",
        [
            "      half_life: 14d -> 7d",
            "      it is another rule now: what it has counted goes at once, and it counts",
        ],
    ),
    (
        "limit: {times: 3, per: day}",
        "limit: {times: 1, per: week}",
        ["      limit: at most 3 times a day -> at most once"],
    ),
    (
        "id: unsub,",
        "id: left, ",
        ["  - unsub  -15  email.unsubscribed", "to keep what unsub has counted, keep that name"],
    ),
    ("within: 7d", "within: 14d", ["windows", "      within: 7d -> 14d", "      at once, for every lead"]),
    ("count: [email.clicked, page.viewed]", "count: [form.seen]", ["but form.seen only from the activation on"]),
    ("at_most: 3", "at_most: 5", ["inactivity", "      at_most: 3 -> 5", "by its latest engagement"]),
    ("{intent: {max: 45}}", "{intent: {min: -5}}", ["groups", "      min: none -> -5", "      max: 45 -> none"]),
    (
        "enter: 40, leave: 32",
        "enter: 45, leave: 32",
        ["      enter: 40 -> 45", "stay at once from 32 on, others enter at 45"],
    ),
    (
        "name: warm",
        "name: mild",
        ["  - warm  entered at 40", "at once to the highest band that their score enters", "  + mild"],
    ),
    (
        "leave: 60, alert: true",
        "leave: 60, alert: true, cooldown: 24h",
        ["      cooldown: none -> 1d", "alerts follow from the next time that a lead enters"],
    ),
    ("where: {title: vp}", "where: {title: {contains: vp}}", ['      where: title is "vp" -> title contains "vp"']),
    (
        "company: rival}, flag",
        "company: rivals}, flag",
        ["flags that it raises or lifts are published (cause model)"],
    ),
    (
        "{enter: 60, leave: 50}",
        "{enter: 55, leave: 50}",
        ["      bands: hot 60/50 -> hot 55/50", "are put at once where"],
    ),
    ("fit: {A: 20}", "fit: {A: 30}", ["grades", "      fit: A 20 -> A 30", "at once; a grade moves no band"]),
    ("surge: {points: 30, within: 48h}", "", ["  - surge  30 points or more within 2d", "from the next signal on"]),
    (
        "version: small",
        "timezone: Europe/Berlin",
        ["      timezone: UTC -> Europe/Berlin", "follow the other calendar"],
    ),
    (
        "version: small",
        "flag_cap: 20",
        ["      flag_cap: 0 -> 20", "at once, for every flag that says no cap itself"],
    ),
    ("version: small", "scale: {max: 50}", ["      max: 100 -> 50", "at once, for every lead"]),
]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Where the tests write two models, `a` and `b`."""
    (tmp_path / "a").write_text(WHOLE)
    return tmp_path


def diff(files: Path, *arguments: str) -> Result:
    """`leadline model diff` of the two."""
    return CliRunner().invoke(main, ["model", "diff", str(files / "a"), str(files / "b"), *arguments])


def found(files: Path, part: str, instead: str) -> Any:
    """The differences as JSON, of the model with one part replaced."""
    assert WHOLE.count(part) == 1
    (files / "b").write_text(WHOLE.replace(part, instead))
    return json.loads(diff(files, "--json").stdout)


@pytest.mark.parametrize(("part", "instead", "lines"), CHANGES, ids=range(len(CHANGES)))
def test_a_difference_in_words(files: Path, part: str, instead: str, lines: list[str]) -> None:
    """What moved, from what to what, and what that does."""
    assert found(files, part, instead)["differences"]
    result = diff(files)
    assert result.exit_code == 0
    for line in lines:
        assert line in result.stdout


def test_another_order_of_segments_is_a_difference(files: Path) -> None:
    """The first that matches counts, so leads may change."""
    lines = WHOLE.splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if "name: big" in line)
    lines[place : place + 2] = reversed(lines[place : place + 2])
    (files / "b").write_text("".join(lines))
    assert "order: big, small -> small, big" in diff(files).stdout


@pytest.mark.parametrize("text", [WHOLE, WHOLE.replace("small", "later", 1), f"# a comment\n{WHOLE}"])
def test_no_difference(files: Path, text: str) -> None:
    """Comments and the version move no lead."""
    (files / "b").write_text(text)
    assert "no differences\nevery lead keeps its score and its band" in diff(files).stdout


def test_as_json(files: Path) -> None:
    """Versions, then each difference with its moves."""
    told = found(files, "points: 6, ", "points: 8, ")
    assert (told["from"], told["to"]) == ("small", "small")
    (difference,) = told["differences"]
    assert (difference["part"], difference["name"], difference["what"]) == ("rules", "click", "changed")
    assert difference["moves"] == [{"member": "points", "before": "+6", "after": "+8"}]


def test_what_is_said_of_rules_is_what_happens(files: Path) -> None:
    """Points changed take effect on what was counted; a changed half-life or name starts at nothing."""
    clicks = [signal("L-1", "email.clicked", f"2026-11-20T10:0{minute}:00Z") for minute in range(2)]
    command = {"id": "m", "command": "model", "version": "b", "occurred_at": "2026-11-20T10:01:00Z"}
    for instead, score in (("points: 8,   half_life: 14d", 16.0), ("points: 8,   half_life: 7d", 0.0)):
        text = WHOLE.replace("points: 6,   half_life: 14d", instead)
        scorer = FileScorer(read_model_file(files / "a").plan)
        value = json.dumps(command | {"body": text})
        lines = [*clicks, f'{{"topic": "lead.commands", "value": {value}}}'.encode()]
        for number, line in enumerate(lines, start=1):
            scorer.feed(number, line)
        (lead,) = scorer.finish()["leads"]
        assert lead["score"] == pytest.approx(score, abs=0.01)


def test_a_bad_model_is_told_by_its_own_name(files: Path) -> None:
    """Exit code 4, with the file that is wrong."""
    (files / "b").write_text("rulez: []")
    result = diff(files)
    assert (result.exit_code, result.stdout) == (4, "")
    assert f"{files / 'b'} is not a scoring model" in result.stderr


def test_models_that_leadline_brings_can_be_compared() -> None:
    """Any two of them; every rule of each is named."""
    models = sorted((Path(__file__).parents[2] / "deploy" / "models").glob("*.yaml"))
    for one in models:
        for other in models:
            text = CliRunner().invoke(main, ["model", "diff", str(one), str(other)]).stdout
            gone = {rule.id for rule in read_model_file(one).plan.model.rules} if one != other else set()
            assert all(f" {name}" in text for name in gone)
            assert isinstance(read_model_file(other).plan, Plan)
