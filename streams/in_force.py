"""Under which scoring model a stored lead counts: what a reader of scores must know before it reads one.

Each lane has a model of its own in force, in its meta hash, and while it puts another in force some of its
leads are over and some are not. A lead's state carries the ordinal of its model; this file finds the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from scoring.plan import Plan
from streams.lane.position import NEXT_MODEL, plan_of

NEXT_BODY = NEXT_MODEL[1]


class MetaReader(Protocol):
    """Reads the meta hash of a lane."""

    async def meta(self, partition: int) -> Mapping[str, str]:
        """Every field; empty for a lane that was never acquired."""


class ModelChanging(Exception):
    """A lead was brought from one model to another, and on, while it was looked at: asking again will do."""


class Models:
    """The plans of all lanes, by the ordinals that their leads carry. One for each question asked."""

    def __init__(self, reader: MetaReader) -> None:
        self._reader = reader
        self._by_ordinal: dict[tuple[int, int], Plan] = {}

    async def look(self, partition: int) -> Mapping[str, str]:
        """Learn what is in force on a lane; before its states are read. Returns its meta hash."""
        meta = await self._reader.meta(partition)
        ordinal = int(meta.get("model_ordinal", "0"))
        for place, name in ((ordinal, "model_body"), (ordinal + 1, NEXT_BODY)):
            if body := meta.get(name):
                self._by_ordinal[partition, place] = plan_of(body, place)
        return meta

    async def plan(self, partition: int, ordinal: int) -> Plan:
        """The plan of a lead with this ordinal. Raises ModelChanging."""
        if (partition, ordinal) not in self._by_ordinal:
            await self.look(partition)
        found = self._by_ordinal.get((partition, ordinal))
        if found is None:
            raise ModelChanging(
                f"lane {partition} has just been given another scoring model (the lead counts under number "
                f"{ordinal}): ask again"
            )
        return found
