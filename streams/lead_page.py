"""One lead as it is now: all that the stored state says of it, for the command line and the console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.changes import Adjustment, Change, Contribution
from scoring.notices import Notice
from scoring.explain import explain, rolling_counts
from scoring.falls import find_fall
from scoring.advance import advance
from scoring.lead import NEVER, decode_lead
from scoring.score import Curve
from streams.in_force import Models

HISTORY_SHOWN = 20
"""Changes of a lead: half a year of the liveliest ones."""


class LeadReader(Protocol):
    """What a lead's page reads; `streams.store.Reader` is one."""

    async def meta(self, partition: int) -> Mapping[str, str]:
        """Every field of the lane's meta hash; empty for a lane that was never acquired."""

    async def lead_state(self, partition: int, lead_id: str) -> bytes | None:
        """The lead's packed state, None for an unknown one."""

    async def history(self, partition: int, lead_id: str, limit: int) -> Sequence[bytes]:
        """The lead's changes, newest first."""


@dataclass(frozen=True, slots=True)
class LeadPage:
    """Instants are milliseconds since 1970. Contributions and adjustments sum to the score.

    `at_ms` is the instant of all this: now, or where the lead stands if a sender's clock is ahead. `falls_ms` is
    when it leaves its band if nothing else comes.
    """

    lead_id: str
    partition: int
    at_ms: int
    score: float
    band: str
    scale: tuple[float, float]
    threshold: float | None
    contributions: tuple[Contribution, ...]
    adjustments: tuple[Adjustment, ...]
    windows: dict[str, dict[str, int]]
    falls_ms: int | None
    last_engaged_ms: int | None
    machine_signals: int
    model_version: str
    history: tuple[Change, ...]


async def read_page(reader: LeadReader, partition: int, lead_id: str, now_ms: int) -> LeadPage | None:
    """The lead at `now_ms`, None for an unknown one. Raises ModelChanging, and whatever the reader raises."""
    models = Models(reader)
    await models.look(partition)
    state = await reader.lead_state(partition, lead_id)
    if state is None:
        return None
    lead = decode_lead(state)
    plan = await models.plan(partition, lead.model)
    notices: list[Notice] = []
    advance(plan, lead, now_ms, notices)
    contributions, adjustments = explain(plan, lead, lead.as_of)
    falls_ms = NEVER if lead.wake == NEVER else find_fall(plan, lead, lead.wake)
    changes = await reader.history(partition, lead_id, HISTORY_SHOWN)
    return LeadPage(
        lead_id=lead_id,
        partition=partition,
        at_ms=lead.as_of,
        score=Curve(plan, lead).score(lead.as_of),
        band=plan.names[lead.band],
        scale=plan.scale,
        threshold=plan.model.threshold,
        contributions=contributions,
        adjustments=adjustments,
        windows=rolling_counts(plan, lead, lead.as_of),
        falls_ms=None if falls_ms == NEVER else falls_ms,
        last_engaged_ms=None if lead.latest == NEVER else lead.latest,
        machine_signals=lead.machines,
        model_version=plan.model.version,
        history=tuple(Change.model_validate_json(change) for change in changes),
    )
