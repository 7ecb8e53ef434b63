"""Signals that section 3 refuses: each has one fault, so that its reason is beyond doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.reference.instants import DAY_MS, iso

Value = dict[str, Any]


@dataclass(frozen=True)
class Broken:
    """One fault: the reason and field that it gets, and how a good value of `engagements` comes to have it.

    `spoil(value, record_ms)` gives the spoiled value; `by_record` tells that only the record's Kafka timestamp
    makes it wrong, so that a line without one is accepted.
    """

    reason: str
    field: str
    spoil: Callable[[Value, int], Any]
    by_record: bool = False


def with_members(**members: Any) -> Callable[[Value, int], Any]:
    """The value with these members besides its own, or in their place."""
    return lambda value, record_ms: value | members


def without(name: str) -> Callable[[Value, int], Any]:
    """The value without a member."""
    return lambda value, record_ms: {member: content for member, content in value.items() if member != name}


def instead(other: Any) -> Callable[[Value, int], Any]:
    """Something else in place of the value."""
    return lambda value, record_ms: other


def occurred(offset_ms: int) -> Callable[[Value, int], Any]:
    """The value, but it occurred so long after its record's Kafka timestamp."""
    return lambda value, record_ms: value | {"occurred_at": iso(record_ms + offset_ms)}


BROKEN: Mapping[str, Broken] = {
    "a list": Broken("not_object", "", instead(["e-1"])),
    "a text": Broken("not_object", "", instead("e-1")),
    "a number": Broken("not_object", "", instead(7)),
    "no id": Broken("missing", "id", without("id")),
    "no lead": Broken("missing", "lead_id", without("lead_id")),
    "no instant": Broken("missing", "occurred_at", without("occurred_at")),
    "no kind": Broken("missing", "kind", without("kind")),
    "id a number": Broken("wrong_type", "id", with_members(id=7)),
    "lead a list": Broken("wrong_type", "lead_id", with_members(lead_id=["L"])),
    "lead true": Broken("wrong_type", "lead_id", with_members(lead_id=True)),
    "instant a number": Broken("wrong_type", "occurred_at", with_members(occurred_at=1_772_452_800)),
    "kind a number": Broken("wrong_type", "kind", with_members(kind=5)),
    "machine a text": Broken("wrong_type", "machine", with_members(machine="yes")),
    "machine a number": Broken("wrong_type", "machine", with_members(machine=1)),
    "empty id": Broken("empty", "id", with_members(id="")),
    "blank lead": Broken("empty", "lead_id", with_members(lead_id="  ")),
    "long id": Broken("too_long", "id", with_members(id="i" * 201)),
    "long lead": Broken("too_long", "lead_id", with_members(lead_id="é" * 201)),
    "no zone": Broken("no_zone", "occurred_at", with_members(occurred_at="2026-03-02T12:00:00")),
    "no instant at all": Broken("bad_instant", "occurred_at", with_members(occurred_at="yesterday")),
    "no such day": Broken("bad_instant", "occurred_at", with_members(occurred_at="2026-02-30T12:00:00Z")),
    "before 2000": Broken("too_old", "occurred_at", with_members(occurred_at="1999-12-31T23:59:59.999Z")),
    "1970": Broken("too_old", "occurred_at", with_members(occurred_at="1970-01-01T00:00:00Z")),
    "over 400 days": Broken("too_old", "occurred_at", occurred(-400 * DAY_MS - 1), by_record=True),
    "over 5 minutes": Broken("in_future", "occurred_at", occurred(5 * 60_000 + 1), by_record=True),
    "2099": Broken("in_future", "occurred_at", with_members(occurred_at="2099-01-01T00:00:00Z"), by_record=True),
    "capitals": Broken("bad_kind", "kind", with_members(kind="Page.Viewed")),
    "a sentence": Broken("bad_kind", "kind", with_members(kind="page viewed!")),
}
"""By what is wrong with it."""
