"""What a rebuild is given beside what a lane is given (`streams/lane/ports.py`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from streams.lane.ports import LaneStore


class Mark(NamedTuple):
    """What the board and the timers say of a lead: an upper bound of its score, and when its timer is due."""

    bound: float | None
    timer_ms: int | None


class RebuildStore(LaneStore, Protocol):
    """The keys of one lane, those in use or the draft's."""

    async def meta(self) -> Mapping[str, str]:
        """Every field of meta; takes no ownership."""

    async def histories(self, lead_ids: Sequence[str]) -> Sequence[Sequence[bytes]]:
        """The changes kept of each of these leads, oldest first."""

    async def marks(self, lead_ids: Sequence[str]) -> Sequence[Mark]:
        """What the board and the timers say of each of these leads."""

    async def outcomes(self, after: str) -> Sequence[tuple[str, bytes]]:
        """(place, record) of what became of leads, in order, from behind a place ('' for the first) on."""

    def every_lead(self) -> AsyncIterator[Sequence[str]]:
        """Whoever is named by any key, page by page; many come several times."""

    async def empty(self) -> None:
        """Removes all erasures and all outcomes. Raises Fenced."""

    async def remove(self) -> None:
        """Removes all that is one per lane, meta included. Raises Fenced."""

    async def settle(self, ver: int, fields: Mapping[str, str], removed: Sequence[str]) -> bool:
        """Write and remove fields of meta at once, if the lane stands at `ver`; False: it does not."""
