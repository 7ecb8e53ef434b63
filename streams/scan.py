"""Every lead of every lane, brought to one instant, a page at a time: what searches and exports walk through.

Nothing is kept from page to page. The lanes go on meanwhile: each lead is told as it stood when its page was read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from schemas.instants import parse_ms
from scoring.advance import advance
from scoring.lead import Lead
from scoring.notices import BandMove, Notice
from scoring.plan import Plan
from scoring.score import score_now
from scoring.state import decode_lead
from streams.in_force import NEXT_BODY, Models
from streams.standing import Standing, stand

HISTORY_PAGES = (5, 50)
"""Changes of a lead read to find when it entered its band: mostly it is one of the newest; 50 are kept."""

PAGE_LEADS = 500
"""Leads whose states are read at once: some half a megabyte."""

Reaches = Callable[[float], bool]
"""Whether a lead with this upper bound of its score may be asked for."""


class ScanReader(Protocol):
    """What a search reads; `streams.store.Reader` is one."""

    async def meta(self, partition: int) -> Mapping[str, str]:
        """Every field of the lane's meta hash; empty for a lane that was never acquired."""

    async def board_scan(self, partition: int, cursor: int) -> tuple[int, Sequence[tuple[str, float]]]:
        """(lead, upper bound of its score) of every lead, page by page; starts and ends with cursor 0."""

    async def states(self, partition: int, lead_ids: Sequence[str]) -> Sequence[bytes | None]:
        """The packed states of these leads, None for an unknown one."""

    async def history(self, partition: int, lead_id: str, limit: int) -> Sequence[bytes]:
        """The lead's changes, newest first."""


class Found(NamedTuple):
    """A lead brought to the instant of the question. `moved_ms`: when time moved its band after its lane looked."""

    lead_id: str
    partition: int
    plan: Plan
    lead: Lead
    score: float
    moved_ms: int | None

    @property
    def gap(self) -> float | None:
        """How many points below the line agreed with sales, None without such a line."""
        line = self.plan.segments[self.lead.segment].threshold
        return None if line is None else line - self.score


class Lanes:
    """The lanes of a store, for one question at `now_ms`."""

    def __init__(self, reader: ScanReader, now_ms: int) -> None:
        self.now_ms = now_ms
        self._reader = reader
        self._models = Models(reader)

    async def plans(self, partitions: Iterable[int]) -> list[Plan]:
        """The plans under which leads of these lanes count: two for a lane that is being given another model."""
        found = []
        for partition in partitions:
            meta = await self._models.look(partition)
            if "model_ordinal" in meta:
                ordinal = int(meta["model_ordinal"])
                found.append(await self._models.plan(partition, ordinal))
                if meta.get(NEXT_BODY):
                    found.append(await self._models.plan(partition, ordinal + 1))
        return found

    async def pages(self, partition: int, reaches: Reaches) -> AsyncIterator[list[Found]]:
        """Every lead of a lane whose upper bound reaches what is asked for, page by page."""
        await self._models.look(partition)
        cursor, is_first = 0, True
        while cursor or is_first:
            cursor, scanned = await self._reader.board_scan(partition, cursor)
            is_first = False
            ids = [lead_id for lead_id, bound in scanned if reaches(bound)]
            for start in range(0, len(ids), PAGE_LEADS):
                yield await self._read(partition, ids[start : start + PAGE_LEADS])

    async def entered_ms(self, found: Found) -> int | None:
        """When the lead entered its band, None if that is longer ago than is remembered."""
        if found.moved_ms is not None:
            return found.moved_ms
        for limit in HISTORY_PAGES:
            history = await self._reader.history(found.partition, found.lead_id, limit)
            for value in history:
                change = _decode_change(value)
                if change.kind == "band":
                    return parse_ms(change.occurred_at)
            if len(history) < limit:
                return None
        return None

    async def _read(self, partition: int, ids: Sequence[str]) -> list[Found]:
        found = []
        for lead_id, state in zip(ids, await self._reader.states(partition, ids), strict=True):
            if state is not None:
                lead = decode_lead(state)
                plan = await self._models.plan(partition, lead.model)
                found.append(_bring(plan, lead, lead_id, partition, self.now_ms))
        return found


async def everybody(reader: ScanReader, partitions: Iterable[int], now_ms: int) -> AsyncIterator[list[Found]]:
    """Every lead of every lane, page by page; each once, or twice if Redis reorganises the lane meanwhile.

    Raises ModelChanging, and whatever the reader raises.
    """
    lanes = Lanes(reader, now_ms)
    for partition in partitions:
        async for page in lanes.pages(partition, lambda _: True):
            yield page


def standing_of(found: Found) -> Standing:
    """All about the lead."""
    return stand(found.plan, found.lead, found.lead_id, found.partition, found.lead.as_of)


def _bring(plan: Plan, lead: Lead, lead_id: str, partition: int, now_ms: int) -> Found:
    notices: list[Notice] = []
    advance(plan, lead, now_ms, notices)
    moves = [each.at_ms for each in notices if isinstance(each.moved, BandMove)]
    score = score_now(plan, lead)
    return Found(lead_id, partition, plan, lead, score, moves[-1] if moves else None)


class _Change(msgspec.Struct):
    """As much of a change as is asked for."""

    kind: str
    occurred_at: str


_decode_change = msgspec.json.Decoder(_Change).decode
