"""What is recorded when people tell what became of a lead: with what was known of it at that instant."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas.changes import Adjustment, Contribution


class LastAlert(Struct, frozen=True):
    """The alert that a contact answers."""

    at: str
    band: Annotated[str | None, Meta(description="the band that alerted; null for a surge")]


class OutcomeRecord(Struct, frozen=True, kw_only=True):
    """One outcome or contact, and the score as it was then."""

    id: Annotated[str, Meta(description="of the command")]
    lead_id: str
    occurred_at: str
    command: Literal["outcome", "contacted"]
    result: Literal["converted", "dead", "reopened"] | None = None
    value: float | None = None
    by: str | None = None
    note: str | None = None
    score: float
    band: str
    segment: str | None
    grade: str | None
    fit: Annotated[tuple[str, ...], Meta(description="ids of the fit rules that the profile matches")]
    reasons: tuple[Contribution, ...]
    adjustments: tuple[Adjustment, ...]
    windows: dict[str, dict[str, int]]
    last_alert: LastAlert | None
    model_version: str
