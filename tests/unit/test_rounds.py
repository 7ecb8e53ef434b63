"""Leads counted by band: as many as there are, without reading those that can be in none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from streams import rounds
from streams.facts import LaneCount
from streams.rounds import count_lane, lowest_line
from streams.store import Counts
from tests.support.doubles.scored import WHOLE, ScoredLeads, scored, signal

AT = "2026-11-20T10:00:00Z"


class Board(ScoredLeads):
    """One lane of 30 leads, each with up to four webinars and ten forms: cold, warm and hot ones."""

    def __init__(self) -> None:
        lines = [
            signal(f"L-{number}", "webinar.signed_up", AT, webinar_id=f"w-{webinar}")
            for number in range(30)
            for webinar in range(number % 5)
        ]
        seen = [signal(f"L-{number}", "email.opened", AT) for number in range(30)]
        super().__init__({0: scored([*lines, *seen], WHOLE)}, WHOLE)
        self.scorer = self.scorers[0]

    async def counts(self, partition: int) -> Counts:
        """As the reader's."""
        return Counts(len(self.scorer.leads), 4, 0)


@pytest.mark.parametrize("page", [1, 7, 200])
async def test_a_count_finds_every_lead_of_every_band(page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of a page; the cold ones are what is left of all, and most of them are not read."""
    monkeypatch.setattr(rounds, "PAGE_LEADS", page)
    monkeypatch.setattr(rounds, "PAUSE_S", 0.0)
    board = Board()
    plan = board.scorer.plan
    held = [plan.names[lead.band] for lead in board.scorer.leads.values()]
    assert set(held) == {"cold", "warm", "hot"}
    assert await count_lane(board, 0, plan) == LaneCount({name: held.count(name) for name in plan.names}, 4)
    assert board.states_read < len(held)


async def test_a_lead_that_is_erased_meanwhile_is_in_no_band(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its place on the board is read before its state."""
    board = Board()

    async def gone(partition: int, lead_ids: Sequence[str]) -> list[bytes | None]:
        return [None for _ in lead_ids]

    monkeypatch.setattr(board, "states", gone)
    counted = await count_lane(board, 0, board.scorer.plan)
    assert (counted.bands["warm"], counted.bands["hot"]) == (0, 0)


def test_the_lowest_line_is_that_of_any_segment() -> None:
    """Below it nobody is in a band, whoever the lead is."""
    assert lowest_line(scored([signal("L-1", "email.opened", AT)], WHOLE).plan) == 32.0
