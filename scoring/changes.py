"""From a crossing to the change that is published."""

from __future__ import annotations

import xxhash

from schemas.changes import Change
from schemas.instants import format_ms
from scoring.bands import Crossing
from scoring.lead import NEVER
from scoring.plan import Plan


def record_origin(topic: str, partition: int, offset: int) -> str:
    """The cause of a change that a record made."""
    return f"{topic}/{partition}/{offset}"


def make_change(plan: Plan, lead_id: str, crossing: Crossing, origin: str, place: tuple[int, int]) -> Change:
    """The change of a crossing. `origin` names the record that caused it; `place` is its (timeline, seq).

    What time alone did has its instant for an origin, so that a timer and the next input make the same change.
    """
    if crossing.cause.value == "time":
        origin = format_ms(crossing.at_ms)
    return Change(
        change_id=_change_id(lead_id, origin, "band", crossing.to),
        timeline=place[0],
        seq=place[1],
        lead_id=lead_id,
        from_=crossing.from_,
        to=crossing.to,
        direction="up" if crossing.is_up else "down",
        alert=crossing.alert,
        occurred_at=format_ms(crossing.at_ms),
        score=crossing.score,
        previous_score=crossing.previous_score,
        threshold=plan.model.threshold,
        cause=crossing.cause,
        reasons=crossing.reasons,
        adjustments=crossing.adjustments,
        windows=crossing.windows,
        falls_at=None if crossing.falls_ms == NEVER else format_ms(crossing.falls_ms),
        model_version=plan.model.version,
    )


def _change_id(lead_id: str, origin: str, kind: str, target: str) -> str:
    """32 hexadecimal digits: the same for the same lead, cause, kind and target."""
    return xxhash.xxh3_128_hexdigest("\0".join((lead_id, origin, kind, target)).encode())
