"""Section 3: the members that any input has, and how each is refused.

Members are looked at in a fixed order (id, lead_id, occurred_at, then the rest), and the first fault is the
reason: the contract does not rank faults, so histories that are compared have one fault a line. Whether the
instant is in range is looked at last, since only the whole value can be late.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from tests.support.reference.conditions import is_missing, is_number
from tests.support.reference.instants import DAY_MS, NotAnInstant, instant_ms

ID_CHARACTERS = 200
AHEAD_MS = 5 * 60_000
BEHIND_MS = 400 * DAY_MS
FIRST_MS = instant_ms("2000-01-01T00:00:00Z")
_KIND = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")

Members = dict[str, Any]


class Rejection(Exception):
    """The input is refused: a reason code, and the member at fault ("" for the whole value)."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason, field)
        self.reason = reason
        self.field = field


def parse_line(text: str) -> Members:
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


def members_of(value: object) -> Members:
    """The value as an object whose numbers are all finite."""
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


def text(members: Members, name: str, most: int | None = None) -> str:
    """A required text. Null is none; blank is empty."""
    content = members.get(name)
    if content is None:
        raise Rejection("missing", name)
    if not isinstance(content, str):
        raise Rejection("wrong_type", name)
    if is_missing(content):
        raise Rejection("empty", name)
    if most is not None and len(content) > most:
        raise Rejection("too_long", name)
    return content


def optional_text(members: Members, name: str) -> str | None:
    """A text that may be missing; null and blank are missing."""
    content = members.get(name)
    if is_missing(content):
        return None
    if not isinstance(content, str):
        raise Rejection("wrong_type", name)
    return content


def optional_number(members: Members, name: str) -> float | None:
    """A number that may be missing; true and false are none."""
    content: float | None = members.get(name)
    if is_missing(content):
        return None
    if not is_number(content):
        raise Rejection("wrong_type", name)
    return content


def instant(content: str, name: str) -> int:
    """The instant that a member's text names, wherever in time it is."""
    try:
        return instant_ms(content)
    except NotAnInstant as error:
        raise Rejection(error.reason, name) from error


def occurred(members: Members) -> int:
    """`occurred_at`, with a zone."""
    return instant(text(members, "occurred_at"), "occurred_at")


def in_range(occurred_ms: int, record_ms: int | None) -> int:
    """Not before 2000, at most 5 minutes after and 400 days before the record's Kafka timestamp."""
    if occurred_ms < FIRST_MS:
        raise Rejection("too_old", "occurred_at")
    if record_ms is not None and occurred_ms > record_ms + AHEAD_MS:
        raise Rejection("in_future", "occurred_at")
    if record_ms is not None and occurred_ms < record_ms - BEHIND_MS:
        raise Rejection("too_old", "occurred_at")
    return occurred_ms


def dotted_name(members: Members, name: str) -> str:
    """A required kind of signal."""
    kind = text(members, name)
    if _KIND.fullmatch(kind) is None:
        raise Rejection("bad_kind", name)
    return kind
