"""The table of `schemas/README.md`, line by line: for each the inputs that lead to its outcome.

for row in ROWS:                                    # what comes, outcome, reason or count, field
    *ground, last = CASES[row.what].inputs(Lead("L-1", start_ms))
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from schemas.instants import MINUTE_MS, SECOND_MS, format_ms

TABLE = Path(__file__).parents[2] / "schemas" / "README.md"
_ROW = re.compile(r"\| (.+?) \| (applied|ignored|rejected) \| (.*?) \| ?(.*?) ?\|")

ITS_NAME = "its name"


class Row(NamedTuple):
    """A line of the table, without its quotes."""

    what: str
    outcome: str
    reason: str
    field: str


class Sent(NamedTuple):
    """A record: its topic, its Kafka timestamp, its value."""

    topic: str
    at_ms: int
    value: dict[str, Any]


@dataclass
class Lead:
    """Inputs about one lead, each a second after the one before."""

    lead_id: str
    start_ms: int
    numbers: count[int] = field(default_factory=count)

    def sends(self, topic: str, members: dict[str, Any]) -> Sent:
        """A record; what is LEFT_OUT is left out. It occurred `minutes_ago`, by its record's timestamp."""
        number = next(self.numbers)
        at_ms = self.start_ms + number * SECOND_MS
        ago_ms = members.pop("minutes_ago", 0) * MINUTE_MS
        known = {
            "id": f"{self.lead_id}-{number}",
            "lead_id": self.lead_id,
            "occurred_at": format_ms(at_ms - ago_ms),
        }
        value = {name: member for name, member in (known | members).items() if member is not LEFT_OUT}
        return Sent(topic, at_ms, value)

    def signals(self, **members: Any) -> Sent:
        """A page viewed."""
        return self.sends("engagements", {"kind": "page.viewed"} | members)

    def says(self, **members: Any) -> Sent:
        """A profile."""
        return self.sends("lead.profiles", members)

    def gets(self, command: Any, **members: Any) -> Sent:
        """A command."""
        return self.sends("lead.commands", {"command": command} | members)

    def flags(self, how_many: int) -> list[Sent]:
        """So many flags."""
        return [self.gets("flag", reason=f"r{number}") for number in range(how_many)]


LEFT_OUT = object()
Inputs = Callable[[Lead], Sequence[Sent]]


class Case(NamedTuple):
    """`inputs`: the last one is what the line is about; `name`: the field, where the line says `its name`."""

    inputs: Inputs
    name: str = ""


def _past(lead: Lead) -> str:
    return format_ms(lead.start_ms)


CASES: dict[str, Case] = {
    "a profile field that is a list or an object": Case(lambda lead: [lead.says(tags=["a"])], "tags"),
    "a profile field that is null or blank": Case(
        lambda lead: [lead.says(budget=1), lead.says(budget=None, name=" ")]
    ),
    "a profile text of more than 1,000 characters, such as an e-mail address of 10,000": Case(
        lambda lead: [lead.says(email="a" * 9_990 + "@x.example")], "email"
    ),
    "an e-mail address that is none": Case(lambda lead: [lead.says(email="ann at acme")]),
    "more than 64 fields in one profile": Case(
        lambda lead: [lead.says(**{f"x{number}": number for number in range(65)})]
    ),
    "a 65th field beside those that are known": Case(
        lambda lead: [lead.says(**{f"x{number}": number for number in range(64)}), lead.says(one_more=1)]
    ),
    "unflag, retract, outcome, contacted or erase for a lead that does not exist": Case(
        lambda lead: [
            lead.gets("unflag", reason="doubt"),
            lead.gets("retract", kind="page.viewed", signal_id="e-1"),
            lead.gets("outcome", result="dead"),
            lead.gets("contacted"),
            lead.gets("erase"),
        ]
    ),
    "flag for a lead that does not exist": Case(lambda lead: lead.flags(1)),
    "flag with an until that is not after the instant at which it would be raised": Case(
        lambda lead: [lead.signals(), lead.gets("flag", reason="doubt", until=_past(lead))]
    ),
    "a 17th flag": Case(lambda lead: lead.flags(17)),
    "a flag of a reason that is up, with 16 up": Case(
        lambda lead: [*lead.flags(16), lead.gets("flag", reason="r3")]
    ),
    "unflag of a reason that is not up": Case(lambda lead: [*lead.flags(1), lead.gets("unflag", reason="doubt")]),
    "retract of an unknown signal": Case(
        lambda lead: [lead.signals(), lead.gets("retract", kind="page.viewed", signal_id="unknown")]
    ),
    "retract of a signal that is retracted": Case(
        lambda lead: [
            lead.signals(id="e-1"),
            lead.gets("retract", kind="page.viewed", signal_id="e-1"),
            lead.gets("retract", kind="page.viewed", signal_id="e-1"),
        ]
    ),
    "erase of a lead that is erased": Case(lambda lead: [lead.signals(), lead.gets("erase"), lead.gets("erase")]),
    "erase again, of the same instant or an earlier one": Case(
        lambda lead: [lead.signals(), lead.gets("erase"), lead.gets("erase", minutes_ago=1)]
    ),
    "an input that occurred before the erasure of its lead": Case(
        lambda lead: [lead.signals(), lead.gets("erase"), lead.signals(minutes_ago=1)]
    ),
    "an input that occurred after the erasure of its lead": Case(
        lambda lead: [lead.signals(), lead.gets("erase"), lead.signals()]
    ),
    "a command without command": Case(lambda lead: [lead.gets(LEFT_OUT)]),
    "a command that leadline does not know": Case(lambda lead: [lead.gets("promote")]),
    "a command that lacks what it needs, such as flag without reason": Case(
        lambda lead: [lead.gets("flag")], "reason"
    ),
    "a word that is none of those allowed, such as result: won": Case(
        lambda lead: [lead.signals(), lead.gets("outcome", result="won")], "result"
    ),
    "a reason of more than 200 characters": Case(lambda lead: [lead.gets("flag", reason="r" * 500)]),
    "an instant without a zone": Case(
        lambda lead: [lead.gets("flag", reason="doubt", until="2027-01-01T00:00:00")], "until"
    ),
    "an input that occurred more than 5 minutes after its record": Case(lambda lead: [lead.says(minutes_ago=-6)]),
    "a signal that was accepted before": Case(lambda lead: [lead.signals(id="e-1"), lead.signals(id="e-1")]),
    "a signal of a machine": Case(lambda lead: [lead.signals(), lead.signals(machine=True)]),
}
"""By what comes."""


def read_rows() -> list[Row]:
    """The lines of the table."""
    found = [_ROW.fullmatch(line.replace("`", "")) for line in TABLE.read_text("utf-8").splitlines()]
    return [Row(*match.groups()) for match in found if match]


ROWS = read_rows()
