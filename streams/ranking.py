"""Who stands highest now: exactly, over all lanes, without reading every lead.

A lane's board holds for each lead an upper bound of its score from now on, if nothing else comes. So:

    1 read a page of the board from the top
    2 score its leads exactly at now, each under its own model
    3 stop as soon as the next bound is no higher than the score of the last place on the list

Searches by other things than the score have to look at every lead: `search`.

A lead that rises while pages are read may pass from a page ahead to one already read; so a lane is walked again
until a walk meets no lead that is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from scoring.lead import Lead
from scoring.plan import Plan
from scoring.score import Curve
from scoring.state import decode_lead
from streams.in_force import Models
from streams.standing import Standing, stand

PAGE_LEADS = 500
"""Leads of one page: some half a megabyte of states, and 20 ms to score them."""

WALKS_MAX = 5
"""Walks of one lane. Leads that rise between walks rise again between the next two: there is no end to wait for."""


class BoardReader(Protocol):
    """What a ranking reads; `streams.store.Reader` is one."""

    async def meta(self, partition: int) -> Mapping[str, str]:
        """Every field of the lane's meta hash; empty for a lane that was never acquired."""

    async def board(self, partition: int, start: int, limit: int) -> Sequence[tuple[str, float]]:
        """(lead, upper bound of its score), highest first, from rank `start`."""

    async def states(self, partition: int, lead_ids: Sequence[str]) -> Sequence[bytes | None]:
        """The packed states of these leads, None for an unknown one."""


@dataclass(frozen=True, slots=True)
class _Scored:
    lead_id: str
    partition: int
    score: float
    plan: Plan
    lead: Lead


async def rank(reader: BoardReader, partitions: Iterable[int], limit: int, now_ms: int) -> list[Standing]:
    """The `limit` leads with the highest scores at `now_ms`, highest first (ties: by lead).

    Which of several leads with the score of the last place is on the list is left to chance: thousands may
    stand at the top of the scale. A lead beyond now, because a sender's clock is ahead, is scored where it stands.
    Raises ModelChanging, and whatever the reader raises.
    """
    ranking = _Ranking(reader, limit, now_ms)
    for partition in partitions:
        await ranking.read_lane(partition)
    return [stand(scored.plan, scored.lead, scored.lead_id, scored.partition, now_ms) for scored in ranking.best]


class _Ranking:
    """The best so far, over the lanes read so far."""

    def __init__(self, reader: BoardReader, limit: int, now_ms: int) -> None:
        self.best: list[_Scored] = []
        self._reader = reader
        self._models = Models(reader)
        self._limit = limit
        self._now_ms = now_ms

    async def read_lane(self, partition: int) -> None:
        """Walk the lane's board until nothing on it can come onto the list."""
        await self._models.look(partition)
        met: set[str] = set()
        for _ in range(WALKS_MAX):
            before = len(met)
            await self._walk(partition, met)
            if len(met) == before:
                return

    async def _walk(self, partition: int, met: set[str]) -> None:
        start, last_bound = 0, float("inf")
        while last_bound > self._floor:
            page = await self._reader.board(partition, start, PAGE_LEADS)
            floor = self._floor
            new = [lead_id for lead_id, bound in page if lead_id not in met and bound > floor]
            met.update(new)
            await self._read_leads(partition, new)
            if len(page) < PAGE_LEADS:
                return
            start, last_bound = start + PAGE_LEADS, page[-1][1]

    async def _read_leads(self, partition: int, lead_ids: Sequence[str]) -> None:
        states = await self._reader.states(partition, lead_ids)
        for lead_id, state in zip(lead_ids, states, strict=True):
            if state is not None:
                lead = decode_lead(state)
                plan = await self._models.plan(partition, lead.model)
                score = Curve(plan, lead).score(max(self._now_ms, lead.as_of))
                self.best.append(_Scored(lead_id, partition, score, plan, lead))
        self.best.sort(key=lambda scored: (-scored.score, scored.lead_id))
        del self.best[self._limit :]

    @property
    def _floor(self) -> float:
        """A lead that cannot score higher does not come onto the list."""
        return self.best[-1].score if len(self.best) == self._limit else float("-inf")
