"""Sections 8 to 10: what is published while time passes, and after an input has been applied.

A step ends with the lead as it is then; `Before` is what it was, and the changes are the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.reference import bands
from tests.support.reference.falls import first_fall
from tests.support.reference.fit import FIT_FLAG_BY, lines_of, reasons_by_fit, segment_of
from tests.support.reference.instants import SECOND_MS, iso
from tests.support.reference.lead import Flag, Lead
from tests.support.reference.model import Model
from tests.support.reference.points import breakdown, grade, rolling_counts
from tests.support.reference.surge import surge_of

Change = dict[str, Any]

RINGING_CAUSES = ("signal", "profile", "flag")
"""Section 9: a lead that goes up by one of these may alert; a flag that is raised may not."""


@dataclass(frozen=True)
class Before:
    """Score, band and fit flags before a step."""

    score: float
    band: str
    by_fit: frozenset[str]


@dataclass(frozen=True)
class Notice:
    """Section 8: a flag that was `raised`, `lifted` or has `expired`."""

    action: str
    flag: Flag


def look(model: Model, lead: Lead) -> Before:
    """The lead as it is at `as_of`."""
    return Before(breakdown(model, lead, lead.as_of_ms).score, lead.band, reasons_by_fit(model, lead))


def advance(model: Model, lead: Lead, until_ms: int, told: list[Change]) -> None:
    """Bring the lead to an instant: falls and flags that expire, in order; at the same second the flags first."""
    while True:
        expiry_ms = next_expiry(lead, until_ms)
        fall_ms = first_fall(model, lead, until_ms if expiry_ms is None else expiry_ms - SECOND_MS)
        if fall_ms is not None:
            _fall(model, lead, fall_ms, told)
        elif expiry_ms is not None:
            _expire(model, lead, expiry_ms, told)
        else:
            break
    lead.as_of_ms = max(lead.as_of_ms, until_ms)


def next_expiry(lead: Lead, until_ms: int) -> int | None:
    """The first second, up to that instant, at which a flag expires. None of them has passed `as_of`."""
    seconds = [flag.expires_ms for flag in lead.flags.values() if flag.expires_ms is not None]
    return min((second for second in seconds if second <= until_ms), default=None)


def _fall(model: Model, lead: Lead, at_ms: int, told: list[Change]) -> None:
    """Section 9: as far down as the score at that second says."""
    before = breakdown(model, lead, max(at_ms - SECOND_MS, lead.input_ms)).score
    was_in, lead.as_of_ms = lead.band, at_ms
    after = breakdown(model, lead, at_ms).score
    lead.band = model.band_at(bands.drop(lines_of(model, lead), model.place_of(was_in), after))
    told.append(_band_change(model, lead, Before(before, was_in, frozenset()), cause="time"))


def _expire(model: Model, lead: Lead, at_ms: int, told: list[Change]) -> None:
    """Section 8: all flags of that second go, then the lead is evaluated as after an unflag."""
    before = Before(
        breakdown(model, lead, max(at_ms - SECOND_MS, lead.input_ms)).score, lead.band, reasons_by_fit(model, lead)
    )
    lead.as_of_ms = at_ms
    gone = [flag for flag in lead.flags.values() if flag.expires_ms == at_ms]
    for flag in gone:
        del lead.flags[flag.reason]
    notices = [Notice("expired", flag) for flag in sorted(gone, key=lambda flag: (flag.until_ms, flag.reason))]
    after_input(model, lead, before, "flag", told, notices=notices)


# The lead and the model that it is under, before and after, and where it is told: each is needed.
def after_input(
    model: Model, lead: Lead, before: Before, cause: str, told: list[Change], notices: Sequence[Notice] = ()
) -> None:
    """Section 9: flags that came or went, then the bands: one change at most, which may alert."""
    lead.input_ms = lead.as_of_ms
    for notice in (*notices, *_by_fit(before.by_fit, reasons_by_fit(model, lead))):
        told.append(_flag_change(model, lead, before, cause, notice))
    lines, place = lines_of(model, lead), model.place_of(lead.band)
    reached = bands.settle(lines, place, breakdown(model, lead, lead.as_of_ms).score)
    raised = any(notice.action == "raised" for notice in notices)
    may_alert = cause in RINGING_CAUSES and not raised and lead.status is None
    ringing = bands.ringing(lines, place, reached, lead.alerted, lead.as_of_ms) if may_alert else []
    lead.alerted.update({band.name: lead.as_of_ms for band in ringing})
    lead.band = model.band_at(reached)
    if lead.band != before.band:
        told.append(_band_change(model, lead, before, cause=cause, up=reached > place, alert=bool(ringing)))


def _by_fit(before: frozenset[str], now: frozenset[str]) -> list[Notice]:
    """Flags of fit rules that went, then those that came, each by name."""
    lifted = [Notice("lifted", Flag(reason, FIT_FLAG_BY, None, None)) for reason in sorted(before - now)]
    return lifted + [Notice("raised", Flag(reason, FIT_FLAG_BY, None, None)) for reason in sorted(now - before)]


def after_gain(model: Model, lead: Lead, before: Before, told: list[Change]) -> None:
    """Section 10: the surge that a signal with positive points has made, after its bands."""
    rise = surge_of(model, lead)
    if rise is None:
        return
    lead.surged_ms = lead.as_of_ms
    flagged = any(flag.is_up(lead.as_of_ms) for flag in lead.flags.values()) or reasons_by_fit(model, lead)
    change = _change(model, lead, "surge", cause="signal", previous_score=before.score)
    told.append(
        change
        | {"alert": not flagged and lead.status is None}
        | {"rise": rise.rise, "usual": rise.usual, "kinds": list(rise.kinds)}
    )


def _band_change(
    model: Model, lead: Lead, before: Before, *, cause: str, up: bool = False, alert: bool = False
) -> Change:
    change = _change(model, lead, "band", cause=cause, previous_score=before.score)
    direction = "up" if up else "down"
    return change | {"from": before.band, "to": lead.band, "direction": direction, "alert": alert}


def _flag_change(model: Model, lead: Lead, before: Before, cause: str, notice: Notice) -> Change:
    flag = notice.flag
    told = {
        "reason": flag.reason,
        "action": notice.action,
        "by": flag.by,
        "until": None if flag.until_ms is None else iso(flag.until_ms),
        "cap": flag.cap,
    }
    change = _change(model, lead, "flag", cause=cause, previous_score=before.score)
    return change | {"alert": False, "flag": told}


def _change(model: Model, lead: Lead, kind: str, *, cause: str, previous_score: float) -> Change:
    """What every change carries, at `as_of`."""
    explained = breakdown(model, lead, lead.as_of_ms)
    segment = segment_of(model, lead)
    return {
        "lead_id": lead.id,
        "kind": kind,
        "cause": cause,
        "occurred_at": iso(lead.as_of_ms),
        "score": explained.score,
        "previous_score": previous_score,
        "threshold": bands.threshold(lines_of(model, lead)),
        "windows": rolling_counts(lead, lead.as_of_ms),
        "grade": grade(model, explained),
        "segment": None if segment is None else segment.name,
    }
