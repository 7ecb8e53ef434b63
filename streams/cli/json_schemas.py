"""The JSON Schemas of all that is written by others or for others: the values of the topics, and the scoring model.

Pure. They are made from the definitions, so they say what the definitions say; what JSON Schema cannot say (an
instant too far from its record, a band above another) is refused all the same.
"""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import TypeAdapter

from schemas.changes import Change
from schemas.commands import Command
from schemas.profiles import ProfileValue
from schemas.rejected import RejectedRecord
from schemas.signals import SignalValue
from schemas.topics import INPUTS, OUTPUTS, Family, Topic
from scoring.model_schema import DIALECT, model_schema

MODEL = "scoring-model"

JsonSchema = dict[str, Any]


def json_schemas() -> dict[str, JsonSchema]:
    """Name -> schema: the model, and each topic that is written or read by others than leadline."""
    told = {topic.name: _of_topic(topic) for topic in (*INPUTS, *OUTPUTS) if topic.family is not Family.REKEYED}
    return {MODEL: dict(model_schema()), **told}


def _of_topic(topic: Topic) -> JsonSchema:
    match topic.family:
        case Family.SIGNAL:
            schema = _signal(topic.default_kind)
        case Family.PROFILE:
            schema = ProfileValue.model_json_schema()
            schema["additionalProperties"] = {"type": ["string", "number", "boolean", "null"]}
        case Family.COMMAND:
            schema = TypeAdapter(Command).json_schema()
        case Family.CHANGE:
            schema = _of_struct(Change)
        case Family.REJECTED:
            schema = RejectedRecord.model_json_schema()
        case Family.REKEYED | Family.PUBLISHED:
            raise ValueError(f"{topic.name} is internal: nobody else reads or writes it")
    return {"$schema": DIALECT, **schema, "title": f"value of a record of {topic.name}"}


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
