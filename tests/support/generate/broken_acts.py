"""Profiles and commands that sections 3, 6 and 11 refuse: each has one fault, which is its reason."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.generate.broken import Broken, instead, occurred, with_members, without
from tests.support.reference.instants import DAY_MS

BROKEN_PROFILES: Mapping[str, Broken] = {
    "a text": Broken("not_object", "", instead("p-1")),
    "no lead": Broken("missing", "lead_id", without("lead_id")),
    "empty id": Broken("empty", "id", with_members(id="")),
    "a list": Broken("wrong_type", "tags", with_members(tags=["a"])),
    "an object": Broken("wrong_type", "address", with_members(address={"city": "Ulm"})),
    "long text": Broken("too_long", "email", with_members(email="a" * 1_001)),
    "65 fields": Broken("too_many", "", with_members(**{f"x-{number}": number for number in range(65)})),
    "no zone": Broken("no_zone", "occurred_at", with_members(occurred_at="2026-03-02T12:00:00")),
    "before 2000": Broken("too_old", "occurred_at", with_members(occurred_at="1999-12-31T23:59:59.999Z")),
    "over 400 days": Broken("too_old", "occurred_at", occurred(-400 * DAY_MS - 1), by_record=True),
    "over 5 minutes": Broken("in_future", "occurred_at", occurred(5 * 60_000 + 1), by_record=True),
}
"""By what is wrong with it: how a good profile comes to have it."""

_FLAG = {"command": "flag", "reason": "doubt"}
_RETRACT = {"command": "retract", "kind": "page.viewed", "signal_id": "e-1"}

BROKEN_COMMANDS: Mapping[str, Broken] = {
    "no lead": Broken("missing", "lead_id", without("lead_id")),
    "no command": Broken("missing", "command", without("command")),
    "unknown command": Broken("unknown_command", "command", with_members(command="promote")),
    "command a number": Broken("wrong_type", "command", with_members(command=7)),
    "no reason": Broken("missing", "reason", with_members(command="flag")),
    "null reason": Broken("missing", "reason", with_members(command="unflag", reason=None)),
    "blank reason": Broken("empty", "reason", with_members(command="flag", reason=" ")),
    "reason true": Broken("wrong_type", "reason", with_members(command="flag", reason=True)),
    "until a number": Broken("wrong_type", "until", with_members(**_FLAG, until=1_772_452_800)),
    "until no instant": Broken("bad_instant", "until", with_members(**_FLAG, until="tomorrow")),
    "until no zone": Broken("no_zone", "until", with_members(**_FLAG, until="2026-03-02T12:00:00")),
    "cap a text": Broken("wrong_type", "cap", with_members(**_FLAG, cap="20")),
    "cap true": Broken("wrong_type", "cap", with_members(**_FLAG, cap=True)),
    "by a number": Broken("wrong_type", "by", with_members(**_FLAG, by=7)),
    "verdict maybe": Broken("bad_value", "verdict", with_members(command="unflag", reason="x", verdict="maybe")),
    "verdict true": Broken("wrong_type", "verdict", with_members(command="unflag", reason="x", verdict=True)),
    "no kind": Broken("missing", "kind", with_members(command="retract", signal_id="e-1")),
    "kind a word": Broken("bad_kind", "kind", with_members(**_RETRACT | {"kind": "opened"})),
    "no signal": Broken("missing", "signal_id", with_members(command="retract", kind="page.viewed")),
    "signal a number": Broken("wrong_type", "signal_id", with_members(**_RETRACT | {"signal_id": 1})),
    "empty signal": Broken("empty", "signal_id", with_members(**_RETRACT | {"signal_id": ""})),
    "long signal": Broken("too_long", "signal_id", with_members(**_RETRACT | {"signal_id": "i" * 201})),
    "why a list": Broken("wrong_type", "why", with_members(**_RETRACT, why=["bot"])),
    "no result": Broken("missing", "result", with_members(command="outcome")),
    "result won": Broken("bad_value", "result", with_members(command="outcome", result="won")),
    "value a text": Broken("wrong_type", "value", with_members(command="outcome", result="dead", value="9")),
    "note a number": Broken("wrong_type", "note", with_members(note=1)),
    "no instant": Broken("missing", "occurred_at", without("occurred_at")),
    "over 5 minutes": Broken("in_future", "occurred_at", occurred(5 * 60_000 + 1), by_record=True),
}
"""By what is wrong with it: how a good `contacted` comes to have it."""
