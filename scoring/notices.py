"""Notices: what is to be published of a step of a lead, with the picture of the score at that instant.

Apart from the changes on the wire because a notice knows nothing of topics, offsets and sequence numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.changes import Adjustment, Cause, Contribution
from scoring.explain import explain, rolling_counts
from scoring.falls import find_fall, second_after
from scoring.lead import Lead
from scoring.plan import Plan


@dataclass(frozen=True, slots=True)
class BandMove:
    """A band entered or left: the names of the band before and after."""

    from_: str
    to: str
    is_up: bool


@dataclass(frozen=True, slots=True)
class FlagMove:
    """A red flag that came or went. `until` in milliseconds, NEVER for none."""

    reason: str
    action: Literal["raised", "lifted", "expired"]
    by: str | None
    until: int
    cap: float | None


@dataclass(frozen=True, slots=True)
class SurgeSeen:
    """Positive points within the surge's time, what is usual in such a time, and the kinds that brought them."""

    rise: float
    usual: float
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """Why the score is what it is. `falls_ms` is NEVER where no fall is ahead."""

    reasons: tuple[Contribution, ...]
    adjustments: tuple[Adjustment, ...]
    windows: dict[str, dict[str, int]]
    grade: str | None
    segment: str | None
    threshold: float | None
    falls_ms: int


@dataclass(frozen=True, slots=True)
class Notice:
    """One change: what moved, why, when, the score after and before; `by_itself`: time alone did it, no input."""

    moved: BandMove | FlagMove | SurgeSeen
    cause: Cause
    at_ms: int
    alert: bool
    score: float
    previous_score: float
    picture: Picture
    by_itself: bool = False


def take_picture(plan: Plan, lead: Lead, falls_ms: int | None = None) -> Picture:
    """The picture at the lead's `as_of`; the next fall is looked for unless it is given."""
    contributions, adjustments, grade = explain(plan, lead, lead.as_of)
    segment = plan.segments[lead.segment]
    return Picture(
        reasons=contributions,
        adjustments=adjustments,
        windows=rolling_counts(plan, lead, lead.as_of),
        grade=grade,
        segment=segment.name,
        threshold=segment.threshold,
        falls_ms=find_fall(plan, lead, second_after(lead.as_of)) if falls_ms is None else falls_ms,
    )
