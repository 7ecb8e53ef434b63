"""Section 3: what is refused and why, and what a signal or a command is once it is accepted.

Members are looked at in a fixed order (id, lead_id, occurred_at, then the rest), and the first fault is the
reason: the contract does not rank faults, so histories that are compared have one fault a line.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.support.reference.conditions import is_missing
from tests.support.reference.instants import DAY_MS, NotAnInstant, instant_ms
from tests.support.reference.model import BadModel, Model, read_model

ID_CHARACTERS = 200
AHEAD_MS = 5 * 60_000
BEHIND_MS = 400 * DAY_MS
FIRST_MS = instant_ms("2000-01-01T00:00:00Z")

DEFAULT_KIND: Mapping[str, str | None] = {
    "email.opens": "email.opened",
    "email.clicks": "email.clicked",
    "webinar.signups": "webinar.signed_up",
    "engagements": None,
}
"""The topics of signals, and the kind of a signal that names none; None: it has to."""

COMMANDS = "lead.commands"
_KIND = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")
_NOT_ATTRIBUTES = frozenset({"id", "lead_id", "kind", "occurred_at", "machine"})


class Rejection(Exception):
    """The input is refused: a reason code, and the member at fault ("" for the whole value)."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason, field)
        self.reason = reason
        self.field = field


@dataclass(frozen=True)
class Signal:
    """One thing that the lead did. `record_ms` is the Kafka timestamp of its record."""

    lead_id: str
    id: str
    kind: str
    occurred_ms: int
    record_ms: int
    machine: bool
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class ModelCommand:
    """Section 11: another model in force from `occurred_ms` on."""

    occurred_ms: int
    version: str
    model: Model


def parse_line(text: str) -> dict[str, Any]:
    """A line of the file as an object. Raises Rejection."""
    try:
        line = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Rejection("not_json") from error
    if not isinstance(line, dict):
        raise Rejection("not_object")
    return line


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def read_signal(topic: str, record_ms: int | None, value: object) -> Signal:
    """The signal that a topic's value is; without a Kafka timestamp its own instant stands in. Raises Rejection."""
    members = _object(value)
    signal_id = _text(members, "id", most=ID_CHARACTERS)
    lead_id = _text(members, "lead_id", most=ID_CHARACTERS)
    occurred_ms = _occurred(members, record_ms)
    return Signal(
        lead_id=lead_id,
        id=signal_id,
        kind=_kind(members, DEFAULT_KIND[topic]),
        occurred_ms=occurred_ms,
        record_ms=occurred_ms if record_ms is None else record_ms,
        machine=_machine(members),
        attributes={
            name: content
            for name, content in members.items()
            if name not in _NOT_ATTRIBUTES and not is_missing(content)
        },
    )


def read_command(record_ms: int | None, value: object) -> ModelCommand:
    """The command that a value is: so far only `model`. Raises Rejection."""
    members = _object(value)
    _text(members, "id", most=ID_CHARACTERS)
    occurred_ms = _occurred(members, record_ms)
    if _text(members, "command") != "model":
        raise Rejection("unknown_command", "command")
    version, body = _text(members, "version"), _text(members, "body")
    try:
        return ModelCommand(occurred_ms, version, read_model(yaml.safe_load(body)))
    except (yaml.YAMLError, BadModel) as error:
        raise Rejection("bad_model", "body") from error


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Rejection("not_object")
    for name, content in value.items():
        for number in _floats(content):
            if math.isnan(number):
                raise Rejection("not_json")
            if math.isinf(number):
                raise Rejection("bad_number", name)
    return value


def _floats(content: object) -> list[float]:
    """Every float anywhere in a JSON value."""
    if isinstance(content, float):
        return [content]
    inner = list(content.values()) if isinstance(content, dict) else content if isinstance(content, list) else []
    return [number for one in inner for number in _floats(one)]


def _text(members: dict[str, Any], name: str, most: int | None = None) -> str:
    """A required text. Null is of a wrong type: only for an optional member is it the same as none."""
    if name not in members:
        raise Rejection("missing", name)
    text = members[name]
    if not isinstance(text, str):
        raise Rejection("wrong_type", name)
    if is_missing(text):
        raise Rejection("empty", name)
    if most is not None and len(text) > most:
        raise Rejection("too_long", name)
    return text


def _occurred(members: dict[str, Any], record_ms: int | None) -> int:
    """With a zone, not before 2000, at most 5 minutes after and 400 days before the record's Kafka timestamp."""
    try:
        occurred_ms = instant_ms(_text(members, "occurred_at"))
    except NotAnInstant as error:
        raise Rejection(error.reason, "occurred_at") from error
    if occurred_ms < FIRST_MS:
        raise Rejection("too_old", "occurred_at")
    if record_ms is not None and occurred_ms > record_ms + AHEAD_MS:
        raise Rejection("in_future", "occurred_at")
    if record_ms is not None and occurred_ms < record_ms - BEHIND_MS:
        raise Rejection("too_old", "occurred_at")
    return occurred_ms


def _kind(members: dict[str, Any], default: str | None) -> str:
    if default is not None and is_missing(members.get("kind")):
        return default
    kind = _text(members, "kind")
    if _KIND.fullmatch(kind) is None:
        raise Rejection("bad_kind", "kind")
    return kind


def _machine(members: dict[str, Any]) -> bool:
    machine = members.get("machine")
    if is_missing(machine):
        return False
    if not isinstance(machine, bool):
        raise Rejection("wrong_type", "machine")
    return machine
