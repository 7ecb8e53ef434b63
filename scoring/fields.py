"""The values in a scoring model: durations, kinds, names, points; and how a wrong one is refused.

Apart from the model because these say how a value is written, and the model what it means.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from schemas.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from schemas.signals import KIND

TEXT_MAX = 200
"""Of a name or a text to compare with: longer ones are somebody's mistake."""

_UNITS_MS = {"s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}


Path = tuple[int | str, ...]
"""Where in the document: names of members, places in lists."""

SHOWN_MAX = 80
"""Characters of a wrong value that a refusal shows: enough to recognise it."""


def wrong(problem: str, fix: str, at: Path = ()) -> PydanticCustomError:
    """A refusal that says what is wrong and what would be right; `at`: in which member of the refused value."""
    return PydanticCustomError("model", "{problem}; {fix}", {"problem": problem, "fix": fix, "at": at})


def shown(value: object) -> str:
    """A value as people write it in YAML, cut to SHOWN_MAX."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case date():
            return f"{value.isoformat()} (a date)"
        case int() if not _is_small(value):
            return "a number of hundreds of digits"
        case _:
            try:
                return f"{value!r:.{SHOWN_MAX}}"
            except ValueError:
                return "a value with a number of thousands of digits"


def _duration(value: object) -> int:
    match = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", value) if isinstance(value, str) else None
    if match is None:
        raise wrong(f"{shown(value)} is no duration", "write a whole number and s, m, h or d, such as 7d or 24h")
    return int(match[1]) * _UNITS_MS[match[2]]


def _kind_list(value: object) -> tuple[str, ...]:
    kinds = [value] if isinstance(value, str) else value
    if not isinstance(kinds, list) or not kinds:
        raise wrong(f"{shown(value)} names no kind", "write one kind or a list, such as email.clicked")
    for kind in kinds:
        if not isinstance(kind, str) or len(kind) > TEXT_MAX or not KIND.fullmatch(kind):
            raise wrong(f"{shown(kind)} is no kind", "write a dotted lower-case name such as email.clicked")
    return tuple(dict.fromkeys(kinds))


def read_version(value: object) -> str:
    """A label, however YAML has read it."""
    if isinstance(value, date):
        return value.isoformat()
    text = str(value) if isinstance(value, str | float) or _is_small(value) else ""
    if text.strip() and len(text) <= TEXT_MAX and text.isprintable():
        return text
    raise wrong(f"{shown(value)} is no version", 'write a label such as "2026-11"')


def _is_small(value: object) -> bool:
    """A whole number that Python can write out."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**TEXT_MAX


_KIND_SCHEMA = {"type": "string", "pattern": f"^{KIND.pattern}$", "maxLength": TEXT_MAX}

Name = Annotated[StrictStr, Field(min_length=1, max_length=TEXT_MAX)]
Points = Annotated[StrictInt, Field(ge=-100, le=100)]
DurationMs = Annotated[
    int, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,5}[smhd]$"})
]
Kinds = Annotated[
    tuple[str, ...],
    BeforeValidator(_kind_list),
    WithJsonSchema({"anyOf": [_KIND_SCHEMA, {"type": "array", "items": _KIND_SCHEMA, "minItems": 1}]}),
]
Finite = Annotated[StrictFloat, Field(allow_inf_nan=False)]
Plain = StrictBool | StrictInt | Finite | StrictStr
