"""What is recorded when people tell what became of a lead: with what was known of it at that instant."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.changes import Adjustment, Contribution


class LastAlert(BaseModel):
    """The alert that a contact answers."""

    model_config = ConfigDict(frozen=True)

    at: str
    band: str | None = Field(description="the band that alerted; null for a surge")


class OutcomeRecord(BaseModel):
    """One outcome or contact, and the score as it was then."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="of the command")
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
    fit: tuple[str, ...] = Field(description="ids of the fit rules that the profile matches")
    reasons: tuple[Contribution, ...]
    adjustments: tuple[Adjustment, ...]
    windows: dict[str, dict[str, int]]
    last_alert: LastAlert | None
    model_version: str
