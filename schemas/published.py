"""How far the outbox of a lane has been published: the one record that counts in each `leadline.published/p`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Published(BaseModel):
    """One record of `leadline.published`, written in the very transaction that publishes the entries."""

    model_config = ConfigDict(frozen=True)

    timeline: int = Field(description="the timeline of the lane that published")
    outbox: int = Field(description="number of the last outbox entry that was published")
    environment: str = Field(description="the environment of the worker that published")
    lineage: str = Field(description="which scores these are: drawn when a lane is written for the first time")
    tenure: str = Field("", description="which take-over published: the token that the lane's owner had then")
