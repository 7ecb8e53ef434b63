"""Sections 8 and 11: what a command does to a lead, or that it finds nothing to act on.

That is judged at the instant at which the command would be applied, before the lead is advanced to it: what is
ignored or refused advances nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.reference.commands import Command
from tests.support.reference.lead import Flag, Lead
from tests.support.reference.members import Rejection
from tests.support.reference.steps import Notice

FLAGS = 16
"""Section 8: the most flags of a lead that were raised by command and are neither lifted nor expired."""


@dataclass(frozen=True)
class Act:
    """`on` changes a lead and tells of flags. `cause` is that of the look at the bands, None: there is none."""

    on: Callable[[Lead], list[Notice]]
    cause: str | None = None


def act_of(command: Command, lead: Lead | None, at_ms: int) -> Act | None:
    """What the command does at that instant; None if it is ignored. Raises Rejection for one flag too many."""
    if command.name == "flag":
        return _flag(command, lead, at_ms)
    if lead is None:
        return None
    match command.name:
        case "unflag":
            return _unflag(command, lead, at_ms)
        case "retract":
            return _retract(command, lead)
        case "outcome":
            return _outcome(command)
    return Act(lambda lead: [])


def _flag(command: Command, lead: Lead | None, at_ms: int) -> Act | None:
    """A new flag, or another one in place of that of the same reason."""
    flag = Flag(command.reason or "", command.by, command.until_ms, command.cap)
    if not flag.is_up(at_ms):
        return None
    taken = {one.reason for one in lead.flags.values() if not one.has_expired(at_ms)} if lead else set()
    if len(taken | {flag.reason}) > FLAGS:
        raise Rejection("too_many", "reason")

    def on(lead: Lead) -> list[Notice]:
        lead.flags[flag.reason] = flag
        return [Notice("raised", flag)]

    return Act(on, "flag")


def _unflag(command: Command, lead: Lead, at_ms: int) -> Act | None:
    """Only flags raised by command: a fit rule's stands while it matches."""
    flag = lead.flags.get(command.reason or "")
    if flag is None or not flag.is_up(at_ms):
        return None

    def on(lead: Lead) -> list[Notice]:
        return [Notice("lifted", lead.flags.pop(flag.reason))]

    return Act(on, "flag")


def _retract(command: Command, lead: Lead) -> Act | None:
    found = lead.retractable(command.kind or "", command.signal_id or "")
    if found is None:
        return None

    def on(lead: Lead) -> list[Notice]:
        lead.retract(found)
        return []

    return Act(on, "retract")


def _outcome(command: Command) -> Act:
    def on(lead: Lead) -> list[Notice]:
        lead.status = None if command.result == "reopened" else command.result
        return []

    return Act(on)
