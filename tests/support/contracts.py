"""The contracts of each version: exported schemas, and golden bytes with what was read of them then.

schemas/contracts/<version>/<name>.schema.json, asyncapi.json     as `leadline schemas export` wrote them
schemas/contracts/<version>/golden/<name>.ndjson                  values, a line each, as they stood on the topic
schemas/contracts/<version>/golden/read.json                      what that version read of the inputs
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from pydantic import BaseModel
from referencing import Registry, Resource

from schemas.cloudevents import open_event
from schemas.codec import (
    decode_change,
    decode_command,
    decode_outcome,
    decode_profile,
    decode_signal,
    encode,
    read_signal,
)
from schemas.instants import parse_ms
from schemas.published import Published
from schemas.rejected import RejectedRecord
from schemas.topics import ALL, BY_NAME, Family

CONTRACTS = Path(__file__).parents[2] / "schemas" / "contracts"
VERSIONS = sorted(
    (path.name for path in CONTRACTS.iterdir() if path.is_dir()),
    key=lambda name: [int(part) for part in name.split(".")],
)
"""The present one is the last."""

INPUT_FAMILIES = (Family.SIGNAL, Family.PROFILE, Family.COMMAND)
INPUTS = tuple(topic.name for topic in ALL if topic.family in INPUT_FAMILIES)
EVENT, OUTCOMES = "cloudevent", "outcomes"

READ_AT_MS = parse_ms("2026-11-23T09:30:00Z")
"""The Kafka timestamp of the golden inputs."""

STRUCTURED = (("content-type", b"application/cloudevents+json"),)

Members = dict[str, Any]


def golden(version: str, name: str) -> list[bytes]:
    """The values of this topic, as bytes."""
    return (CONTRACTS / version / "golden" / f"{name}.ndjson").read_bytes().splitlines()


def read_then(version: str) -> dict[str, list[Members]]:
    """What that version read of its golden inputs."""
    known: dict[str, list[Members]] = json.loads((CONTRACTS / version / "golden" / "read.json").read_text("utf-8"))
    return known


def read_now(name: str, value: bytes) -> Members:
    """What the present readers make of a value, as plain members."""
    return plain(READERS[name](value))


def plain(word: BaseModel | msgspec.Struct) -> Members:
    """The members of a word of ours as JSON has them."""
    members: Members = json.loads(encode(word))
    return members


def validator(version: str, name: str) -> Draft202012Validator:
    """Of the schema with this name, as that version exported it."""
    folder = CONTRACTS / version
    schemas = {path.name: json.loads(path.read_text("utf-8")) for path in folder.glob("*.schema.json")}
    registry: Registry[Any] = Registry().with_resources(
        (file, Resource.from_contents(schema)) for file, schema in schemas.items()
    )
    return Draft202012Validator(schemas[f"{name}.schema.json"], registry=registry)


def _reader(name: str) -> Callable[[bytes], BaseModel | msgspec.Struct]:
    match BY_NAME[name].family:
        case Family.SIGNAL:
            return lambda value: decode_signal(value, BY_NAME[name].default_kind, READ_AT_MS)
        case Family.PROFILE:
            return lambda value: decode_profile(value, READ_AT_MS)
        case Family.COMMAND:
            return lambda value: decode_command(value, READ_AT_MS)
        case Family.CHANGE:
            return decode_change
        case Family.REJECTED:
            return RejectedRecord.model_validate_json
        case _:
            return Published.model_validate_json


def _read_event(value: bytes) -> msgspec.Struct:
    topic = BY_NAME["engagements"]
    return read_signal(open_event(value, STRUCTURED, topic), topic.default_kind, READ_AT_MS)


READERS: dict[str, Callable[[bytes], BaseModel | msgspec.Struct]] = {
    **{topic.name: _reader(topic.name) for topic in ALL if topic.family is not Family.REKEYED},
    EVENT: _read_event,
    OUTCOMES: decode_outcome,
}
"""Name -> how its values are read. What is re-keyed is read as on the topic that it came from."""
