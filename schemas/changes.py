"""A change: what is published when a lead enters or leaves a band, surges, or is flagged; with its reasons."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer


class Cause(StrEnum):
    """What made the change."""

    SIGNAL = "signal"
    PROFILE = "profile"
    FLAG = "flag"
    RETRACT = "retract"
    TIME = "time"
    MODEL = "model"
    REBUILD = "rebuild"
    """Nothing happened: what was said before was wrong, and no change says what is right."""


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


class FlagChange(BaseModel):
    """A red flag that came or went."""

    model_config = ConfigDict(frozen=True)

    reason: str
    action: Literal["raised", "lifted", "expired"]
    by: str | None = Field(default=None, description="who raised it; `fit` for a rule of the model")
    until: str | None = None
    cap: float | None = Field(default=None, description="the score is at most this while the flag is up")


class Change(BaseModel):
    """One record of `lead.score-changes`. Reasons and adjustments sum to the score (to 1e-6).

    `kind` says which of the optional members are there: `band` has from, to and direction; `surge` has rise, usual
    and kinds; `flag` has flag. The others of these are left out.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)

    change_id: str = Field(description="the same whenever the same change is made again, by a replay too")
    timeline: int = Field(description="higher after Redis has lost acknowledged commits")
    seq: int = Field(description="counts the changes of a partition without a gap")
    lead_id: str
    kind: Literal["band", "surge", "flag"] = "band"
    from_: str | None = Field(default=None, alias="from", description="the band before, `cold` below the first")
    to: str | None = None
    direction: Literal["up", "down"] | None = None
    flag: FlagChange | None = None
    rise: float | None = Field(default=None, description="positive points counted within the surge's time")
    usual: float | None = Field(default=None, description="what this lead usually gathers in such a time")
    kinds: tuple[str, ...] | None = Field(default=None, description="kinds of the signals that made the surge")
    alert: bool = Field(description="sales should know now")
    occurred_at: str
    score: float
    previous_score: float = Field(description="just before the input; one second before a fall")
    threshold: float | None = Field(description="the `enter` of the highest band that alerts")
    cause: Cause
    reasons: tuple[Contribution, ...]
    adjustments: tuple[Adjustment, ...]
    windows: dict[str, dict[str, int]] = Field(description="signals by kind over 24 h, 7 d and 30 d")
    grade: str | None = Field(default=None, description="such as B2: who the lead is, and what it does")
    segment: str | None = Field(default=None, description="the persona whose lines count")
    falls_at: str | None = Field(description="when the lead leaves the band if nothing else happens")
    model_version: str

    @model_serializer(mode="wrap")
    def _only_of_its_kind(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        members: dict[str, object] = handler(self)
        for name in _OF_A_KIND:
            if members.get(name) is None:
                members.pop(name, None)
        return members


_OF_A_KIND = ("from", "from_", "to", "direction", "flag", "rise", "usual", "kinds")
