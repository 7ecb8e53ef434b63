"""The product driven by the same lines that the reference takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from pydantic import BaseModel

from schemas.codec import decode_signal
from schemas.instants import parse_ms
from schemas.topics import BY_NAME
from scoring.advance import advance
from scoring.fold import Outcome, apply_signal
from scoring.lead import Lead, decode_lead, encode_lead
from scoring.model import ScoringModel
from scoring.notices import Notice
from scoring.offline import FileScorer
from scoring.plan import Plan
from scoring.score import Curve

Document = Mapping[str, Any]
Line = Mapping[str, Any]


class Told(NamedTuple):
    """What lines came to: the lead (None: still unknown), what is published of it, what became of each signal."""

    lead: Lead | None
    notices: list[Notice]
    outcomes: list[Outcome]


def plan_of(document: Document, ordinal: int = 1) -> Plan:
    """The compiled model. It does not pass through YAML, which would take most of the time of a property."""
    return Plan(ScoringModel.model_validate(document), ordinal)


def fold(plan: Plan, lines: Iterable[Line], lead: Lead | None = None) -> Told:
    """One lead through lines of signals and timers; it goes through its bytes before each."""
    told = Told(lead, [], [])
    for line in lines:
        told = step(plan, told, line)
    return told


def step(plan: Plan, told: Told, line: Line) -> Told:
    """One line further."""
    lead = None if told.lead is None else decode_lead(encode_lead(told.lead))
    timestamp_ms = parse_ms(line["timestamp"])
    if line["topic"] == "timer":
        if lead is not None:
            advance(plan, lead, timestamp_ms, told.notices)
        return told._replace(lead=lead)
    signal = decode_signal(json.dumps(line["value"]).encode(), BY_NAME[line["topic"]].default_kind, timestamp_ms)
    lead, outcome = apply_signal(plan, lead, signal, timestamp_ms, told.notices)
    told.outcomes.append(outcome)
    return told._replace(lead=lead)


def score_at(plan: Plan, lead: Lead, at_ms: int) -> float:
    """The lead's score at an instant not before its `as_of`."""
    return Curve(plan, lead).score(at_ms)


def scored(document: Document, lines: Iterable[Line | str], as_of_ms: int | None = None) -> dict[str, Any]:
    """What `leadline score --json` prints for these lines."""
    scorer = FileScorer(plan_of(document))
    for number, line in enumerate(lines, start=1):
        scorer.feed(number, (line if isinstance(line, str) else json.dumps(line)).encode())
    return dict(json.loads(msgspec.json.encode(scorer.finish(as_of_ms), enc_hook=_members)))


def _members(word: object) -> object:
    if isinstance(word, BaseModel):
        return word.model_dump(mode="json")
    raise TypeError(type(word))
