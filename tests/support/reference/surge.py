"""Section 10: has a lead warmed unusually fast? Asked after a signal that counted with positive points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from tests.support.reference.instants import DAY_MS, local_day
from tests.support.reference.lead import Lead
from tests.support.reference.model import OTHER, Model, Surge

RING = 32
"""The newest signals by arrival, among those that counted with positive points, that can make a surge."""
USUAL_DAYS = 28


@dataclass(frozen=True)
class Rise:
    """What came together in `within`, against what is usual in as long a time."""

    rise: int
    usual: float
    kinds: tuple[str, ...]


def surge_of(model: Model, lead: Lead) -> Rise | None:
    """The surge that the lead is in at `as_of`, None if it is in none or the last one is too recent."""
    surge = model.surge
    if surge is None or (lead.surged_ms is not None and lead.as_of_ms - lead.surged_ms < surge.cooldown_ms):
        return None
    found = _rise(model, surge, lead)
    enough = found.rise >= surge.points and len(found.kinds) >= surge.kinds
    return found if enough and found.rise >= surge.times_usual * found.usual else None


def _rise(model: Model, surge: Surge, lead: Lead) -> Rise:
    start_ms = lead.as_of_ms - surge.within_ms
    ring = [one for one in lead.accepted if one.gained > 0][-RING:]
    recent = [one for one in ring if not one.retracted and one.signal.occurred_ms > start_ms]
    kinds = {one.signal.kind if one.signal.kind in model.named else OTHER for one in recent}
    usual = _usual_day(model, lead, start_ms) * (surge.within_ms / DAY_MS)
    return Rise(sum(one.gained for one in recent), usual, tuple(sorted(kinds)))


def _usual_day(model: Model, lead: Lead, start_ms: int) -> float:
    """Positive points a day over the 28 calendar days before the day of that instant.

    The memory of 40 days of totals is as long as these and the longest `within` together, so it never decides.
    """
    last = date.fromisoformat(local_day(start_ms, model.zone))
    days = {(last - timedelta(days=back)).isoformat() for back in range(1, USUAL_DAYS + 1)}
    return sum(one.gained for one in lead.accepted if one.day in days and not one.retracted) / USUAL_DAYS
