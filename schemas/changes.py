"""A change: what is published when a lead enters or leaves a band, with its reasons."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Cause(StrEnum):
    """What made the change."""

    SIGNAL = "signal"
    TIME = "time"
    MODEL = "model"


class Contribution(BaseModel):
    """What one rule, window or the inactivity gives or takes now."""

    model_config = ConfigDict(frozen=True)

    rule: str
    points: float
    what: str = Field(description="the same in words")


class Adjustment(BaseModel):
    """What a clamp cut off (negative) or filled up (positive)."""

    model_config = ConfigDict(frozen=True)

    what: str
    points: float


class Change(BaseModel):
    """One record of `lead.score-changes`. Reasons and adjustments sum to the score (to 1e-6)."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)

    change_id: str = Field(description="the same whenever the same change is made again, by a replay too")
    timeline: int = Field(description="higher after Redis has lost acknowledged commits")
    seq: int = Field(description="counts the changes of a partition without a gap")
    lead_id: str
    kind: str = "band"
    from_: str = Field(alias="from", description="the band before, `cold` below the first")
    to: str
    direction: str = Field(description="up or down")
    alert: bool = Field(description="sales should know now")
    occurred_at: str
    score: float
    previous_score: float = Field(description="the score after the lead's input or fall before this one")
    threshold: float | None = Field(description="the `enter` of the highest band that alerts")
    cause: Cause
    reasons: tuple[Contribution, ...]
    adjustments: tuple[Adjustment, ...]
    windows: dict[str, dict[str, int]] = Field(description="signals by kind over 24 h, 7 d and 30 d")
    falls_at: str | None = Field(description="when the lead leaves the band if nothing else happens")
    model_version: str
