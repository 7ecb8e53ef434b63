"""A signal: one thing that a lead did. The definition; `codec` reads the good ones faster."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, WithJsonSchema
from pydantic_core import PydanticCustomError

from schemas.accepted import is_blank
from schemas.instants import NotAnInstant, NoZone, parse_ms
from schemas.rejected import Reason

ID_MAX_LENGTH = 200
"""Longer ids are somebody's mistake (a whole URL, a token), and would be kept in every key and log."""

KIND = re.compile(r"[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+")
"""A dotted lower-case name."""

RESERVED = frozenset({"id", "lead_id", "kind", "occurred_at", "machine"})
"""Members with a meaning of their own; every other member is an attribute."""


def refuse(reason: Reason) -> PydanticCustomError:
    """What a validator raises to refuse a value with a reason code."""
    return PydanticCustomError("refused", "{reason}", {"reason": reason})


def _identifier(value: object) -> str:
    if value is None:
        raise refuse(Reason.MISSING)
    if not isinstance(value, str):
        raise refuse(Reason.WRONG_TYPE)
    if not value.strip():
        raise refuse(Reason.EMPTY)
    if len(value) > ID_MAX_LENGTH:
        raise refuse(Reason.TOO_LONG)
    return value


def read_instant(value: object) -> int:
    """Milliseconds since 1970 of an instant's text."""
    text = _identifier(value)
    try:
        return parse_ms(text)
    except NotAnInstant:
        raise refuse(Reason.BAD_INSTANT) from None
    except NoZone:
        raise refuse(Reason.NO_ZONE) from None


def read_kind(value: object) -> str | None:
    """A dotted lower-case name; None for a blank one."""
    if is_blank(value):
        return None
    if not isinstance(value, str):
        raise refuse(Reason.WRONG_TYPE)
    if len(value) > ID_MAX_LENGTH or not KIND.fullmatch(value):
        raise refuse(Reason.BAD_KIND)
    return value


def _blank_is_missing(value: object) -> object:
    return None if is_blank(value) else value


Identifier = Annotated[
    str,
    BeforeValidator(_identifier),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": ID_MAX_LENGTH}),
]
InstantMs = Annotated[int, BeforeValidator(read_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
Kind = Annotated[
    str | None,
    BeforeValidator(read_kind),
    WithJsonSchema({"type": ["string", "null"], "pattern": f"^{KIND.pattern}$"}),
]


class InputValue(BaseModel):
    """What every input carries: its id, whose it is, and when it happened."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: Identifier
    lead_id: Identifier
    occurred_at: InstantMs


class SignalValue(InputValue):
    """The value of a record on a signal topic. Members beside these are attributes, of any JSON type."""

    kind: Kind = Field(default=None, description="required on `engagements`; else the topic's own kind")
    machine: Annotated[StrictBool | None, BeforeValidator(_blank_is_missing)] = Field(
        default=None, description="true: a prefetch, a scanner or a bot did it, not the lead"
    )
