"""Section 11: what a command is once it is accepted, and what of it is refused."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import yaml

from tests.support.reference.document import read_model
from tests.support.reference.members import (
    ID_CHARACTERS,
    Members,
    Rejection,
    dotted_name,
    in_range,
    instant,
    members_of,
    occurred,
    optional_number,
    optional_text,
    text,
)
from tests.support.reference.model import BadModel, Model

TOPIC = "lead.commands"
TEXT_CHARACTERS = 200
"""Section 12, law 7: texts of a flag are cut at this length ..."""
REASON_BYTES, BY_BYTES = 240, 60
"""... and as UTF-8 at these, so that 16 flags fit into a state."""

NAMES = ("flag", "unflag", "retract", "outcome", "contacted", "erase", "model")
RESULTS = ("converted", "dead", "reopened")
VERDICTS = ("right", "wrong")


@dataclass(frozen=True)
class Command:
    """What people say about one lead. Members that the command of this name does not have are None."""

    name: str
    lead_id: str
    occurred_ms: int
    reason: str | None
    kind: str | None
    signal_id: str | None
    result: str | None
    until_ms: int | None
    cap: float | None
    by: str | None


@dataclass(frozen=True)
class ModelCommand:
    """Another model in force from `occurred_ms` on."""

    occurred_ms: int
    version: str
    model: Model


def read_command(record_ms: int | None, value: object) -> Command | ModelCommand:
    """The command that a value is. Raises Rejection."""
    members = members_of(value)
    name = _name(members)
    text(members, "id", most=ID_CHARACTERS)
    if name == "model":
        return _model(record_ms, members)
    lead_id = text(members, "lead_id", most=ID_CHARACTERS)
    occurred_ms = occurred(members)
    command = Command(
        name=name,
        lead_id=lead_id,
        occurred_ms=occurred_ms,
        reason=_cut(text(members, "reason"), REASON_BYTES) if name in ("flag", "unflag") else None,
        kind=dotted_name(members, "kind") if name == "retract" else None,
        signal_id=text(members, "signal_id", most=ID_CHARACTERS) if name == "retract" else None,
        result=_one_of(text(members, "result"), "result", RESULTS) if name == "outcome" else None,
        until_ms=_until(members) if name == "flag" else None,
        cap=_cap(members) if name == "flag" else None,
        by=_by(members) if name in ("flag", "unflag", "contacted") else None,
    )
    _check_rest(name, members)
    in_range(occurred_ms, record_ms)
    return command


def _name(members: Members) -> str:
    """Looked at first, since it says what the other members are; a blank name is none."""
    name = optional_text(members, "command")
    if name is None:
        raise Rejection("missing", "command")
    if name not in NAMES:
        raise Rejection("unknown_command", "command")
    return name


def _model(record_ms: int | None, members: Members) -> ModelCommand:
    """It belongs to no lead."""
    occurred_ms = in_range(occurred(members), record_ms)
    version, body = text(members, "version"), text(members, "body")
    try:
        return ModelCommand(occurred_ms, version, read_model(yaml.safe_load(body)))
    except (yaml.YAMLError, BadModel) as error:
        raise Rejection("bad_model", "body") from error


def _until(members: Members) -> int | None:
    until = optional_text(members, "until")
    return None if until is None else instant(until, "until")


def _cap(members: Members) -> float | None:
    """Numbers of JSON are floats; a whole one may be written without a point."""
    cap = optional_number(members, "cap")
    return None if cap is None else float(cap)


def _by(members: Members) -> str | None:
    by = optional_text(members, "by")
    return None if by is None else _cut(by, BY_BYTES)


def _cut(content: str, most_bytes: int) -> str:
    """As many whole characters as there is room for."""
    return content[:TEXT_CHARACTERS].encode()[:most_bytes].decode(errors="ignore")


def _one_of(content: str, name: str, allowed: Collection[str]) -> str:
    if content not in allowed:
        raise Rejection("bad_value", name)
    return content


def _check_rest(name: str, members: Members) -> None:
    """What is recorded with a command, and changes no score: only its type and words are looked at."""
    match name:
        case "unflag":
            verdict = optional_text(members, "verdict")
            if verdict is not None:
                _one_of(verdict, "verdict", VERDICTS)
        case "retract":
            optional_text(members, "why")
        case "outcome":
            optional_number(members, "value")
        case "contacted":
            optional_text(members, "note")
