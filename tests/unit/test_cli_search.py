"""Searches find exactly the leads that are asked for, over all lanes, and read no more than they must."""

from __future__ import annotations

import random
from typing import Any

import pytest

from schemas.instants import DAY_MS, HOUR_MS, format_ms, parse_ms
from scoring.advance import advance
from scoring.offline import FileScorer
from scoring.state import decode_lead, encode_lead
from streams.scan import Found, everybody
from streams.search import Missing, UnknownName, Wanted, missing, search
from streams.standing import next_move
from tests.support.doubles.scored import WHOLE, ScoredLeads, command, profile, scored, signal

NOW = "2026-11-23T09:30:00Z"
NOW_MS = parse_ms(NOW)
KINDS = ("email.opened", "email.clicked", "webinar.signed_up", "form.submitted", "page.viewed")


def random_lane(seed: int, leads: int = 40) -> FileScorer:
    """Leads with up to a dozen signals of the last 60 days, most with a profile, some with a flag or an outcome."""
    source = random.Random(seed)
    lines = [line for number in range(leads) for line in _random_lead(source, f"L-{seed}-{number:03}")]
    return scored(lines, WHOLE)


def _random_lead(source: random.Random, lead_id: str) -> list[bytes]:
    times = sorted(NOW_MS - source.randrange(60 * DAY_MS) for _ in range(source.randrange(1, 12)))
    lines = [signal(lead_id, source.choice(KINDS), format_ms(at), webinar_id=f"w{at}") for at in times]
    at = format_ms(times[-1])
    if source.random() < 0.7:
        size, title = source.choice((10, 2_000)), source.choice(("VP Sales", "Clerk"))
        lines.append(profile(lead_id, at, company_size=size, job_title=title, budget=source.choice((0, 20_000))))
    if source.random() < 0.1:
        until = format_ms(NOW_MS + source.randrange(1, 90) * DAY_MS)
        lines.append(command(lead_id, "flag", at, reason="doubt", cap=source.choice((20, 50)), until=until))
    if source.random() < 0.1:
        lines.append(command(lead_id, "outcome", at, result="dead"))
    return lines


@pytest.fixture(scope="module")
def lanes() -> ScoredLeads:
    """Three lanes of forty leads, the stored states as old as their last input."""
    return ScoredLeads({number: random_lane(number) for number in range(3)}, WHOLE)


async def all_of(reader: ScoredLeads) -> list[Found]:
    """Every lead, brought to now."""
    return [found async for page in everybody(reader, range(3), NOW_MS) for found in page]


async def ids(reader: ScoredLeads, limit: int = 500, **wanted: Any) -> list[str]:
    """The leads that a search finds, in its order."""
    return [found.lead_id for found in await search(reader, range(3), Wanted(**wanted), limit, NOW_MS)]


async def test_everybody_comes_once_and_as_the_scorer_has_it(lanes: ScoredLeads) -> None:
    """Scores, bands and flags are those of the file's scorer, advanced to the same instant."""
    found = {each.lead_id: each for each in await all_of(lanes)}
    assert len(await all_of(lanes)) == len(found) == 120
    for number in range(3):
        for report in random_lane(number).finish(NOW_MS)["leads"]:
            each = found[report["lead_id"]]
            assert (each.score, each.plan.names[each.lead.band]) == (report["score"], report["band"])


@pytest.mark.parametrize("band", ["cold", "warm", "hot"])
async def test_a_band_is_that_of_now(lanes: ScoredLeads, band: str) -> None:
    """Leads that have fallen since their lane looked at them are where they are now; highest first."""
    expected = [each for each in await all_of(lanes) if each.plan.names[each.lead.band] == band]
    expected.sort(key=lambda each: (-each.score, each.lead_id))
    assert expected
    assert await ids(lanes, band=band) == [each.lead_id for each in expected]
    assert await ids(lanes, limit=3, band=band) == [each.lead_id for each in expected[:3]]


async def test_segments_and_grades(lanes: ScoredLeads) -> None:
    """By name, `none` for those of no segment; a grade as a whole, by letter, by number."""
    reports = [lead for number in range(3) for lead in random_lane(number).finish(NOW_MS)["leads"]]
    for name in ("enterprise", "none"):
        expected = {lead["lead_id"] for lead in reports if (lead["segment"] or "none") == name}
        assert set(await ids(lanes, segment=name)) == expected
    assert {lead["grade"] for lead in reports} >= {"A4", "C3"}
    for wanted in ("A4", "C", "3"):
        expected = {lead["lead_id"] for lead in reports if wanted in str(lead["grade"])}
        assert set(await ids(lanes, grade=wanted)) == expected


async def test_quiet_leads_engaged_last_that_long_ago(lanes: ScoredLeads) -> None:
    """Those who never engaged are not quiet: nothing was ever to be heard of them."""
    quiet = {each.lead_id for each in await all_of(lanes) if NOW_MS - each.lead.latest >= 14 * DAY_MS}
    assert set(await ids(lanes, quiet_ms=14 * DAY_MS)) == quiet
    reader = ScoredLeads({0: scored([profile("L-1", NOW, budget=1)], WHOLE)}, WHOLE)
    assert await search(reader, [0], Wanted(quiet_ms=HOUR_MS), 10, NOW_MS + DAY_MS) == []


async def test_since_is_when_the_band_was_entered(lanes: ScoredLeads) -> None:
    """By the newest change of band, also one that no lane has written yet; who never changed is not listed."""
    since_ms = NOW_MS - 20 * DAY_MS
    expected = set()
    for number in range(3):
        scorer = random_lane(number)
        scorer.finish(NOW_MS)
        bands = {change.lead_id: change.occurred_at for change in scorer.changes if change.kind == "band"}
        expected |= {lead_id for lead_id, at in bands.items() if parse_ms(at) >= since_ms}
    assert expected
    assert set(await ids(lanes, since_ms=since_ms)) == expected


async def test_all_that_is_asked_must_hold(lanes: ScoredLeads) -> None:
    """Warm leads of an enterprise are both."""
    both = set(await ids(lanes, band="warm")) & set(await ids(lanes, segment="enterprise"))
    assert set(await ids(lanes, band="warm", segment="enterprise")) == both


async def test_an_unknown_name_is_told_with_those_that_there_are(lanes: ScoredLeads) -> None:
    """A mistyped band is no empty list."""
    with pytest.raises(UnknownName, match="no model in force has a band 'hott'; there is cold, hot, warm"):
        await search(lanes, range(3), Wanted(band="hott"), 10, NOW_MS)
    with pytest.raises(UnknownName, match="segment 'b2b'; there is enterprise, none"):
        await search(lanes, range(3), Wanted(segment="b2b"), 10, NOW_MS)


def near_leads() -> ScoredLeads:
    """The line is 70, for the enterprise 60: one lead 5 below each, one far below, one dead, one flagged."""
    lines = []
    for lead_id, size in (("L-near", 10), ("L-dead", 10), ("L-flag", 10), ("L-big", 2_000), ("L-far", 10)):
        lines.append(profile(lead_id, NOW, company_size=size, job_title="VP"))
        lines += [signal(lead_id, "form.submitted", NOW), signal(lead_id, "form.submitted", NOW, second=True)]
    for lead_id in ("L-near", "L-dead", "L-flag"):
        lines.append(signal(lead_id, "email.clicked", NOW))
        lines.append(signal(lead_id, "email.opened", NOW))
        lines.append(signal(lead_id, "email.opened", NOW, second=True))
    lines.append(command("L-dead", "outcome", NOW, result="dead"))
    lines.append(command("L-flag", "flag", NOW, reason="doubt", cap=64))
    lines.append(command("L-far", "flag", NOW, reason="doubt", cap=20))
    return ScoredLeads({0: scored(lines, WHOLE)}, WHOLE)


async def test_nearly_is_below_the_line_of_ones_own_segment() -> None:
    """By the gap, the smallest first; who is dead, far below, or has crossed the line is not listed."""
    found = await search(near_leads(), [0], Wanted(nearly=10.0), 10, NOW_MS)
    assert [(each.lead_id, each.score, each.gap) for each in found] == [
        ("L-big", 55.0, 5.0),
        ("L-near", 65.0, 5.0),
        ("L-flag", 64.0, 6.0),
    ]
    assert await search(near_leads(), [0], Wanted(nearly=1.0), 10, NOW_MS) == []


async def test_what_is_missing_is_what_could_still_lift_it() -> None:
    """Unknown dimensions, silence, and kinds with positive points that never came in 30 days."""
    found, *_ = await search(near_leads(), [0], Wanted(nearly=10.0), 10, NOW_MS)
    kinds = ("email.opened", "email.clicked", "page.viewed", "webinar.signed_up")
    assert missing(found) == Missing(("budget",), None, kinds)
    later, *_ = await search(near_leads(), [0], Wanted(nearly=40.0), 10, NOW_MS + 12 * DAY_MS)
    assert missing(later).quiet_days == 12


async def test_leads_that_cannot_be_near_are_not_read() -> None:
    """The board tells that they are far below every line."""
    low = [signal(f"L-{number:03}", "email.opened", NOW) for number in range(200)]
    reader = ScoredLeads({0: scored(low, WHOLE)}, WHOLE)
    assert await search(reader, [0], Wanted(nearly=10.0), 10, NOW_MS) == []
    assert reader.states_read == 0


async def test_a_store_without_leads_has_none() -> None:
    """A lane that was never acquired has no model either."""
    reader = ScoredLeads({0: scored([])})
    reader.metas[0] = {}
    assert await search(reader, [0], Wanted(band="hot", nearly=5.0), 10, NOW_MS) == []


async def test_the_next_move_of_each_lead_is_what_time_does_to_it(lanes: ScoredLeads) -> None:
    """Brought to that instant by the scorer it moves, and one millisecond before it has not."""
    moving = [(each, move) for each in await all_of(lanes) if (move := next_move(each.plan, each.lead))]
    assert len(moving) > 10
    for each, move in moving:
        for at_ms, band in ((move.at_ms, move.band), (move.at_ms - 1, each.plan.names[each.lead.band])):
            twin = decode_lead(encode_lead(each.lead))
            advance(each.plan, twin, at_ms, [])
            assert each.plan.names[twin.band] == band
