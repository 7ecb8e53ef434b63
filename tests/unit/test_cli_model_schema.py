"""`leadline schemas export`, and what the JSON Schema of a scoring model accepts and refuses."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from schemas.topics import ALL
from scoring.members import MEMBERS
from scoring.model_schema import model_schema
from streams.cli import main
from streams.cli.json_schemas import json_schemas
from streams.cli.schemas import schema_text
from tests.support.generate.models import model_yaml, random_model

MODELS = Path(__file__).parents[2] / "deploy" / "models"
SCHEMA = MODELS / "scoring-model.schema.json"
ACCEPTS = Draft202012Validator(model_schema()).is_valid

RULE = {"id": "a", "kind": "email.clicked", "points": 1}
FIT = {"id": "a", "where": {"email": {"is": "free"}}, "points": 1}

GOOD: list[dict[str, Any]] = [
    {},
    {"version": 7, "rules": [RULE | {"kind": ["a.b", "c.d"], "where": {"url": "x", "n": {"min": 1, "max": 2.5}}}]},
    {"fit": [FIT, {"id": "b", "where": {"vip": True}, "flag": "rival", "dimension": "need"}]},
    {"grades": {"fit": {"A": 20, "C": 0}, "engagement": {"1": 60.5}}},
    {"segments": [{"name": "big", "where": {"size": {"min": 5}}, "bands": {"hot": {"enter": 5, "leave": 4}}}]},
    {"surge": {"points": 30, "within": "48h"}, "flag_cap": -5},
]
BAD: list[dict[str, Any]] = [
    {"rulez": []},
    {"rules": {"id": "a"}},
    {"rules": [RULE | {"points": 101}]},
    {"rules": [RULE | {"points": 0}]},
    {"rules": [RULE | {"points": "6"}]},
    {"rules": [RULE | {"kind": "clicked"}]},
    {"rules": [RULE | {"kind": []}]},
    {"rules": [RULE | {"half_life": "1w"}]},
    {"rules": [RULE | {"half_life": "7d", "fades_over": "7d"}]},
    {"rules": [RULE | {"where": {"url": {"has": "x"}}}]},
    {"rules": [RULE | {"where": {"url": {}}}]},
    {"rules": [RULE | {"where": {"url": None}}]},
    {"rules": [RULE | {"where": {"url": {"is": "free"}}}]},
    {"rules": [RULE | {"where": {"lead_id": "x"}}]},
    {"rules": [RULE] * 65},
    {"rules": [{"id": "a", "points": 1}]},
    {"fit": [FIT | {"flag": "rival"}]},
    {"fit": [{"id": "a", "where": {"email": "x"}}]},
    {"fit": [FIT | {"where": {}}]},
    {"fit": [FIT | {"where": {"email": {"is": "fre"}}}]},
    {"fit": [FIT | {"dimension": "money"}]},
    {"grades": {"fit": {"E": 1}, "engagement": {"1": 1}}},
    {"grades": {"fit": {"A": 1}, "engagement": {"4": 1}}},
    {"grades": {"fit": {}, "engagement": {"1": 1}}},
    {"segments": [{"name": "a", "where": {"x": 1}, "bands": {"hot": {"enter": 5}}}]},
    {"surge": {"points": 30}},
    {"surge": {"points": 0, "within": "48h"}},
    {"bands": [{"name": "hot", "enter": "60", "leave": 50}]},
    {"groups": {"email": {"max": -1}}},
    {"flag_cap": "0"},
]


def in_json(text: str) -> Any:
    """A model as an editor sees it: every name is a text."""
    return json.loads(json.dumps(yaml.safe_load(text)))


def test_the_committed_schema_is_the_one_of_this_definition() -> None:
    """If it is not: `leadline schemas export deploy/models scoring-model`."""
    assert SCHEMA.read_text("utf-8") == schema_text(dict(model_schema()))


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_models_that_leadline_brings_are_accepted(path: Path) -> None:
    """No editor underlines a line of them."""
    assert list(Draft202012Validator(model_schema()).iter_errors(in_json(path.read_text("utf-8")))) == []


def test_every_random_model_is_accepted() -> None:
    """The schema refuses nothing that is good: 200 models with everything switched on."""
    for seed in range(200):
        text = model_yaml(random_model(Random(seed), whole=True))
        assert ACCEPTS(in_json(text)), f"seed {seed}:\n{text}"


@pytest.mark.parametrize("document", GOOD, ids=range(len(GOOD)))
def test_good_parts_are_accepted(document: dict[str, Any]) -> None:
    """Short and long forms, names that look like numbers."""
    assert ACCEPTS(document)


@pytest.mark.parametrize("document", BAD, ids=range(len(BAD)))
def test_bad_parts_are_underlined(document: dict[str, Any]) -> None:
    """Whatever JSON Schema can say: unknown members, wrong types and words, what is missing, bounds."""
    assert not ACCEPTS(document)


def test_every_member_has_a_text_for_editors() -> None:
    """And no text is about a member that is none."""
    schema = model_schema()
    parts: dict[str, Any] = {**schema.pop("$defs"), "ScoringModel": schema}  # type: ignore[dict-item]
    told = {
        name: {member for member, found in _members(part).items() if found.get("description")}
        for name, part in parts.items()
    }
    assert told.pop("FitCondition") == told["Condition"] | {"is"}
    told["Condition"] |= {"is"}
    assert told == {name: set(members) for name, members in MEMBERS.items()}


def _members(part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = part["properties"] if "properties" in part else part["anyOf"][1]["properties"]
    return found


def test_export_writes_a_file_for_each_topic_and_the_model(tmp_path: Path) -> None:
    """Into a folder that it makes; each is a JSON Schema, but for the document that names them all."""
    result = CliRunner().invoke(main, ["schemas", "export", str(tmp_path / "new"), "--json"])
    assert result.exit_code == 0
    written = [Path(name) for name in json.loads(result.stdout)["files"]]
    names = ["scoring-model", *(topic.name for topic in ALL), "cloudevent"]
    assert [path.name for path in written] == [*(f"{name}.schema.json" for name in names), "asyncapi.json"]
    for path in written[:-1]:
        Draft202012Validator.check_schema(json.loads(path.read_text("utf-8")))


def test_export_writes_only_what_is_named(tmp_path: Path) -> None:
    """One file; a name that is none is a usage error that lists the names."""
    result = CliRunner().invoke(main, ["schemas", "export", str(tmp_path), "scoring-model"])
    assert (result.exit_code, [path.name for path in tmp_path.iterdir()]) == (0, ["scoring-model.schema.json"])
    result = CliRunner().invoke(main, ["schemas", "export", str(tmp_path), "model"])
    assert result.exit_code == 2
    assert "there is no schema 'model'; name some of scoring-model, email.opens" in result.stderr


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").touch()
    result = CliRunner().invoke(main, ["schemas", "export", str(tmp_path / "file" / "below")])
    assert result.exit_code == 4
    assert "cannot be written" in result.stderr


@pytest.mark.parametrize(
    ("topic", "value", "is_good"),
    [
        ("email.opens", {}, True),
        ("email.opens", {"machine": "yes"}, False),
        ("engagements", {"kind": "page.viewed", "url": "x", "minutes": 3}, True),
        ("engagements", {}, False),
        ("engagements", {"kind": "viewed"}, False),
        ("lead.profiles", {"email": "ann@acme.example", "budget": 5, "phone": None}, True),
        ("lead.profiles", {"tags": ["a"]}, False),
        ("lead.commands", {"command": "flag", "reason": "doubt", "cap": 20}, True),
        ("lead.commands", {"command": "flag"}, False),
        ("lead.commands", {"command": "promote"}, False),
        ("lead.commands", {"command": "outcome", "result": "won"}, False),
    ],
)
def test_values_of_topics(topic: str, value: dict[str, Any], is_good: bool) -> None:
    """What a producer may write."""
    input_value = {"id": "e-1", "lead_id": "L-7", "occurred_at": "2026-11-23T09:30:00Z"}
    assert Draft202012Validator(json_schemas()[topic]).is_valid(input_value | value) == is_good
