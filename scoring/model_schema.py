"""The JSON Schema of a scoring model: what an editor completes, and underlines, while a model is being written.

It is made from the definition in `model`, and accepts every good model that writes no `null`. It cannot say what
holds between two members (bands ascend, an id is there once): for that there is `leadline model check`.
"""

from __future__ import annotations

import itertools

from schemas.accepted import Json
from schemas.signals import RESERVED
from scoring.fit_model import FIGURES, LETTERS, PROFILE_RESERVED
from scoring.members import MEMBERS
from scoring.model import DECAYS, ScoringModel

JsonObject = dict[str, Json]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NULL: Json = {"type": "null"}
PLAIN: Json = ["string", "number", "boolean"]
"""The types of a value to compare with."""


def model_schema() -> JsonObject:
    """The schema, as JSON. Names of members are as in YAML."""
    root: JsonObject = ScoringModel.model_json_schema(by_alias=True)
    parts = _object(root.pop("$defs"))
    for name, part in [*parts.items(), ("ScoringModel", root)]:
        _simplify(_object(part), MEMBERS["Condition" if name == "FitCondition" else name])
    for name in ("Condition", "FitCondition"):
        parts[name] = _condition(_object(parts[name]))
    _tell_rules(_object(parts["Rule"]), _object(parts["FitRule"]), _object(parts["Segment"]))
    _tell_grades(_object(_object(parts["Grades"])["properties"]))
    _tell_version(root)
    return {"$schema": DIALECT, "title": "leadline scoring model", **root, "$defs": parts}


def _simplify(part: JsonObject, texts: dict[str, str]) -> None:
    """Members with their texts, without what an editor need not know."""
    part.pop("title")
    members = _object(part["properties"])
    members.pop("equals", None)
    for name, found in members.items():
        member = _object(_plainer(found))
        member.pop("title", None)
        if member.get("default") in (None, [], {}):
            member.pop("default", None)
        members[name] = {"description": texts[name], **member}


def _plainer(schema: Json) -> Json:
    """The same with one type in place of several that mean one: no null, and a whole number is a number."""
    match schema:
        case dict():
            plain: JsonObject = {name: _plainer(value) for name, value in schema.items()}
            choices = plain.pop("anyOf", None)
            if isinstance(choices, list):
                plain |= _one_of(choices)
            return plain
        case list():
            return [_plainer(value) for value in schema]
        case _:
            return schema


def _one_of(choices: list[Json]) -> JsonObject:
    kept = [choice for choice in choices if choice != NULL]
    types = [_object(choice).get("type") for choice in kept]
    if len(kept) == 1:
        return _object(kept[0])
    if set(map(str, types)) == {"integer", "number"}:
        return {"type": "number"}
    if set(map(str, types)) == {"boolean", "integer", "number", "string"}:
        return {"type": PLAIN}
    return {"anyOf": kept}


def _condition(part: JsonObject) -> JsonObject:
    """A plain value, or some members."""
    return {"anyOf": [{"description": "Is equal to this.", "type": PLAIN}, part | {"minProperties": 1}]}


def _tell_rules(rule: JsonObject, fit_rule: JsonObject, segment: JsonObject) -> None:
    """What holds within a rule: points that do something, one decay at most, points or a flag, no reserved name."""
    for part, reserved in ((rule, RESERVED), (fit_rule, PROFILE_RESERVED), (segment, PROFILE_RESERVED)):
        members = _object(part["properties"])
        names: list[Json] = [*sorted(reserved)]
        _object(_object(members["where"])["propertyNames"])["not"] = {"enum": names}
        if "points" in members:
            _object(members["points"])["not"] = {"const": 0}
    two_decays: list[Json] = [_require(*two) for two in itertools.combinations(DECAYS, 2)]
    rule["not"] = {"anyOf": two_decays}
    fit_rule["oneOf"] = [_require("points"), _require("flag")]


def _require(*names: str) -> JsonObject:
    required: list[Json] = [*names]
    return {"required": required}


def _tell_grades(members: JsonObject) -> None:
    """The letters and numbers by name, so that an editor completes them; to JSON every name is a text."""
    for name, grades in (("fit", LETTERS), ("engagement", FIGURES)):
        member = _object(members[name])
        member.pop("propertyNames", None)
        member["properties"] = {str(grade): member["additionalProperties"] for grade in grades}
        member["additionalProperties"] = False


def _tell_version(root: JsonObject) -> None:
    """It may be left out, and may look like a number."""
    required = root.pop("required")
    assert required == ["version"]
    _object(_object(root["properties"])["version"])["type"] = ["string", "number"]


def _object(schema: Json) -> JsonObject:
    assert isinstance(schema, dict)
    return schema
