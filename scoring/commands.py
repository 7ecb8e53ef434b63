"""Commands applied to a lead: flags raised and lifted, signals retracted, outcomes and contacts told, leads erased.

A command that finds nothing to act on changes nothing, and does not even advance the lead.
"""

from __future__ import annotations

from typing import assert_never

from schemas.changes import Cause
from schemas.commands import (
    ContactedCommand,
    EraseCommand,
    FlagCommand,
    LeadCommand,
    OutcomeCommand,
    RetractCommand,
    UnflagCommand,
)
from schemas.rejected import Reason, Refused
from scoring.advance import advance, flag_notice
from scoring.bands import Step, settle
from scoring.bounds import FLAG_BY_MAX_BYTES, FLAG_REASON_MAX_BYTES, FLAGS_MAX
from scoring.flags import expiry_ms, is_up
from scoring.fold import Outcome, new_lead
from scoring.lead import NEVER, Flag, Lead, Status
from scoring.memory import find_newest, signal_hash
from scoring.notices import Notice
from scoring.plan import Plan
from scoring.retract import take_out
from scoring.score import score_now

_STATUS = {"converted": Status.CONVERTED, "dead": Status.DEAD, "reopened": Status.OPEN}


def apply_command(
    plan: Plan, lead: Lead | None, command: LeadCommand, notices: list[Notice]
) -> tuple[Lead | None, Outcome]:
    """The lead after the command; None: unknown, or erased by it. Raises Refused, changing nothing."""
    if isinstance(command, FlagCommand):
        return _raise_flag(plan, lead, command, notices)
    if lead is None:
        return None, Outcome.COMMAND
    match command:
        case UnflagCommand():
            return lead, _lift_flag(plan, lead, command, notices)
        case RetractCommand():
            return lead, _retract(plan, lead, command, notices)
        case OutcomeCommand():
            advance(plan, lead, command.occurred_at, notices)
            lead.status = _STATUS[command.result]
        case ContactedCommand():
            advance(plan, lead, command.occurred_at, notices)
        case EraseCommand():
            advance(plan, lead, command.occurred_at, notices)
            return None, Outcome.APPLIED
        case _:
            assert_never(command)
    return lead, Outcome.APPLIED


def erased_at(lead: Lead | None, command: LeadCommand) -> int:
    """The instant of an erasure: what occurred up to it is ignored from then on."""
    return command.occurred_at if lead is None else max(lead.as_of, command.occurred_at)


def _raise_flag(
    plan: Plan, lead: Lead | None, command: FlagCommand, notices: list[Notice]
) -> tuple[Lead | None, Outcome]:
    at_ms = command.occurred_at if lead is None else max(lead.as_of, command.occurred_at)
    if command.until is not None and command.until <= at_ms:
        return lead, Outcome.COMMAND
    if lead is None:
        lead = new_lead(plan, at_ms)
    elif _stays(lead, _reason(command), at_ms) >= FLAGS_MAX:
        raise Refused(Reason.TOO_MANY, "reason")
    else:
        advance(plan, lead, at_ms, notices)
    by = None if command.by is None else _cut(command.by, FLAG_BY_MAX_BYTES)
    flag = Flag(_reason(command), by, command.until or NEVER, command.cap)
    others = [other for other in lead.flags if other.reason != flag.reason]
    _change_flags(plan, lead, [*others, flag], (flag, True), notices)
    return lead, Outcome.APPLIED


def _reason(command: FlagCommand | UnflagCommand) -> str:
    return _cut(command.reason, FLAG_REASON_MAX_BYTES)


def _cut(text: str, most_bytes: int) -> str:
    """As much of the text as has room in UTF-8."""
    return text.encode("utf-8", "replace")[:most_bytes].decode("utf-8", "ignore")


def _stays(lead: Lead, reason: str, at_ms: int) -> int:
    """How many flags of other reasons have not expired by then."""
    return sum(flag.reason != reason and expiry_ms(flag) > at_ms for flag in lead.flags)


def _lift_flag(plan: Plan, lead: Lead, command: UnflagCommand, notices: list[Notice]) -> Outcome:
    at_ms = max(lead.as_of, command.occurred_at)
    found = [flag for flag in lead.flags if flag.reason == _reason(command) and is_up(flag, at_ms)]
    if not found:
        return Outcome.COMMAND
    advance(plan, lead, at_ms, notices)
    others = [flag for flag in lead.flags if flag not in found]
    _change_flags(plan, lead, others, (found[0], False), notices)
    return Outcome.APPLIED


def _change_flags(
    plan: Plan, lead: Lead, flags: list[Flag], changed: tuple[Flag, bool], notices: list[Notice]
) -> None:
    """Put other flags in force; only a flag that is lifted, and not one that is raised, may let the lead alert."""
    flag, is_raised = changed
    previous_score = score_now(plan, lead)
    lead.flags = flags
    step = Step(Cause.FLAG, plan.names[lead.band], previous_score, may_alert=not is_raised)
    moved: list[Notice] = []
    score = settle(plan, lead, step, moved)
    scores = (Cause.FLAG, score, previous_score)
    notices.append(flag_notice(plan, lead, flag, "raised" if is_raised else "lifted", scores))
    notices += moved


def _retract(plan: Plan, lead: Lead, command: RetractCommand, notices: list[Notice]) -> Outcome:
    place = find_newest(lead, signal_hash(command.kind, command.signal_id))
    if place is None:
        return Outcome.COMMAND
    advance(plan, lead, command.occurred_at, notices)
    previous_score = score_now(plan, lead)
    take_out(plan, lead, place)
    settle(plan, lead, Step(Cause.RETRACT, plan.names[lead.band], previous_score), notices)
    return Outcome.APPLIED
