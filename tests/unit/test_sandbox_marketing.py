"""The simulated marketing department: repeatable, in order, with the flaws that real traffic has."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice, pairwise

import pytest

from schemas import topics
from schemas.accepted import Signal
from schemas.codec import decode_command, decode_profile, decode_signal
from schemas.commands import FlagCommand, LeadCommand, ModelCommand, OutcomeCommand, UnflagCommand
from schemas.profiles import ProfileUpdate
from schemas.rejected import Reason, Refused
from scoring.advance import advance
from scoring.commands import apply_command
from scoring.document import default_text, read_model
from scoring.emails import email_classes
from scoring.fold import apply_signal
from scoring.lead import Lead
from scoring.notices import BandMove, Notice
from scoring.plan import Plan
from scoring.profile import Profile, apply_profile
from streams.sandbox.marketing import Marketing, SimulatedRecord

NOW_MS = 1_795_000_000_000
DAY_MS = 86_400_000
TOPICS = {"email.opens", "email.clicks", "webinar.signups", "engagements", "lead.profiles", "lead.commands"}

Said = Signal | ProfileUpdate | LeadCommand | ModelCommand


@pytest.fixture(scope="module")
def month() -> list[SimulatedRecord]:
    """The backlog of the demo's size."""
    return list(Marketing(seed=1, leads=2_000, now_ms=NOW_MS).backlog())


def read(record: SimulatedRecord) -> Said | Reason:
    """What the record says, or why the worker would refuse it."""
    try:
        if record.topic == "lead.profiles":
            return decode_profile(record.value, record.timestamp_ms)
        if record.topic == "lead.commands":
            return decode_command(record.value, record.timestamp_ms)
        return decode_signal(record.value, topics.BY_NAME[record.topic].default_kind, record.timestamp_ms)
    except Refused as refused:
        return refused.reason


def minutes_of_life(minutes: float, rate: float = 20.0) -> list[SimulatedRecord]:
    """Live records for so long, at the demo's rate."""
    records = Marketing(seed=1, leads=2_000, now_ms=NOW_MS).live(start_ms=NOW_MS, rate=rate)
    return list(islice(records, int(minutes * 60 * rate)))


def test_the_same_seed_gives_the_same_records() -> None:
    """Seed, leads and the present decide every byte, in the past and live."""
    first, second = (Marketing(seed=7, leads=50, now_ms=NOW_MS) for _ in range(2))
    assert list(first.backlog()) == list(second.backlog())
    lives = [list(islice(each.live(start_ms=NOW_MS, rate=20), 500)) for each in (first, second)]
    assert lives[0] == lives[1]


def test_live_does_not_depend_on_how_far_the_backlog_was_read() -> None:
    """Each stream has its own source of chance."""
    read_before, unread = (Marketing(seed=7, leads=50, now_ms=NOW_MS) for _ in range(2))
    list(read_before.backlog())
    lives = [list(islice(each.live(start_ms=NOW_MS, rate=20), 200)) for each in (read_before, unread)]
    assert lives[0] == lives[1]


def test_another_seed_gives_other_records() -> None:
    """A second demo is not the first one again."""
    first, second = (Marketing(seed=seed, leads=50, now_ms=NOW_MS) for seed in (1, 2))
    assert list(first.backlog()) != list(second.backlog())


def test_the_backlog_is_a_month_in_order_of_kafka_timestamps(month: list[SimulatedRecord]) -> None:
    """Nothing is from the future, nothing older than the days asked for."""
    assert 40_000 < len(month) < 100_000
    assert all(one.timestamp_ms <= other.timestamp_ms for one, other in pairwise(month))
    assert month[0].timestamp_ms >= NOW_MS - 30 * DAY_MS
    assert month[-1].timestamp_ms <= NOW_MS


def test_every_record_is_on_an_input_topic_and_keyed_by_its_lead(month: list[SimulatedRecord]) -> None:
    """A lane checks that the key is the lead of the value."""
    assert {record.topic for record in month} == TOPICS
    for record in month:
        said = read(record)
        if not isinstance(said, Reason | ModelCommand):
            assert record.key.decode() == said.lead_id


def test_most_leads_are_known_and_some_addresses_are_thrown_away(month: list[SimulatedRecord]) -> None:
    """Names and addresses of most, what sales asks of some, and what no list is without."""
    updates = [said for record in month if isinstance(said := read(record), ProfileUpdate)]
    introduced = {update.lead_id: update.fields["email"] for update in updates if "email" in update.fields}
    assert 1_400 < len(introduced) < 1_800
    classes = Counter(each for address in introduced.values() for each in email_classes(address))
    assert classes["disposable"] >= 10
    assert classes["invalid"] == 0
    assert classes["business"] > classes["free"] > classes["role"] > 0
    answers = {update.lead_id for update in updates if {"budget", "need", "timeline"} & update.fields.keys()}
    assert 100 < len(answers) < len(introduced) / 2


def test_sales_doubts_a_few_and_tells_what_became_of_some(month: list[SimulatedRecord]) -> None:
    """Flags now and then, some lifted; calls, deals, and no deals."""
    commands = Counter(said.command for record in month if isinstance(said := read(record), LeadCommand))
    assert 10 <= commands["flag"] <= 60
    assert 1 <= commands["unflag"] <= commands["flag"]
    assert 20 <= commands["outcome"] < commands["contacted"] <= 300
    live = [said for record in minutes_of_life(10) if isinstance(said := read(record), LeadCommand)]
    assert {FlagCommand, UnflagCommand, OutcomeCommand} <= {type(said) for said in live}


def test_now_and_then_a_record_is_bad_in_each_of_three_ways(month: list[SimulatedRecord]) -> None:
    """Broken JSON, an instant in 1970, no lead: rejected, and all else is accepted."""
    reasons = Counter(found for record in month if isinstance(found := read(record), Reason))
    assert set(reasons) == {Reason.NOT_JSON, Reason.TOO_OLD, Reason.MISSING}
    assert reasons.total() < len(month) / 1_000


def test_some_records_come_twice_and_some_late(month: list[SimulatedRecord]) -> None:
    """About one in a hundred again with the same id, two in a hundred ten minutes or more after the fact."""
    signals = [(record.timestamp_ms, found) for record in month if isinstance(found := read(record), Signal)]
    ids = Counter((signal.kind, signal.id) for _, signal in signals)
    repeated = sum(count - 1 for count in ids.values())
    late = sum(timestamp_ms - signal.occurred_ms > 600_000 for timestamp_ms, signal in signals)
    assert 0.005 < repeated / len(month) < 0.02
    assert 0.01 < late / len(month) < 0.04


def test_machines_open_about_as_much_as_people(month: list[SimulatedRecord]) -> None:
    """Mail filters prefetch; a month without them would flatter the opens."""
    opens = [json.loads(record.value).get("machine") for record in month if is_whole_open(record)]
    assert 0.4 < sum(opens) / len(opens) < 0.8


def is_whole_open(record: SimulatedRecord) -> bool:
    """An open whose JSON was not cut."""
    return record.topic == "email.opens" and record.value.endswith(b"}")


def test_the_month_has_every_kind_of_engagement(month: list[SimulatedRecord]) -> None:
    """Attendance, page views, forms, unsubscribes and bounces are all on the topic of other signals."""
    kinds = {found.kind for record in month if isinstance(found := read(record), Signal)}
    assert kinds == {
        "email.opened", "email.clicked", "webinar.signed_up", "webinar.attended", "page.viewed",
        "form.submitted", "email.unsubscribed", "email.bounced",
    }  # fmt: skip


def test_live_records_come_in_order_at_about_the_rate_asked_for() -> None:
    """Five minutes at twenty a second take five minutes, give or take a tenth."""
    records = minutes_of_life(5)
    assert all(one.timestamp_ms <= other.timestamp_ms for one, other in pairwise(records))
    assert records[0].timestamp_ms >= NOW_MS
    assert 270_000 < records[-1].timestamp_ms - NOW_MS < 330_000


def test_two_simulations_share_no_id() -> None:
    """Run again an hour later, the simulation is not taken for duplicates of the first."""
    runs = [Marketing(seed=1, leads=50, now_ms=now_ms) for now_ms in (NOW_MS, NOW_MS + 3_600_000)]
    first, second = ({found.id for r in run.backlog() if isinstance(found := read(r), Signal)} for run in runs)
    assert first
    assert not first & second


def test_the_default_model_finds_most_leads_cold_and_a_few_hot(month: list[SimulatedRecord]) -> None:
    """5 to 15 % warm and 1 to 5 % hot at the end of the month; live, the first notice within ten seconds."""
    plan, leads = Plan(read_model(default_text())), {}
    notices = score(plan, leads, month)
    for lead in leads.values():
        advance(plan, lead, NOW_MS, [])
    bands = Counter(plan.names[lead.band] for lead in leads.values())
    assert notices > 200
    assert 100 <= bands["warm"] <= 300
    assert 20 <= bands["hot"] <= 100
    assert score(plan, leads, minutes_of_life(1 / 6)) >= 1
    assert 20 < score(plan, leads, minutes_of_life(5)) < 300


def score(plan: Plan, leads: dict[str, Lead], records: list[SimulatedRecord]) -> int:
    """Fold the records into the leads; how many lines were crossed."""
    profiles: dict[str, Profile] = {}
    notices: list[Notice] = []
    for record in records:
        match said := read(record):
            case Signal():
                lead, _ = apply_signal(plan, leads.get(said.lead_id), said, record.timestamp_ms, notices)
            case ProfileUpdate():
                profile = profiles.setdefault(said.lead_id, Profile())
                lead = apply_profile(plan, leads.get(said.lead_id), profile, said, notices)
            case Reason() | ModelCommand():
                continue
            case _:
                lead, _ = apply_command(plan, leads.get(said.lead_id), said, notices)
        if lead is not None:
            leads[said.lead_id] = lead
    return sum(isinstance(notice.moved, BandMove) for notice in notices)
