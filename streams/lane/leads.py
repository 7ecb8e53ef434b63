"""The leads that a lane keeps in memory: those it touched last, and those of the batch at hand.

The compare-and-set of the commit makes this safe: if anybody else has written, the commit is refused and the
memory dropped with the lane's position.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from scoring.lead import Lead
from scoring.profile import Profile, decode_profile
from scoring.state import decode_lead
from streams.lane.ports import LaneStore

LOAD_AT_ONCE = 2_000
"""Leads of one read: a few megabytes at most, a few milliseconds of Redis."""


class Leads:
    """A bounded memory of leads by id; the ones used last stay. `hits` were found in it, `misses` not."""

    def __init__(self, store: LaneStore, kept_max: int) -> None:
        self._store = store
        self._kept_max = kept_max
        self._kept: OrderedDict[str, Lead] = OrderedDict()
        self.hits = self.misses = 0

    def __len__(self) -> int:
        return len(self._kept)

    async def load(self, lead_ids: Iterable[str]) -> dict[str, Lead]:
        """Those of these leads that are known, by id."""
        kept = self._kept
        wanted = list(dict.fromkeys(lead_ids))
        missing = [lead_id for lead_id in wanted if lead_id not in kept]
        found = {lead_id: kept[lead_id] for lead_id in wanted if lead_id in kept}
        self.hits += len(found)
        self.misses += len(missing)
        for start in range(0, len(missing), LOAD_AT_ONCE):
            page = missing[start : start + LOAD_AT_ONCE]
            for lead_id, state in zip(page, await self._store.load(page), strict=True):
                if state is not None:
                    found[lead_id] = decode_lead(state)
        return found

    async def load_profiles(self, lead_ids: Iterable[str]) -> dict[str, Profile]:
        """The profiles of these leads; an empty one where nothing is known. They are not kept."""
        wanted = list(dict.fromkeys(lead_ids))
        found: dict[str, Profile] = {}
        for start in range(0, len(wanted), LOAD_AT_ONCE):
            page = wanted[start : start + LOAD_AT_ONCE]
            for lead_id, stored in zip(page, await self._store.load_profiles(page), strict=True):
                found[lead_id] = decode_profile(stored)
        return found

    def drop(self, lead_ids: Iterable[str]) -> None:
        """Forget these."""
        for lead_id in lead_ids:
            self._kept.pop(lead_id, None)

    def keep(self, leads: Mapping[str, Lead]) -> None:
        """Remember these as they now are, and forget the ones not used for longest."""
        kept = self._kept
        for lead_id, lead in leads.items():
            kept[lead_id] = lead
            kept.move_to_end(lead_id)
        while len(kept) > self._kept_max:
            kept.popitem(last=False)
