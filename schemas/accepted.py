"""A signal that was accepted, as the fold takes it.

Apart from its definition in signals.py because this is made and read for each event, and so is compiled.
"""

from __future__ import annotations

from dataclasses import dataclass

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


def is_blank(value: object) -> bool:
    """Null, or text of white space only: as good as missing."""
    return value is None or (isinstance(value, str) and not value.strip())


@dataclass(frozen=True)
class Signal:
    """What a lead did. `attributes` is the whole value; its RESERVED names are none."""

    id: str
    lead_id: str
    kind: str
    occurred_ms: int
    machine: bool
    attributes: dict[str, Json]
