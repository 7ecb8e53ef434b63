"""Where one lead stands at an instant: what the ranking, the export and a lead's page tell alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from schemas.changes import Adjustment, Contribution
from scoring.advance import advance
from scoring.bands import band_below
from scoring.explain import DimensionReport, dimensions, explain
from scoring.falls import find_fall
from scoring.flags import BY_FIT, fit_flags, is_up, next_expiry
from scoring.lead import NEVER, Lead, Status
from scoring.notices import BandMove, Notice
from scoring.plan import Plan
from scoring.score import Curve, score_now
from scoring.state import decode_lead, encode_lead


class FlagUp(NamedTuple):
    """A red flag that is up: why, who raised it (`fit`: the model), until when, at most which score it allows."""

    reason: str
    by: str | None
    until_ms: int | None
    cap: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A lead at `at_ms`: now, or where it stands if a sender's clock is ahead. Instants are ms since 1970.

    Contributions come from the largest; with the adjustments they sum to the score. `leave` is the line below which
    the lead leaves its band, `threshold` the line agreed with sales, both as its segment has them. `moved_ms`:
    when time has taken it from one band to another since its lane looked at it last.
    """

    lead_id: str
    partition: int
    at_ms: int
    score: float
    scale: tuple[float, float]
    band: str
    leave: float | None
    threshold: float | None
    grade: str | None
    segment: str | None
    status: str | None
    flags: tuple[FlagUp, ...]
    dimensions: dict[str, DimensionReport]
    contributions: tuple[Contribution, ...]
    adjustments: tuple[Adjustment, ...]
    last_engaged_ms: int | None
    machine_signals: int
    moved_ms: int | None
    model_version: str

    @property
    def quiet_ms(self) -> int | None:
        """How long ago the lead engaged last, None if it never did."""
        return None if self.last_engaged_ms is None else max(0, self.at_ms - self.last_engaged_ms)


def stand(plan: Plan, lead: Lead, lead_id: str, partition: int, now_ms: int) -> Standing:
    """The lead at `now_ms`. It is advanced in place: its band may have fallen since the lane looked at it."""
    notices: list[Notice] = []
    advance(plan, lead, now_ms, notices)
    contributions, adjustments, grade = explain(plan, lead, lead.as_of)
    segment, moves = plan.segments[lead.segment], [each for each in notices if isinstance(each.moved, BandMove)]
    return Standing(
        lead_id=lead_id,
        partition=partition,
        at_ms=lead.as_of,
        score=score_now(plan, lead),
        scale=plan.scale,
        band=plan.names[lead.band],
        leave=plan.lines(lead)[lead.band - 1].leave if lead.band else None,
        threshold=segment.threshold,
        grade=grade,
        segment=segment.name,
        status=None if lead.status is Status.OPEN else lead.status.name.lower(),
        flags=flags_of(plan, lead),
        dimensions=dimensions(plan, lead),
        contributions=contributions,
        adjustments=adjustments,
        last_engaged_ms=None if lead.latest == NEVER else lead.latest,
        machine_signals=lead.machines,
        moved_ms=moves[-1].at_ms if moves else None,
        model_version=plan.model.version,
    )


def flags_of(plan: Plan, lead: Lead) -> tuple[FlagUp, ...]:
    """The flags that are up at the lead's `as_of`: raised by people, in their order, then by the model."""
    cap = plan.model.flag_cap
    raised = [
        FlagUp(flag.reason, flag.by, flag.until or None, cap if flag.cap is None else flag.cap)
        for flag in lead.flags
        if is_up(flag, lead.as_of)
    ]
    return *raised, *(FlagUp(reason, BY_FIT, None, cap) for reason in sorted(fit_flags(plan, lead.fit)))


class NextMove(NamedTuple):
    """The next change of band by time alone: when in ms, into which band, and whether that is upward."""

    at_ms: int
    band: str
    is_up: bool


def next_move(plan: Plan, lead: Lead) -> NextMove | None:
    """What happens to the lead's band if nothing else comes; None: nothing ever. A flag that ends may lift it."""
    if lead.wake == NEVER:
        return None
    if next_expiry(lead) != NEVER:
        return _move_past_flags(plan, lead)
    falls_ms = find_fall(plan, lead, lead.wake)
    if falls_ms == NEVER:
        return None
    band = band_below(plan, lead, Curve(plan, lead).score(falls_ms))
    return NextMove(falls_ms, plan.names[band], False)


def _move_past_flags(plan: Plan, lead: Lead) -> NextMove | None:
    """The same by letting time pass for a twin of the lead: at each end of a flag the bands are looked at anew."""
    twin = decode_lead(encode_lead(lead))
    notices: list[Notice] = []
    while twin.wake != NEVER:
        advance(plan, twin, twin.wake, notices)
        for notice in notices:
            if isinstance(notice.moved, BandMove):
                return NextMove(notice.at_ms, notice.moved.to, notice.moved.is_up)
        notices.clear()
    return None
