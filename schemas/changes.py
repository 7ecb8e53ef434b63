"""A change: what is published when a lead enters or leaves a band, surges, or is flagged; with its reasons.

Records of ours are structs and no pydantic models: they are right as they are made, there is one for each fifty
events, and a struct is made and written in a tenth of the time.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct


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


class Contribution(Struct, frozen=True, gc=False):
    """What one rule, window or the inactivity gives or takes now."""

    rule: str
    points: float
    what: Annotated[str, Meta(description="the same in words")]


class Adjustment(Struct, frozen=True, gc=False):
    """What a clamp cut off (negative) or filled up (positive)."""

    what: str
    points: float


class FlagChange(Struct, frozen=True, kw_only=True):
    """A red flag that came or went."""

    reason: str
    action: Literal["raised", "lifted", "expired"]
    by: Annotated[str | None, Meta(description="who raised it; `fit` for a rule of the model")] = None
    until: str | None = None
    cap: Annotated[float | None, Meta(description="the score is at most this while the flag is up")] = None


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"from_": "from"}):
    """One record of `lead.score-changes`. Reasons and adjustments sum to the score (to 1e-6).

    `kind` says which of the optional members are there: `band` has from, to and direction; `surge` has rise, usual
    and kinds; `flag` has flag. The others of these are left out.
    """

    change_id: Annotated[str, Meta(description="the same whenever the same change is made again, by a replay too")]
    timeline: Annotated[int, Meta(description="higher after Redis has lost acknowledged commits")]
    seq: Annotated[int, Meta(description="counts the changes of a partition without a gap")]
    lead_id: str
    kind: Literal["band", "surge", "flag"]
    from_: Annotated[str | None, Meta(description="the band before, `cold` below the first")] = None
    to: str | None = None
    direction: Literal["up", "down"] | None = None
    flag: FlagChange | None = None
    rise: Annotated[float | None, Meta(description="positive points counted within the surge's time")] = None
    usual: Annotated[float | None, Meta(description="what this lead usually gathers in such a time")] = None
    kinds: Annotated[tuple[str, ...] | None, Meta(description="kinds of the signals that made the surge")] = None
    alert: Annotated[bool, Meta(description="sales should know now")]
    occurred_at: str
    score: float
    previous_score: Annotated[float, Meta(description="just before the input; one second before a fall")]
    threshold: Annotated[float | None, Meta(description="the `enter` of the highest band that alerts")]
    cause: Cause
    reasons: tuple[Contribution, ...]
    adjustments: tuple[Adjustment, ...]
    windows: Annotated[dict[str, dict[str, int]], Meta(description="signals by kind over 24 h, 7 d and 30 d")]
    grade: Annotated[str | None, Meta(description="such as B2: who the lead is, and what it does")]
    segment: Annotated[str | None, Meta(description="the persona whose lines count")]
    falls_at: Annotated[str | None, Meta(description="when the lead leaves the band if nothing else happens")]
    model_version: str
