"""The models that leadline brings: they load, complete in an editor, and every example in their comments is true.

An example is a comment of one line, `# example: STEP, STEP, ... -> RESULT, RESULT, ...`: what a new lead does, one
step after the other, and what that comes to at the end.

    email.clicked                           one signal, now
    3 email.clicked {message_id: m-1}       three of them, with these attributes
    3 email.clicked in 24h                  evenly over 24 hours, which then have passed
    profile {job_title: CEO}                what becomes known of the lead
    wait 7d                                 time passes

    score 18                                the score, rounded to as many digits as are written
    click +12, group email -5, inactivity 0 what a rule or a clamp gives; 0: nothing
    band warm, grade B2, segment small      where the lead is
    alert, no alert, surge, no surge        whether a change said so
    flag spam, no flag                      which red flag is up
    budget known, need unknown              what is known of BANT
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import yaml

from schemas.instants import EPOCH
from scoring.document import default_text, read_model
from scoring.fit_model import DIMENSIONS
from scoring.offline import FileScorer
from scoring.plan import Plan
from streams.sandbox.marketing import Marketing, SimulatedRecord

MODELS = Path(__file__).parents[2] / "deploy" / "models"
PATHS = sorted(MODELS.glob("*.yaml"))
MARK = "# example: "
BEGINS = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""A Monday morning: a working day has hours left, and a week days."""

STEP = re.compile(r"(?:(?P<times>\d+) )?(?P<what>[a-z_.]+)(?: (?P<members>\{.*\}))?(?: in (?P<within>\w+))?")
SECTIONS = ("rules", "windows", "inactivity", "fit", "groups", "bands", "segments", "grades", "surge")
"""The parts of a model that do something, and so come with an example."""


class Example(NamedTuple):
    """One example: its line (from 1), what the lead does, what is claimed."""

    line: int
    steps: list[str]
    claims: list[str]


def examples(text: str) -> Iterator[Example]:
    """The examples in a model's comments."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(MARK):
            does, comes_to = line.removeprefix(MARK).split(" -> ")
            yield Example(number, _split(does), _split(comes_to))


def _split(text: str) -> list[str]:
    """At the commas that are not within braces."""
    return re.split(r", (?![^{]*\})", text)


class Play:
    """One lead that does what an example says, under one model."""

    def __init__(self, model: str) -> None:
        self.scorer = FileScorer(Plan(read_model(model)))
        self.now = BEGINS
        self._numbers = count(1)

    def do(self, step: str) -> None:
        """Take one step."""
        if step.startswith("wait "):
            self.now += _duration(step.removeprefix("wait "))
            return
        found = STEP.fullmatch(step)
        assert found, f"no step: {step!r}"
        times, members = int(found["times"] or 1), yaml.safe_load(found["members"] or "{}")
        for place in range(times):
            if place and found["within"]:
                self.now += _duration(found["within"]) / (times - 1)
            self._feed(found["what"], members)

    def _feed(self, what: str, members: dict[str, Any]) -> None:
        number = next(self._numbers)
        value = {"id": f"i-{number}", "lead_id": "L", "occurred_at": self.now.isoformat(), **members}
        topic = "lead.profiles" if what == "profile" else "engagements"
        value |= {} if what == "profile" else {"kind": what}
        self.scorer.feed(number, json.dumps({"topic": topic, "value": value}).encode())
        assert not self.scorer.rejected, f"{what} {members} is refused"

    def claims(self) -> Claims:
        """What it has come to."""
        report = self.scorer.finish(int(self.now.timestamp() * 1000))
        (lead,) = json.loads(msgspec.json.encode(report["leads"]))
        return Claims(lead, [msgspec.to_builtins(change) for change in report["changes"]])


class Claims(NamedTuple):
    """What can be said of a lead at the end: its report, and the changes that it made."""

    lead: dict[str, Any]
    changes: list[dict[str, Any]]

    def found(self, claim: str) -> str:
        """What is true where the claim was made: the claim itself if it is."""
        match claim.split(" "):
            case ["score", points]:
                return f"score {self.lead['score']:.{_digits(points)}f}"
            case ["band" | "grade" | "segment" as what, _]:
                return f"{what} {self.lead[what]}"
            case [*no, "alert"] if no in ([], ["no"]):
                return "alert" if any(change["alert"] for change in self.changes) else "no alert"
            case [*no, "surge"] if no in ([], ["no"]):
                return "surge" if any(change["kind"] == "surge" for change in self.changes) else "no surge"
            case ["flag", _] | ["no", "flag"]:
                return " ".join(["flag", *self.lead["flags"]]) if self.lead["flags"] else "no flag"
            case [dimension, "known" | "unknown"] if dimension in DIMENSIONS:
                known = self.lead["fit"]["dimensions"][dimension]["known"]
                return f"{dimension} {'known' if known else 'unknown'}"
            case [*name, points]:
                found = self._points(" ".join(name))
                return " ".join([*name, f"{found:{'+' if found else ''}.{_digits(points)}f}"])
        raise AssertionError(f"no claim: {claim!r}")

    def _points(self, name: str) -> float:
        given = {part["rule"]: part["points"] for part in self.lead["contributions"]}
        given |= {part["what"]: part["points"] for part in self.lead["adjustments"]}
        return float(given.get(name, 0.0))


def _digits(points: str) -> int:
    return len(points.partition(".")[2])


def _duration(text: str) -> timedelta:
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[text[-1]]
    return timedelta(**{unit: int(text[:-1])})


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_example_is_true(path: Path) -> None:
    """What a comment says that a lead comes to is what it comes to."""
    text = path.read_text("utf-8")
    wrong = []
    for example in examples(text):
        play = Play(text)
        for step in example.steps:
            play.do(step)
        found = play.claims()
        told = [found.found(claim) for claim in example.claims]
        if told != example.claims:
            wrong.append(f"{path.name}:{example.line}: {', '.join(example.claims)}; but {', '.join(told)}")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_part_of_a_model_comes_with_an_example(path: Path) -> None:
    """Whoever copies a model sees at each part what it does to a lead."""
    text = path.read_text("utf-8")
    parts = [
        (text[: found.start()].count("\n") + 1, found[1]) for found in re.finditer(r"^(\w+):", text, re.MULTILINE)
    ]
    lines = [example.line for example in examples(text)]
    begins = 0
    for line, part in parts:
        assert part not in SECTIONS or any(begins < one < line for one in lines), f"{path.name}: {part}"
        begins = line


def test_the_three_models_are_there_and_the_default_is_the_packaged_one() -> None:
    """Two files of one text would drift apart."""
    assert [path.stem for path in PATHS] == ["b2b-webinars", "courses", "default"]
    assert (MODELS / "default.yaml").read_text("utf-8") == default_text()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_editors_find_the_schema_of_a_model(path: Path) -> None:
    """The first line names a file beside the model."""
    first = path.read_text("utf-8").splitlines()[0]
    name = first.removeprefix("# yaml-language-server: $schema=")
    assert name != first
    assert (path.parent / name).is_file()


def test_the_default_model_scores_leads_without_a_profile_by_engagement_alone() -> None:
    """Without fit, grades and the cap of flags it scores the simulated month alike, and makes the same changes."""
    document = yaml.safe_load(default_text())
    bare = {name: part for name, part in document.items() if name not in ("fit", "grades", "flag_cap")}
    month = list(Marketing(seed=7, leads=150, now_ms=int(BEGINS.timestamp() * 1000)).backlog())
    assert _month(default_text(), month) == _month(yaml.safe_dump(bare), month)


def _month(model: str, records: list[SimulatedRecord]) -> list[object]:
    """Scores and bands at the end, and the changes on the way."""
    scorer = FileScorer(Plan(read_model(model)))
    for number, record in enumerate(records):
        if record.topic == "lead.profiles":
            continue
        instant = (EPOCH + timedelta(milliseconds=record.timestamp_ms)).isoformat()
        head = f'{{"topic": "{record.topic}", "timestamp": "{instant}", "value": '
        scorer.feed(number, head.encode() + record.value + b"}")
    report = scorer.finish()
    assert report["changes"]
    changes = [(change.change_id, change.to, change.score, change.alert) for change in report["changes"]]
    return [[(lead["lead_id"], lead["score"], lead["band"]) for lead in report["leads"]], changes]
