"""Bands: entered at one line, left below a lower one, so that a score between them changes nothing.

After an input a lead goes up while the next band's `enter` is reached; if that moved nothing, down while the
score is below `leave`. Between inputs it only goes down.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.changes import Cause
from scoring.falls import find_fall, second_after
from scoring.flags import next_expiry
from scoring.layout import ALERT_TIMES
from scoring.lead import NEVER, Lead, Status
from scoring.notices import BandMove, Notice, take_picture
from scoring.plan import Plan
from scoring.score import Curve


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a lead: why, the score and the name of the band before.

    `may_alert`: whether going up may alert; `by_itself`: time alone did it.
    """

    cause: Cause
    from_: str
    previous_score: float
    may_alert: bool = False
    by_itself: bool = False


def band_below(plan: Plan, lead: Lead, score: float) -> int:
    """The band to which this score lets the lead fall."""
    lines, band = plan.lines(lead), lead.band
    while band:
        line = lines[band - 1]
        if score >= line.leave:
            break
        band -= 1
    return band


def band_after_input(plan: Plan, lead: Lead, score: float) -> int:
    """Up if the score reaches the next band; if that moves nothing, down if it is below the line."""
    lines, band = plan.lines(lead), lead.band
    while band < len(lines):
        line = lines[band]
        if line.enter > score:
            break
        band += 1
    return band if band != lead.band else band_below(plan, lead, score)


def settle(plan: Plan, lead: Lead, step: Step, notices: list[Notice]) -> float:
    """After an input: the ceiling, the bands, when to look next. The score."""
    curve = Curve(plan, lead)
    score, lead.ceiling = curve.score(lead.as_of), curve.ceiling(lead.as_of)
    band = band_after_input(plan, lead, score)
    if plan.names[band] != step.from_:
        notices.append(move(plan, lead, band, step, score))
    else:
        lead.band = band
        look_ahead(plan, lead)
    return score


def move(plan: Plan, lead: Lead, band: int, step: Step, score: float) -> Notice:
    """Put the lead into another band at its `as_of`; what is published of it."""
    is_up = band > lead.band
    alert = is_up and step.may_alert and lead.status is Status.OPEN and _alert(plan, lead, band)
    lead.band = band
    falls_ms = look_ahead(plan, lead)
    moved = BandMove(step.from_, plan.names[band], is_up)
    picture = take_picture(plan, lead, falls_ms)
    return Notice(moved, step.cause, lead.as_of, alert, score, step.previous_score, picture, step.by_itself)


def look_ahead(plan: Plan, lead: Lead) -> int:
    """Set when the lead has to be looked at next. When it falls, NEVER if it does not."""
    falls_ms = find_fall(plan, lead, second_after(lead.as_of))
    lead.wake = earlier(falls_ms, next_expiry(lead))
    return falls_ms


def earlier(one_ms: int, other_ms: int) -> int:
    """The earlier of two instants, of which either may be NEVER."""
    return min(one_ms or other_ms, other_ms or one_ms)


def _alert(plan: Plan, lead: Lead, band: int) -> bool:
    """Whether going up to `band` passes a band that alerts and has cooled down; notes the time of those."""
    due = [
        passed for passed in range(lead.band, band) if plan.bands[passed].alert and _has_cooled(plan, lead, passed)
    ]
    if due:
        times = lead.part(ALERT_TIMES)
        times.extend([NEVER] * (len(plan.bands) - len(times)))
        for passed in due:
            times[passed] = lead.as_of
    return bool(due)


def _has_cooled(plan: Plan, lead: Lead, band: int) -> bool:
    times = lead.parts.get(ALERT_TIMES)
    if not times or band >= len(times) or times[band] == NEVER:
        return True
    return lead.as_of - times[band] >= (plan.bands[band].cooldown or 0)
