"""A profile: what is known about who a lead is. Any field may come; each keeps the value that occurred last."""

from __future__ import annotations

import msgspec
from pydantic import ConfigDict

from schemas.accepted import Json, is_blank
from schemas.rejected import Reason, Refused
from schemas.signals import InputValue

FIELDS_MAX = 64
FIELD_MAX_CHARS = 1_000
"""A longer text is a document, and no field that a rule looks at."""

RESERVED = frozenset({"id", "lead_id", "occurred_at"})
"""Members with a meaning of their own; every other member is a field."""

Field = str | int | float | bool


class ProfileValue(InputValue):
    """The value of a record of `lead.profiles`. Members beside these are fields: text, numbers, true or false."""

    model_config = ConfigDict(frozen=True, extra="allow")


class ProfileUpdate(msgspec.Struct, frozen=True, gc=False):
    """An accepted value: the fields that it names."""

    lead_id: str
    occurred_ms: int
    fields: dict[str, Field]


def read_fields(members: dict[str, Json]) -> dict[str, Field]:
    """The fields among the members; null and blank ones were not sent. Raises Refused."""
    fields: dict[str, Field] = {}
    for name, value in members.items():
        if name in RESERVED or is_blank(value):
            continue
        if not isinstance(value, str | int | float | bool):
            raise Refused(Reason.WRONG_TYPE, name)
        if len(name) > FIELD_MAX_CHARS or (isinstance(value, str) and len(value) > FIELD_MAX_CHARS):
            raise Refused(Reason.TOO_LONG, name)
        fields[name] = value
    if len(fields) > FIELDS_MAX:
        raise Refused(Reason.TOO_MANY)
    return fields
