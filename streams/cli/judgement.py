"""What came of a command, by how the lead stood before and after it.

A lane tells a refusal by an entry in `lead.events.rejected`; a command that finds nothing to act on is ignored
without a word. So what was done is read off what has changed: a flag's change in the history, a record among the
outcomes, a signal struck out, an erasure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from schemas.changes import Change
from schemas.codec import decode_outcome
from schemas.commands import (
    ContactedCommand,
    EraseCommand,
    FlagCommand,
    LeadCommand,
    OutcomeCommand,
    RetractCommand,
    UnflagCommand,
)
from schemas.instants import format_ms
from schemas.topics import CHANGES, REJECTED
from scoring.lead import Lead
from scoring.memory import find_newest, signal_hash
from scoring.state import decode_lead
from streams.kafka.told import Seq
from streams.lane.erasures import Erasures
from streams.lane.position import SEQ
from streams.lead_page import LeadPage, read_page
from streams.store import Reader, Remains


@dataclass(frozen=True, slots=True)
class Look:
    """A lead at one moment, and how far its lane has counted. `page` and `lead` are None for an unknown lead.

    `told` are the ids of the outcomes and contacts that are kept of it.
    """

    page: LeadPage | None
    lead: Lead | None
    remains: Remains
    erasures: Erasures
    told: frozenset[str]
    changes_seq: Seq
    rejected_seq: Seq


async def look_at(reader: Reader, partition: int, lead_id: str, now_ms: int) -> Look:
    """The lead now. Raises what the reader raises."""
    meta = await reader.meta(partition)
    state = await reader.lead_state(partition, lead_id)
    outcomes = [decode_outcome(each) for each in await reader.outcomes(partition, lead_id)]
    timeline = int(meta.get("timeline", "1"))
    return Look(
        page=await read_page(reader, partition, lead_id, now_ms),
        lead=None if state is None else decode_lead(state),
        remains=await reader.remains(partition, lead_id),
        erasures=Erasures(meta.get("erasure_key", ""), await reader.erased(partition)),
        told=frozenset(each.id for each in outcomes),
        changes_seq=(timeline, int(meta.get(SEQ + CHANGES.name, "0"))),
        rejected_seq=(timeline, int(meta.get(SEQ + REJECTED.name, "0"))),
    )


def new_changes(before: Look, after: Look) -> list[Change]:
    """The lead's changes since, the newest first."""
    history = after.page.history if after.page else ()
    return [change for change in history if (change.timeline, change.seq) > before.changes_seq]


def ignored_because(command: LeadCommand, before: Look, after: Look) -> str | None:
    """Why the lane has ignored the command, in words; None: it has applied it."""
    if _is_applied(command, before, after):
        return None
    if before.erasures.covers(command.lead_id, command.occurred_at):
        return "the lead was erased, and what occurred up to that instant stays forgotten"
    if after.lead is None and before.erasures.covers(command.lead_id, 0):
        return "the lead was erased, and nothing is known of it"
    if after.lead is None and not isinstance(command, FlagCommand):
        return f"no lead {command.lead_id!r} is known; ids count upper and lower case"
    match command:
        case FlagCommand():
            until = "" if command.until is None else format_ms(command.until)
            return f"its end, {until}, is not after the instant at which it would be raised"
        case UnflagCommand():
            return f"no flag {command.reason!r} that people have raised is up"
        case RetractCommand():
            signal = f"{command.kind} {command.signal_id!r}"
            return f"no {signal} is among the newest 32 signals, or it is retracted already"
        case _:
            return "it found nothing to act on"


def _is_applied(command: LeadCommand, before: Look, after: Look) -> bool:
    match command:
        case FlagCommand() | UnflagCommand():
            action = "raised" if isinstance(command, FlagCommand) else "lifted"
            flags = [change.flag for change in new_changes(before, after) if change.flag]
            # What the state keeps of a long reason is cut; what it keeps begins the reason.
            return any(flag.action == action and command.reason.startswith(flag.reason) for flag in flags)
        case RetractCommand():
            return _is_struck(signal_hash(command.kind, command.signal_id), before.lead, after.lead)
        case OutcomeCommand() | ContactedCommand():
            return command.id in after.told
        case EraseCommand():
            lead_id, at_ms = command.lead_id, command.occurred_at
            return after.erasures.covers(lead_id, at_ms) and not before.erasures.covers(lead_id, at_ms)
        case _:
            assert_never(command)


def _is_struck(known: int, before: Lead | None, after: Lead | None) -> bool:
    """Whether a signal of this hash was retracted in between."""
    if after is None or known not in after.ids:
        return False
    if before is None or known not in before.ids:
        return find_newest(after, known) is None
    return find_newest(before, known) is not None and _facts(before, known) != _facts(after, known)


def _facts(lead: Lead, known: int) -> list[int]:
    return [fact for each, fact in zip(lead.ids, lead.facts, strict=True) if each == known]
