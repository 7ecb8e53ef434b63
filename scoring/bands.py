"""Bands: entered at one line, left below a lower one, so that a score between them changes nothing.

After an input a lead goes up while the next band's `enter` is reached; if that moved nothing, down while the
score is below `leave`. Between inputs it only goes down.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.changes import Adjustment, Cause, Contribution
from scoring.explain import explain, rolling_counts
from scoring.falls import find_fall, second_after
from scoring.lead import ALERT_TIMES, NEVER, Lead
from scoring.plan import Plan


@dataclass(frozen=True, slots=True)
class Crossing:
    """A band entered or left: what a change says of the score. `falls_ms` is NEVER where no fall is ahead."""

    cause: Cause
    from_: str
    to: str
    is_up: bool
    alert: bool
    at_ms: int
    score: float
    previous_score: float
    reasons: tuple[Contribution, ...]
    adjustments: tuple[Adjustment, ...]
    windows: dict[str, dict[str, int]]
    falls_ms: int


def band_above(plan: Plan, band: int, score: float) -> int:
    """The band to which this score lifts a lead."""
    while band < len(plan.bands) and plan.bands[band].enter <= score:
        band += 1
    return band


def band_below(plan: Plan, band: int, score: float) -> int:
    """The band to which this score lets a lead fall."""
    while band and score < plan.bands[band - 1].leave:
        band -= 1
    return band


def band_after_input(plan: Plan, band: int, score: float) -> int:
    """Up if the score reaches the next band; if that moves nothing, down if it is below the line."""
    above = band_above(plan, band, score)
    return above if above != band else band_below(plan, band, score)


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a lead: the cause, the band before by name, the score before and after."""

    cause: Cause
    from_: str
    previous_score: float
    score: float


def move(plan: Plan, lead: Lead, band: int, step: Step) -> Crossing:
    """Put the lead into another band at its `as_of`; what is published of it."""
    is_up = band > lead.band
    alert = is_up and step.cause is Cause.SIGNAL and _alert(plan, lead, band)
    lead.band = band
    lead.wake = find_fall(plan, lead, second_after(lead.as_of))
    contributions, adjustments = explain(plan, lead, lead.as_of)
    return Crossing(
        cause=step.cause,
        from_=step.from_,
        to=plan.names[band],
        is_up=is_up,
        alert=alert,
        at_ms=lead.as_of,
        score=step.score,
        previous_score=step.previous_score,
        reasons=contributions,
        adjustments=adjustments,
        windows=rolling_counts(plan, lead, lead.as_of),
        falls_ms=lead.wake,
    )


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
