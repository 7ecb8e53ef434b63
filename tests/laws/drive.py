"""The product driven by the same lines that the reference takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from schemas.codec import decode_command, decode_profile, decode_signal
from schemas.commands import EraseCommand, LeadCommand, ModelCommand
from schemas.instants import parse_ms
from schemas.topics import BY_NAME, Family
from scoring.advance import advance
from scoring.commands import apply_command, erased_at
from scoring.fold import Outcome, apply_signal
from scoring.lead import Lead
from scoring.model import ScoringModel
from scoring.notices import Notice
from scoring.offline import FileScorer
from scoring.plan import Plan
from scoring.profile import Profile, apply_profile, encode_profile
from scoring.profile import decode_profile as profile_of
from scoring.score import Curve
from scoring.state import decode_lead, encode_lead

Document = Mapping[str, Any]
Line = Mapping[str, Any]

NOT_ERASED = -1


class Told(NamedTuple):
    """What lines came to: the lead (None: unknown), what is published of it, what became of each input.

    `profile` is what is known of it as bytes; `erased_ms`: what occurred up to then is ignored.
    """

    lead: Lead | None
    notices: list[Notice]
    outcomes: list[Outcome]
    profile: bytes | None = None
    erased_ms: int = NOT_ERASED


def plan_of(document: Document, ordinal: int = 1) -> Plan:
    """The compiled model. It does not pass through YAML, which would take most of the time of a property."""
    return Plan(ScoringModel.model_validate(document), ordinal)


def fold(plan: Plan, lines: Iterable[Line], lead: Lead | None = None) -> Told:
    """One lead through lines of inputs and timers; it goes through its bytes before each."""
    return fold_on(plan, Told(lead, [], []), lines)


def fold_on(plan: Plan, told: Told, lines: Iterable[Line]) -> Told:
    """What was told before, and these lines after it."""
    for line in lines:
        told = step(plan, told, line)
    return told


def step(plan: Plan, told: Told, line: Line) -> Told:
    """One line further. What becomes of it is added to `notices` and `outcomes` of what was told before."""
    told = told._replace(lead=copied(told.lead))
    timestamp_ms = parse_ms(line["timestamp"])
    if line["topic"] == "timer":
        if told.lead is not None:
            advance(plan, told.lead, timestamp_ms, told.notices)
        return told
    value, topic = json.dumps(line["value"]).encode(), BY_NAME[line["topic"]]
    match topic.family:
        case Family.PROFILE:
            return _profile(plan, told, value, timestamp_ms)
        case Family.COMMAND:
            command = decode_command(value, timestamp_ms)
            assert not isinstance(command, ModelCommand)
            return _command(plan, told, command)
        case _:
            return _signal(plan, told, value, topic.default_kind, timestamp_ms)


def copied(lead: Lead | None) -> Lead | None:
    """The lead by way of its bytes."""
    return None if lead is None else decode_lead(encode_lead(lead))


# A signal is its record's value, its topic's kind and its record's timestamp: each is needed.
def _signal(plan: Plan, told: Told, value: bytes, kind: str | None, timestamp_ms: int) -> Told:
    signal = decode_signal(value, kind, timestamp_ms)
    if signal.occurred_ms <= told.erased_ms:
        return _ignored(told)
    lead, outcome = apply_signal(plan, told.lead, signal, timestamp_ms, told.notices)
    told.outcomes.append(outcome)
    return told._replace(lead=lead)


def _profile(plan: Plan, told: Told, value: bytes, timestamp_ms: int) -> Told:
    update = decode_profile(value, timestamp_ms)
    if update.occurred_ms <= told.erased_ms:
        return _ignored(told)
    profile = profile_of(told.profile)
    lead = apply_profile(plan, told.lead, profile, update, told.notices)
    told.outcomes.append(Outcome.APPLIED)
    return told._replace(lead=lead, profile=encode_profile(profile))


def _command(plan: Plan, told: Told, command: LeadCommand) -> Told:
    if command.occurred_at <= told.erased_ms:
        return _ignored(told)
    until_ms = erased_at(told.lead, command)
    lead, outcome = apply_command(plan, told.lead, command, told.notices)
    told.outcomes.append(outcome)
    if isinstance(command, EraseCommand) and outcome is Outcome.APPLIED:
        return told._replace(lead=None, profile=None, erased_ms=until_ms)
    return told._replace(lead=lead)


def _ignored(told: Told) -> Told:
    told.outcomes.append(Outcome.ERASED)
    return told


def known_of(told: Told) -> Profile:
    """The profile of what was told."""
    return profile_of(told.profile)


def score_at(plan: Plan, lead: Lead, at_ms: int) -> float:
    """The lead's score at an instant not before its `as_of`."""
    return Curve(plan, lead).score(at_ms)


def scored(document: Document, lines: Iterable[Line | str], as_of_ms: int | None = None) -> dict[str, Any]:
    """What `leadline score --json` prints for these lines."""
    scorer = FileScorer(plan_of(document))
    for number, line in enumerate(lines, start=1):
        scorer.feed(number, (line if isinstance(line, str) else json.dumps(line)).encode())
    return finished(scorer, as_of_ms)


def finished(scorer: FileScorer, as_of_ms: int | None = None) -> dict[str, Any]:
    """What a scorer tells at the end, as JSON has it."""
    return dict(json.loads(msgspec.json.encode(scorer.finish(as_of_ms))))
