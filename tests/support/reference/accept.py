"""Section 3: what a signal and a profile are once they are accepted, and what of them is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.reference.conditions import is_missing, is_number
from tests.support.reference.members import (
    ID_CHARACTERS,
    Members,
    Rejection,
    dotted_name,
    in_range,
    members_of,
    occurred,
    text,
)

DEFAULT_KIND: Mapping[str, str | None] = {
    "email.opens": "email.opened",
    "email.clicks": "email.clicked",
    "webinar.signups": "webinar.signed_up",
    "engagements": None,
}
"""The topics of signals, and the kind of a signal that names none; None: it has to."""

PROFILES = "lead.profiles"
FIELDS = 64
"""Section 6: the most fields of a profile, in one value and once it is merged with what is known ..."""
FIELD_CHARACTERS = 1_000
"""... and the most characters of one."""

_NOT_ATTRIBUTES = frozenset({"id", "lead_id", "kind", "occurred_at", "machine"})
_NOT_FIELDS = frozenset({"id", "lead_id", "occurred_at"})


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
class Profile:
    """What some fields of a lead were at an instant."""

    lead_id: str
    occurred_ms: int
    fields: Mapping[str, Any]


def read_signal(topic: str, record_ms: int | None, value: object) -> Signal:
    """The signal that a topic's value is; without a Kafka timestamp its own instant stands in. Raises Rejection."""
    members = members_of(value)
    signal_id = text(members, "id", most=ID_CHARACTERS)
    lead_id = text(members, "lead_id", most=ID_CHARACTERS)
    occurred_ms = in_range(occurred(members), record_ms)
    return Signal(
        lead_id=lead_id,
        id=signal_id,
        kind=_kind(members, DEFAULT_KIND[topic]),
        occurred_ms=occurred_ms,
        record_ms=occurred_ms if record_ms is None else record_ms,
        machine=_machine(members),
        attributes=_sent(members, _NOT_ATTRIBUTES),
    )


def read_profile(record_ms: int | None, value: object) -> Profile:
    """The profile that a value is: texts, numbers, true and false. Raises Rejection."""
    members = members_of(value)
    text(members, "id", most=ID_CHARACTERS)
    lead_id = text(members, "lead_id", most=ID_CHARACTERS)
    occurred_ms = occurred(members)
    fields = _sent(members, _NOT_FIELDS)
    for name, content in fields.items():
        _check_field(name, content)
    if len(fields) > FIELDS:
        raise Rejection("too_many")
    return Profile(lead_id, in_range(occurred_ms, record_ms), fields)


def _check_field(name: str, content: object) -> None:
    if not (isinstance(content, str | bool) or is_number(content)):
        raise Rejection("wrong_type", name)
    if isinstance(content, str) and len(content) > FIELD_CHARACTERS:
        raise Rejection("too_long", name)


def _sent(members: Members, but: frozenset[str]) -> dict[str, Any]:
    """All members but these; null and blank ones were not sent."""
    return {name: content for name, content in members.items() if name not in but and not is_missing(content)}


def _kind(members: Members, default: str | None) -> str:
    if default is not None and is_missing(members.get("kind")):
        return default
    return dotted_name(members, "kind")


def _machine(members: Members) -> bool:
    machine = members.get("machine")
    if is_missing(machine):
        return False
    if not isinstance(machine, bool):
        raise Rejection("wrong_type", "machine")
    return machine
