"""Lines about one lead, and what is looked at in the answers, for examples worked out by hand."""

from __future__ import annotations

from typing import Any

from tests.support.reference.fold import score
from tests.support.reference.instants import instant_ms

Line = dict[str, Any]
Document = dict[str, Any]
Answer = dict[str, Any]

OPEN = {"id": "open", "kind": "email.opened", "points": 10}
NOON = "2026-03-02T12:00:00Z"
"""A Monday."""


def opened(number: int, occurred_at: str, /, **members: Any) -> Line:
    """Lead L opened an e-mail; the record's timestamp is the instant itself."""
    value = {"id": f"e-{number}", "lead_id": "L", "occurred_at": occurred_at} | members
    return {"topic": "email.opens", "timestamp": occurred_at, "value": value}


def profiled(occurred_at: str, /, **fields: Any) -> Line:
    """Some fields of lead L were so at that instant."""
    value = {"id": "p", "lead_id": "L", "occurred_at": occurred_at} | fields
    return {"topic": "lead.profiles", "timestamp": occurred_at, "value": value}


def commanded(command: str, occurred_at: str, /, **members: Any) -> Line:
    """A command about lead L."""
    value = {"id": "c", "lead_id": "L", "occurred_at": occurred_at, "command": command} | members
    return {"topic": "lead.commands", "timestamp": occurred_at, "value": value}


def run(model: Document, lines: list[Any], as_of: str) -> Answer:
    """The reference's whole answer at an instant."""
    return score(lines, model, instant_ms(as_of))


def told(model: Document, lines: list[Any], as_of: str) -> Answer:
    """What is told of the one lead."""
    (lead,) = run(model, lines, as_of)["leads"]
    return dict(lead)


def final(model: Document, lines: list[Any], as_of: str) -> float:
    """The score of the one lead."""
    return float(told(model, lines, as_of)["score"])


def moves(answer: Answer) -> list[tuple[str, str, str, bool]]:
    """Of each change of band: from, to, when, alert."""
    return [
        (one["from"], one["to"], one["occurred_at"], one["alert"])
        for one in answer["changes"]
        if one["kind"] == "band"
    ]


def steps(answer: Answer) -> list[tuple[str, str, str]]:
    """Of each change: what it is, its cause, when."""
    return [(_what(one), one["cause"], one["occurred_at"]) for one in answer["changes"]]


def _what(change: dict[str, Any]) -> str:
    match change["kind"]:
        case "band":
            return f"{change['from']} to {change['to']}"
        case "flag":
            return f"{change['flag']['reason']} {change['flag']['action']}"
        case kind:
            return str(kind)
