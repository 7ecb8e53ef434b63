"""The ranking is exact: decay, other models and leads that move while it is read included."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from schemas.instants import DAY_MS, HOUR_MS, format_ms, parse_ms
from scoring.document import read_model
from scoring.offline import FileScorer
from scoring.plan import Plan
from scoring.profile import Profile
from scoring.score import Curve
from scoring.succession import succeed
from streams import ranking
from streams.in_force import ModelChanging
from streams.ranking import rank
from tests.support.doubles.scored import MODEL, ScoredLeads, scored, signal

NOW_MS = parse_ms("2026-11-23T09:30:00Z")
KINDS = (
    "email.opened",
    "email.clicked",
    "webinar.signed_up",
    "form.submitted",
    "email.unsubscribed",
    "page.viewed",
)
DOUBLED = MODEL.replace("version: small", "version: doubled").replace("points: 6,", "points: 12,")


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few leads turn pages."""
    monkeypatch.setattr(ranking, "PAGE_LEADS", 5)


def random_lead(source: random.Random, lead_id: str) -> list[bytes]:
    """Up to a dozen signals of the last 60 days."""
    times = sorted(NOW_MS - source.randrange(60 * DAY_MS) for _ in range(source.randrange(1, 12)))
    return [signal(lead_id, source.choice(KINDS), format_ms(at), webinar_id=f"w{at}") for at in times]


def random_lane(seed: int, leads: int) -> FileScorer:
    """A lane's leads."""
    source = random.Random(seed)
    return scored(line for number in range(leads) for line in random_lead(source, f"L-{seed}-{number:03}"))


def by_hand(scorers: Sequence[FileScorer], now_ms: int) -> list[tuple[str, float]]:
    """Every lead's score at now, highest first."""
    scores = [
        (lead_id, Curve(scorer.plan, lead).score(max(now_ms, lead.as_of)))
        for scorer in scorers
        for lead_id, lead in scorer.leads.items()
    ]
    return sorted(scores, key=lambda each: (-each[1], each[0]))


@pytest.mark.parametrize("seed", range(5))
async def test_it_is_what_scoring_every_lead_gives(seed: int) -> None:
    """Over three lanes, at two instants, however long the list."""
    lanes = [random_lane(10 * seed + number, 40) for number in range(3)]
    reader = ScoredLeads(dict(enumerate(lanes)))
    for now_ms in (NOW_MS, NOW_MS + 9 * DAY_MS):
        for limit in (1, 7, 500):
            ranked = await rank(reader, range(3), limit, now_ms)
            expected = by_hand(lanes, now_ms)
            assert [lead.score for lead in ranked] == [score for _, score in expected[:limit]], f"seed {seed}"
            assert {(lead.lead_id, lead.score) for lead in ranked} <= set(expected)
            assert len({lead.lead_id for lead in ranked}) == len(ranked)


async def test_it_reads_no_more_than_it_must() -> None:
    """Of 200 leads that cannot reach the first place only those of the first pages are read."""
    high = [signal("L-high", kind, "2026-11-23T09:00:00Z", webinar_id="w") for kind in KINDS[:4]]
    low = [signal(f"L-{number:03}", "email.opened", "2026-11-23T08:00:00Z") for number in range(200)]
    reader = ScoredLeads({0: scored([*high, *low])})
    (first,) = await rank(reader, [0], 1, NOW_MS)
    assert first.lead_id == "L-high"
    assert reader.states_read <= ranking.PAGE_LEADS


async def test_leads_at_the_top_of_the_scale_are_not_all_read() -> None:
    """Fifty leads with the highest score there is: for the first ten one of the pages does."""
    kinds = ("form.submitted", "webinar.signed_up", "page.viewed")
    lines = [
        signal(f"L-{number:02}", kind, f"2026-11-23T0{hour}:00:00Z", webinar_id=hour)
        for number in range(50)
        for hour in range(4)
        for kind in kinds
    ]
    reader = ScoredLeads({0: scored(lines)})
    assert {lead.score for lead in await rank(reader, [0], 10, NOW_MS)} == {100.0}
    assert reader.states_read == 10


async def test_a_band_that_has_been_left_since_is_not_shown() -> None:
    """No lane need have looked at the lead: what it would find now is shown, with the reasons of now."""
    clicks = [signal("L-1", "form.submitted", f"2026-11-0{day}T09:00:00Z") for day in (1, 2)]
    clicks.append(signal("L-1", "page.viewed", "2026-11-02T09:01:00Z"))
    lane = scored(clicks)
    assert lane.plan.names[lane.leads["L-1"].band] == "warm"
    (lead,) = await rank(ScoredLeads({0: lane}), [0], 10, NOW_MS)
    assert lead.band == "cold"
    assert sum(each.points for each in (*lead.contributions, *lead.adjustments)) == pytest.approx(lead.score)
    assert lead.last_engaged_ms == parse_ms("2026-11-02T09:01:00Z")


async def test_a_lead_ahead_of_now_is_scored_where_it_stands() -> None:
    """A sender's clock that is two minutes ahead gives no score from before the signal."""
    ahead_ms = NOW_MS + 120_000
    lane = scored([signal("L-1", "form.submitted", format_ms(ahead_ms))])
    (lead,) = await rank(ScoredLeads({0: lane}), [0], 10, NOW_MS)
    assert lead.score == 20.0


async def test_nobody_scored_is_an_empty_list() -> None:
    """A lane that was never acquired has no model, and no leads."""
    reader = ScoredLeads({0: scored([])})
    reader.metas[0] = {}
    assert await rank(reader, [0], 10, NOW_MS) == []


class Succession(ScoredLeads):
    """A lane that is putting another model in force: the even leads are over, the odd ones are not."""

    def __init__(self) -> None:
        old = scored(signal(f"L-{number}", "email.clicked", "2026-11-23T09:30:00Z") for number in range(6))
        super().__init__({0: old})
        new = Plan(read_model(DOUBLED), 2)
        for number in (0, 2, 4):
            succeed(old.plan, new, old.leads[f"L-{number}"], Profile(), NOW_MS, [])


async def test_each_lead_is_scored_under_its_own_model() -> None:
    """While a model is being put in force both count."""
    reader = Succession()
    reader.metas[0]["next_model_body"] = DOUBLED
    ranked = await rank(reader, [0], 10, NOW_MS)
    scores = {lead.lead_id: lead.score for lead in ranked}
    assert scores == {"L-0": 12, "L-2": 12, "L-4": 12, "L-1": 6, "L-3": 6, "L-5": 6}
    assert [lead.lead_id for lead in ranked] == ["L-0", "L-2", "L-4", "L-1", "L-3", "L-5"]


async def test_a_model_put_in_force_meanwhile_is_found() -> None:
    """The lane was looked at before its succession began, its leads are read after it."""

    class Late(Succession):
        looks = 0

        async def meta(self, partition: int) -> dict[str, str]:
            self.looks += 1
            later = {"next_model_body": DOUBLED} if self.looks > 1 else {}
            return {**await super().meta(partition), **later}

    assert len(await rank(Late(), [0], 10, NOW_MS)) == 6


async def test_a_model_that_nobody_knows_is_told() -> None:
    """The lane is two models further: whoever asks again gets an answer."""
    with pytest.raises(ModelChanging, match="ask again"):
        await rank(Succession(), [0], 10, NOW_MS)


async def test_a_lead_that_rises_past_the_reader_is_not_missed() -> None:
    """Between the first page and the second the last lead of the board becomes the first."""

    class Rising(ScoredLeads):
        async def board(self, partition: int, start: int, limit: int) -> Sequence[tuple[str, float]]:
            if start > 0 and "L-late" in self.scorers[0].leads:
                for hour in range(4):
                    at = format_ms(NOW_MS - hour * HOUR_MS)
                    self.scorers[0].feed(99, signal("L-late", "form.submitted", at))
                    self.scorers[0].feed(99, signal("L-late", "webinar.signed_up", at, webinar_id=at))
            return await super().board(partition, start, limit)

    early = [signal(f"L-{number}", "email.clicked", "2026-11-23T08:00:00Z") for number in range(12)]
    reader = Rising({0: scored([*early, signal("L-late", "email.opened", "2026-11-23T08:00:00Z")])})
    ranked = await rank(reader, [0], 8, NOW_MS)
    assert ranked[0].lead_id == "L-late"
