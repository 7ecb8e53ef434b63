"""A command: what people decide. Commands are inputs like any other, ordered with what the leads do."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.signals import Identifier, InstantMs


class ModelCommand(BaseModel):
    """Another scoring model from here on: one record in every partition, in one transaction, without a key."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: Identifier
    occurred_at: InstantMs
    command: Literal["model"]
    version: Identifier
    body: str
