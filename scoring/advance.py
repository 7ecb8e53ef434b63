"""A lead through time, with no input: it falls, and its flags expire, each at its own whole second.

Of what happens in the same second the expiry comes first: it looks at the bands as after an input.
"""

from __future__ import annotations

from typing import Literal

from schemas.changes import Cause
from schemas.instants import SECOND_MS
from scoring.bands import Step, band_below, earlier, move, settle
from scoring.falls import find_fall, held_until
from scoring.flags import expiry_ms, next_expiry
from scoring.lead import NEVER, Flag, Lead
from scoring.notices import FlagMove, Notice, take_picture
from scoring.plan import Plan
from scoring.score import Curve


def advance(plan: Plan, lead: Lead, to_ms: int, notices: list[Notice]) -> None:
    """Bring the lead to an instant; one before its `as_of` changes nothing. What happens is added to `notices`."""
    while lead.wake != NEVER and lead.wake <= to_ms:
        held_ms = held_until(plan, lead, lead.wake, to_ms)
        expires_ms = next_expiry(lead)
        lead.wake = held_ms or earlier(find_fall(plan, lead, lead.wake), expires_ms)
        if lead.wake == NEVER or lead.wake > to_ms:
            break
        lead.as_of = lead.wake
        if lead.as_of == expires_ms:
            _expire(plan, lead, notices)
        else:
            _fall(plan, lead, notices)
    if to_ms > lead.as_of:
        lead.as_of = to_ms


def flag_notice(
    plan: Plan,
    lead: Lead,
    flag: Flag,
    action: Literal["raised", "lifted", "expired"],
    scores: tuple[Cause, float, float],
) -> Notice:
    """What is published of a flag that came or went; `scores`: the cause, the score after and before."""
    moved = FlagMove(flag.reason, action, flag.by, flag.until, flag.cap)
    cause, score, previous_score = scores
    picture = take_picture(plan, lead)
    return Notice(moved, cause, lead.as_of, False, score, previous_score, picture, action == "expired")


def _fall(plan: Plan, lead: Lead, notices: list[Notice]) -> None:
    curve = Curve(plan, lead)
    score = curve.score(lead.as_of)
    step = Step(Cause.TIME, plan.names[lead.band], curve.score(lead.as_of - SECOND_MS), by_itself=True)
    notices.append(move(plan, lead, band_below(plan, lead, score), step, score))


def _expire(plan: Plan, lead: Lead, notices: list[Notice]) -> None:
    previous_score = Curve(plan, lead).score(lead.as_of - SECOND_MS)
    gone = [flag for flag in lead.flags if expiry_ms(flag) == lead.as_of]
    lead.flags = [flag for flag in lead.flags if expiry_ms(flag) != lead.as_of]
    step = Step(Cause.FLAG, plan.names[lead.band], previous_score, may_alert=True, by_itself=True)
    moved: list[Notice] = []
    score = settle(plan, lead, step, moved)
    for flag in sorted(gone, key=lambda flag: (flag.until, flag.reason)):
        notices.append(flag_notice(plan, lead, flag, "expired", (Cause.FLAG, score, previous_score)))
    notices += moved
