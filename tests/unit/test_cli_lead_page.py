"""A lead's page says what the state says, at this moment, in words that sales understands."""

from __future__ import annotations

import pytest

from schemas.instants import DAY_MS, format_ms, parse_ms
from scoring.offline import FileScorer
from streams.cli.lead import _lines, page_members
from streams.lead_page import LeadPage, read_page
from tests.support.doubles.scored import WHOLE, ScoredLeads, command, profile, scored, signal

NOW = "2026-11-23T09:30:00Z"
NOW_MS = parse_ms(NOW)


class Clock:
    """Stands at NOW_MS."""

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return NOW_MS

    def monotonic_s(self) -> float:
        """Seconds."""
        return 0.0


def warm_lines() -> list[bytes]:
    """Two forms and a page on the day before: 50 points, no more than 45 of them for the group."""
    forms = [signal("L-1", "form.submitted", f"2026-11-22T1{hour}:00:00Z") for hour in (0, 1)]
    pages = [signal("L-1", "page.viewed", f"2026-11-22T12:0{minute}:00Z") for minute in range(3)]
    return [*forms, *pages]


def a_warm_lead() -> FileScorer:
    """Under the model without fit."""
    return scored(warm_lines())


async def page_of(scorer: FileScorer, model: str = WHOLE, now_ms: int = NOW_MS) -> LeadPage:
    """The page of L-1."""
    page = await read_page(ScoredLeads({0: scorer}, model), 0, "L-1", now_ms)
    assert page is not None
    return page


async def plain_page(now_ms: int = NOW_MS) -> LeadPage:
    """The page of the warm lead."""
    page = await read_page(ScoredLeads({0: a_warm_lead()}), 0, "L-1", now_ms)
    assert page is not None
    return page


def text_of(page: LeadPage) -> str:
    """The page as text."""
    return "\n".join(_lines(page, Clock()))


async def test_the_parts_sum_to_the_score_and_the_fall_is_when_the_scorer_falls() -> None:
    """The same lead, advanced by the file's scorer to that instant, leaves its band there and not before."""
    page = await plain_page()
    lead = page.standing
    assert (lead.score, lead.band, lead.at_ms, lead.threshold) == (45.0, "warm", NOW_MS, 70.0)
    assert sum(each.points for each in (*lead.contributions, *lead.adjustments)) == pytest.approx(lead.score)
    assert page.windows["page.viewed"] == {"24h": 3, "7d": 3, "30d": 3}
    assert [change.to for change in page.history] == ["warm"]
    assert page.next_move is not None
    assert (page.next_move.band, page.next_move.is_up) == ("cold", False)
    falls_ms = page.next_move.at_ms
    changes = a_warm_lead().finish(falls_ms)["changes"]
    assert [(change.to, change.occurred_at) for change in changes[1:]] == [("cold", format_ms(falls_ms))]
    assert len(a_warm_lead().finish(falls_ms - 1)["changes"]) == 1


async def test_a_fall_that_is_past_is_not_ahead() -> None:
    """Nobody has advanced the stored lead for two months: it is shown cold, with nothing ahead."""
    page = await plain_page(NOW_MS + 60 * DAY_MS)
    assert (page.standing.band, page.next_move) == ("cold", None)


async def test_an_unknown_lead_has_no_page() -> None:
    """None, and no error: the caller says it in its own words."""
    assert await read_page(ScoredLeads({0: a_warm_lead()}), 0, "L-2", NOW_MS) is None


async def test_the_page_as_text() -> None:
    """Score, band, line, what comes, the sum with what was cut, the newest signals, and what was."""
    text = text_of(await plain_page())
    first, second, *_ = text.splitlines()
    assert first == "L-1   45.0 ████▌       warm   25.0 below the line of 70"
    assert second.startswith("falls below 32 and from warm to cold at 202")
    assert "cut off by the limit of the group intent" in text
    assert "45.00  in all" in text
    assert "  21 hours ago  page viewed     +10  page" in text
    assert "in 30 days 5, 3 page viewed, 2 form submitted" in text
    assert "changes, the newest first" in text


def flagged() -> FileScorer:
    """The warm lead, known to be an enterprise, in doubt for a day."""
    who = profile("L-1", NOW, company_size=2_000, job_title="VP Sales", email="ann@gmail.com")
    doubt = command("L-1", "flag", NOW, reason="doubt", by="sales:kim", until="2026-11-24T09:30:00Z", cap=20)
    return scored([*warm_lines(), who, doubt], WHOLE)


async def test_a_flag_is_told_with_who_until_when_and_what_it_cuts_off() -> None:
    """And that the lead comes back when it ends."""
    page = await page_of(flagged())
    lead = page.standing
    assert (lead.score, lead.band, lead.grade, lead.segment, lead.threshold) == (
        20.0,
        "cold",
        "C2",
        "enterprise",
        60,
    )
    assert page.next_move is not None
    assert (page.next_move.at_ms, page.next_move.band, page.next_move.is_up) == (NOW_MS + DAY_MS, "warm", True)
    text = text_of(page)
    assert text.startswith(
        "L-1   20.0 ██          cold   40.0 below the line of 60   grade C2   segment enterprise\ncomes back"
    )
    assert "-30.00  cut off by the red flag doubt" in text
    assert "doubt, raised by sales:kim, until 2026-11-24 09:30 (in 1 day): the score is at most 20" in text
    assert sum(each.points for each in (*lead.contributions, *lead.adjustments)) == pytest.approx(20.0)


async def test_what_is_not_known_is_told_apart_from_nothing() -> None:
    """Authority is known and gives 15, of the budget nothing was ever sent."""
    text = text_of(await page_of(flagged()))
    assert "BANT: authority +15, budget unknown" in text
    assert "  email         ann@gmail.com" in text


async def test_a_rule_s_flag_and_a_status_are_told() -> None:
    """Who raised it is the model; a dead lead says so in its first line."""
    rival = profile("L-1", NOW, company="rival")
    dead = command("L-1", "outcome", NOW, result="dead")
    text = text_of(await page_of(scored([*warm_lines(), rival, dead], WHOLE)))
    assert text.splitlines()[0].endswith("grade C2   dead")
    assert "competitor, raised by the model's fit rules: the score is at most 0" in text


async def test_a_retracted_signal_says_so() -> None:
    """It stays on the list, without points."""
    click = {"id": "e-1", "lead_id": "L-1", "kind": "email.clicked", "occurred_at": "2026-11-23T09:00:00Z"}
    line = b'{"topic":"engagements","value":' + str(click).replace("'", '"').encode() + b"}"
    out = command("L-1", "retract", NOW, kind="email.clicked", signal_id="e-1")
    page = await page_of(scored([*warm_lines(), line, out], WHOLE))
    assert (page.signals[0].kind, page.signals[0].points, page.signals[0].is_retracted) == (
        "email.clicked",
        0,
        True,
    )
    assert "30 minutes ago  email clicked   retracted" in text_of(page)


async def test_only_the_newest_32_signals_are_told() -> None:
    """As many as the state knows for sure."""
    many = [signal("L-1", "email.opened", f"2026-11-23T09:{minute:02}:00Z") for minute in range(30)]
    page = await page_of(scored([*warm_lines(), *many], WHOLE))
    assert len(page.signals) == 32
    assert page.signals[0].occurred_ms == parse_ms("2026-11-23T09:29:00Z")


async def test_the_object_has_everything() -> None:
    """What a console or a script may want to show."""
    members = page_members(await page_of(flagged()))
    assert set(members) == {
        "lead_id", "at", "score", "band", "threshold", "grade", "segment", "status", "contributions", "adjustments",
        "flags", "dimensions", "last_engaged_at", "machine_signals", "model_version", "partition", "windows",
        "falls_at", "next_move", "signals", "profile", "changes",
    }  # fmt: skip
    assert members["flags"] == [
        {"reason": "doubt", "by": "sales:kim", "until": "2026-11-24T09:30:00Z", "cap": 20.0},
    ]
    assert members["next_move"] == {"at": "2026-11-24T09:30:00Z", "to": "warm"}
    assert members["falls_at"] is None
