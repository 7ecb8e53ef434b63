"""The JSON Schemas of all that is written or read: the values of the topics, CloudEvents, and the scoring model.

Pure. They are made from the definitions, so they say what the definitions say; what JSON Schema cannot say (an
instant too far from its record, a band above another) is refused all the same.
"""

from __future__ import annotations

import inspect
from typing import Any

import msgspec
from pydantic import TypeAdapter

from schemas.changes import Change
from schemas.cloudevents import FILLS, REQUIRED, SPECVERSION_1_0
from schemas.commands import Command
from schemas.profiles import ProfileValue
from schemas.published import Published
from schemas.rejected import RejectedRecord
from schemas.signals import SignalValue
from schemas.topics import ALL, INPUTS, Family, Topic
from scoring.model_schema import DIALECT, model_schema

MODEL, EVENT = "scoring-model", "cloudevent"
"""Names of the schemas that are of no topic."""

SUFFIX = ".schema.json"
"""Of a schema's file."""

JsonSchema = dict[str, Any]


def json_schemas() -> dict[str, JsonSchema]:
    """Name -> schema: the model, the value of each topic, and an input in the envelope of CloudEvents."""
    told = {topic.name: _of_topic(topic) for topic in ALL}
    return {MODEL: dict(model_schema()), **told, EVENT: _of_event()}


def _of_topic(topic: Topic) -> JsonSchema:
    schema = _of_family(topic)
    schema["description"] = inspect.cleandoc(schema["description"])
    return {"$schema": DIALECT, **schema, "title": f"value of a record of {topic.name}"}


def _of_family(topic: Topic) -> JsonSchema:
    match topic.family:
        case Family.SIGNAL:
            return _signal(topic.default_kind)
        case Family.PROFILE:
            fields = {"type": ["string", "number", "boolean", "null"]}
            return ProfileValue.model_json_schema() | {"additionalProperties": fields}
        case Family.COMMAND:
            about = "What people say and decide: `command` says which of these it is."
            return TypeAdapter(Command).json_schema() | {"description": about}
        case Family.CHANGE:
            return _may_grow(_of_struct(Change), "kind", "cause")
        case Family.REJECTED:
            return _may_grow(RejectedRecord.model_json_schema(), "reason")
        case Family.PUBLISHED:
            return Published.model_json_schema()
        case Family.REKEYED:
            others = [each.name for each in INPUTS if each is not topic] + [EVENT]
            about = "Internal: the value of a record of another topic, as it came there."
            return {"description": about, "anyOf": [{"$ref": name + SUFFIX} for name in others]}


def _may_grow(schema: JsonSchema, *names: str) -> JsonSchema:
    """These closed lists of words may grow: so a schema of today holds for the records of tomorrow."""
    members = schema["properties"]
    later = {"type": "string", "description": "a word that a later version has brought"}
    return schema | {"properties": members | {name: {"anyOf": [members[name], later]} for name in names}}


def _of_event() -> JsonSchema:
    """The envelope in structured mode, as far as it is read."""
    text = {"type": "string", "minLength": 1}
    filled = {
        name: {"type": "string", "description": f"the `{member}`, where the data has none"}
        for name, member in FILLS.items()
    }
    kind = {"description": "the `kind` of a signal on `engagements`, where the data has none"}
    properties = {
        **filled,
        **{name: text | filled.get(name, {}) for name in REQUIRED},
        "specversion": {"const": SPECVERSION_1_0},
        "type": text | kind,
        "datacontenttype": {"type": ["string", "null"], "description": "JSON, if it is there at all"},
        "data": {"type": ["object", "null"], "description": "the value of a record; what it says itself holds"},
        "data_base64": {"type": ["string", "null"], "description": "the same, in base64"},
    }
    return {
        "$schema": DIALECT,
        "title": "an input as a CloudEvent 1.0 in structured mode",
        "type": "object",
        "properties": properties,
        "required": list(REQUIRED),
    }


def _of_struct(struct: type[msgspec.Struct]) -> JsonSchema:
    """Its schema with those of its parts beside it, as pydantic has them."""
    (schema,), parts = msgspec.json.schema_components((struct,), ref_template="#/$defs/{name}")
    own = parts.pop(schema["$ref"].rpartition("/")[2])
    return {**own, "$defs": parts}


def _signal(default_kind: str | None) -> JsonSchema:
    """The kind is required where the topic has none of its own."""
    schema = SignalValue.model_json_schema()
    kind = schema["properties"]["kind"]
    if default_kind is None:
        kind["type"] = "string"
        kind.pop("default", None)
        schema["required"].append("kind")
    kind["description"] = "such as page.viewed" if default_kind is None else f"{default_kind} unless given"
    return schema
