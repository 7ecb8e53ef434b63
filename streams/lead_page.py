"""One lead as it is now: all that the stored state says of it, for the command line and the console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from schemas.changes import Change
from schemas.codec import decode_change
from schemas.profiles import Field
from scoring.bounds import NEWEST_MAX
from scoring.explain import rolling_counts
from scoring.lead import Lead
from scoring.memory import counted_by, rules_of, slot_of
from scoring.plan import Plan
from scoring.profile import decode_profile
from scoring.state import decode_lead
from streams.in_force import Models
from streams.standing import NextMove, Standing, next_move, stand

HISTORY_SHOWN = 20
"""Changes of a lead: half a year of the liveliest ones."""


class LeadReader(Protocol):
    """What a lead's page reads; `streams.store.Reader` is one."""

    async def meta(self, partition: int) -> Mapping[str, str]:
        """Every field of the lane's meta hash; empty for a lane that was never acquired."""

    async def lead_state(self, partition: int, lead_id: str) -> bytes | None:
        """The lead's packed state, None for an unknown one."""

    async def profiles(self, partition: int, lead_ids: Sequence[str]) -> Sequence[bytes | None]:
        """The packed profiles of these leads, None where nothing is known."""

    async def history(self, partition: int, lead_id: str, limit: int) -> Sequence[bytes]:
        """The lead's changes, newest first."""


class NewestSignal(NamedTuple):
    """A signal that the lead remembers: when it occurred, its kind, the points that it gave or took when it came.

    `rules` are those that counted it, as the model in force names them; none may have. What was retracted gives 0.
    """

    occurred_ms: int
    kind: str
    points: int
    rules: tuple[str, ...]
    is_retracted: bool


class ProfileField(NamedTuple):
    """A field of the profile, and when it was so."""

    name: str
    value: Field
    occurred_ms: int


@dataclass(frozen=True, slots=True)
class LeadPage:
    """Where the lead stands, and what led there. `signals` are the newest first, at most 32."""

    standing: Standing
    next_move: NextMove | None
    windows: dict[str, dict[str, int]]
    signals: tuple[NewestSignal, ...]
    profile: tuple[ProfileField, ...]
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
    (stored,) = await reader.profiles(partition, [lead_id])
    fields = decode_profile(stored).fields
    changes = await reader.history(partition, lead_id, HISTORY_SHOWN)
    return LeadPage(
        standing=stand(plan, lead, lead_id, partition, now_ms),
        next_move=next_move(plan, lead),
        windows=rolling_counts(plan, lead, lead.as_of),
        signals=newest_signals(plan, lead),
        profile=tuple(ProfileField(name, value, at_ms) for name, (at_ms, value) in sorted(fields.items())),
        history=tuple(decode_change(change) for change in changes),
    )


def newest_signals(plan: Plan, lead: Lead) -> tuple[NewestSignal, ...]:
    """The newest 32 accepted signals by arrival, in the order in which they occurred, the newest first."""
    kept = zip(lead.occurred[-NEWEST_MAX:], lead.facts[-NEWEST_MAX:], strict=True)
    return tuple(sorted((_signal(plan, *each) for each in kept), key=lambda each: -each.occurred_ms))


def _signal(plan: Plan, occurred_ms: int, fact: int) -> NewestSignal:
    kind = plan.slots[slot_of(fact)]
    counted = [rule for rule in kind.rules if rule.bit & rules_of(fact)]
    return NewestSignal(
        occurred_ms=occurred_ms,
        kind=plan.kinds[kind.slot],
        points=sum(rule.points for rule in counted),
        rules=tuple(plan.model.rules[rule.slot].id for rule in counted),
        is_retracted=rules_of(fact) != counted_by(fact),
    )
