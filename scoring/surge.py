"""Surges: a lead that warms fast, measured against what is usual for it.

Points here are undecayed, as they were counted: a later model does not change what a lead has done.
"""

from __future__ import annotations

from schemas.changes import Cause
from schemas.instants import DAY_MS
from scoring.flags import flags_up
from scoring.layout import DAY_TOTALS
from scoring.lead import NEVER, Lead, Status
from scoring.memory import newest_gains
from scoring.notices import Notice, SurgeSeen, take_picture
from scoring.plan import Plan
from scoring.score import score_now
from scoring.series import count_between

USUAL_DAYS = 28
"""Four weeks before the surge: each weekday as often as the others."""


def may_surge(plan: Plan, lead: Lead) -> bool:
    """Whether the model looks for surges and the last one is long enough ago."""
    surge = plan.model.surge
    return surge is not None and (lead.surged == NEVER or lead.as_of - lead.surged >= (surge.cooldown or 0))


def find_surge(plan: Plan, lead: Lead, previous_score: float) -> list[Notice]:
    """After a signal that gave points: the surge that it completes, if any."""
    surge = plan.model.surge
    assert surge is not None
    since_ms = lead.as_of - surge.within
    recent = [gain for gain in newest_gains(lead) if since_ms < gain[0] <= lead.as_of]
    rise = float(sum(points for _, _, points in recent))
    slots = {slot for _, slot, _ in recent}
    if rise < surge.points or len(slots) < surge.kinds:
        return []
    usual = _usual(plan, lead, since_ms) * surge.within / DAY_MS
    if rise < surge.times_usual * usual:
        return []
    lead.surged = lead.as_of
    alert = lead.status is Status.OPEN and not flags_up(plan, lead, lead.as_of)
    moved = SurgeSeen(rise, usual, tuple(sorted(plan.kinds[slot] for slot in slots)))
    score = score_now(plan, lead)
    return [Notice(moved, Cause.SIGNAL, lead.as_of, alert, score, previous_score, take_picture(plan, lead))]


def _usual(plan: Plan, lead: Lead, before_ms: int) -> float:
    """Positive points a day, over the days before the day of this instant."""
    totals = lead.parts.get(DAY_TOTALS)
    if not totals:
        return 0.0
    end = plan.day(before_ms)
    return count_between(totals, end - USUAL_DAYS, end) / USUAL_DAYS
