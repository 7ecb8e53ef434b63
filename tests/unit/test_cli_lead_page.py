"""A lead's page says what the state says, at this moment."""

from __future__ import annotations

import pytest

from schemas.instants import DAY_MS, format_ms, parse_ms
from scoring.offline import FileScorer
from streams.cli.lead import _lines
from streams.lead_page import read_page
from tests.support.doubles.scored import ScoredLeads, scored, signal

NOW_MS = parse_ms("2026-11-23T09:30:00Z")


class Clock:
    """Stands at NOW_MS."""

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return NOW_MS

    def monotonic_s(self) -> float:
        """Seconds."""
        return 0.0


def a_warm_lead() -> FileScorer:
    """Two forms and a page on the day before: 50 points, no more than 45 of them for the group."""
    forms = [signal("L-1", "form.submitted", f"2026-11-22T1{hour}:00:00Z") for hour in (0, 1)]
    pages = [signal("L-1", "page.viewed", f"2026-11-22T12:0{minute}:00Z") for minute in range(3)]
    return scored([*forms, *pages])


async def test_the_parts_sum_to_the_score_and_the_fall_is_when_the_scorer_falls() -> None:
    """The same lead, advanced by the file's scorer to that instant, leaves its band there and not before."""
    page = await read_page(ScoredLeads({0: a_warm_lead()}), 0, "L-1", NOW_MS)
    assert page is not None
    assert (page.score, page.band, page.at_ms, page.threshold) == (45.0, "warm", NOW_MS, 70.0)
    assert sum(each.points for each in (*page.contributions, *page.adjustments)) == pytest.approx(page.score)
    assert page.windows["page.viewed"] == {"24h": 3, "7d": 3, "30d": 3}
    assert [change.to for change in page.history] == ["warm"]
    assert page.falls_ms is not None
    scorer = a_warm_lead()
    changes = scorer.finish(page.falls_ms)["changes"]
    assert [(change.to, change.occurred_at) for change in changes[1:]] == [("cold", format_ms(page.falls_ms))]
    assert len(a_warm_lead().finish(page.falls_ms - 1)["changes"]) == 1


async def test_a_fall_that_is_past_is_not_ahead() -> None:
    """Nobody has advanced the stored lead for two months: it is shown cold, with nothing ahead."""
    page = await read_page(ScoredLeads({0: a_warm_lead()}), 0, "L-1", NOW_MS + 60 * DAY_MS)
    assert page is not None
    assert (page.band, page.falls_ms) == ("cold", None)


async def test_an_unknown_lead_has_no_page() -> None:
    """None, and no error: the caller says it in its own words."""
    assert await read_page(ScoredLeads({0: a_warm_lead()}), 0, "L-2", NOW_MS) is None


async def test_the_page_as_text() -> None:
    """Score, band, the sum, the rolling counts, what comes, and what was."""
    page = await read_page(ScoredLeads({0: a_warm_lead()}), 0, "L-1", NOW_MS)
    assert page is not None
    text = "\n".join(_lines(page, Clock()))
    assert text.startswith("L-1   45.0 ████▌       warm\nat 2026-11-23T09:30:00Z, lane 0, by model small")
    assert "limit of the group intent" in text
    assert "45.00  in all" in text
    assert "page.viewed" in text
    assert "leaves warm at 202" in text
    assert "changes, the newest first" in text
