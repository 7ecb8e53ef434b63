"""A lead is forgotten: what goes, what stays, what comes again; one suite for the double, Redis and a cluster."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.codec import decode_outcome
from schemas.instants import HOUR_MS, format_ms
from schemas.topics import CHANGES, REJECTED
from scoring.state import decode_lead
from streams.lane.ports import OutboxEntry
from streams.store.reader import Remains
from tests.support.doubles.bench import EVERYWHERE, NOON_MS, Bench, StoppedClock, open_bench
from tests.support.doubles.lane import GivenLane

ANY, PROFILES, COMMANDS = "engagements", "lead.profiles", "lead.commands"
LEAD, OTHER = "L-1", "L-2"
START_MS = NOON_MS - HOUR_MS
"""Before the present of both: of the double, whose clock stands at noon, and of Redis."""

FOR_EVER = "2099-01-01T00:00:00Z"
NOTHING = Remains(0, 0, timer=False, board=False, history=0, outcomes=0, pending=0)

MODEL = """
version: plain
rules: [{id: open, kind: email.opened, points: 60}]
fit: [{id: vp, where: {job_title: VP}, points: 15, dimension: authority}]
grades: {fit: {A: 10}, engagement: {1: 50}}
bands: [{name: hot, enter: 50, leave: 40, alert: true}]
"""
"""Nothing fades: however late it is in Redis, nothing happens by itself."""


@pytest.fixture(params=EVERYWHERE)
async def bench(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[Bench]:
    """The double, then Redis, then a cluster."""
    async with open_bench(request, prefix) as bench:
        yield bench


class Story:
    """What a lane is given, an input each second."""

    def __init__(self, lane: GivenLane) -> None:
        self.lane = lane
        self.now_ms = START_MS

    def tell(self, topic: str, lead_id: str, ago_ms: int = 0, **members: Any) -> None:
        """One input more, with an id that none had."""
        self.now_ms += 1_000
        occurred_at = format_ms(self.now_ms - ago_ms)
        value = {"id": f"i-{self.now_ms}", "lead_id": lead_id, "occurred_at": occurred_at, **members}
        self.lane.given.add(topic, value, self.now_ms)

    def open(self, lead_id: str, ago_ms: int = 0) -> None:
        """The lead opens an e-mail."""
        self.tell(ANY, lead_id, ago_ms, kind="email.opened")

    def say(self, command: str, lead_id: str = LEAD, **members: Any) -> None:
        """Somebody says something about the lead."""
        self.tell(COMMANDS, lead_id, command=command, **members)


async def begun(lane: GivenLane) -> Story:
    """The model is in force, and the publisher is held back over a refusal."""
    story = Story(lane)
    story.say("model", version="plain", body=MODEL)
    story.tell(ANY, OTHER, kind="bad")
    await lane.applied()
    await lane.publisher.holds.wait()
    return story


async def everything_happens(story: Story) -> None:
    """All that may be kept of a lead is kept of this one; another one is there, too."""
    story.tell(PROFILES, LEAD, job_title="VP")
    story.open(LEAD)
    story.open(OTHER)
    story.say("outcome", result="converted", value=990.5)
    story.say("contacted", by="sales:kim", note="rang twice")
    story.say("flag", reason="doubt", until=FOR_EVER)
    story.tell(ANY, LEAD, kind="also bad")
    await story.lane.applied()


def of(entries: list[OutboxEntry], lead_id: str) -> list[tuple[int, str, bool]]:
    """Number, topic, and whether it says anything, of the entries about this lead."""
    key = lead_id.encode()
    return [(entry.number, entry.topic, entry.value is not None) for entry in entries if entry.key == key]


def seqs(entries: list[OutboxEntry], topic: str) -> list[int]:
    """The numbers that the entries of a topic carry."""
    return [int(dict(entry.headers)["seq"]) for entry in entries if entry.topic == topic]


async def test_everything_of_an_erased_lead_goes(bench: Bench) -> None:
    """State, profile, timer, place on the board, history, outcomes, what waits; nothing of another lead."""
    lane = GivenLane(bench.lane, StoppedClock())
    async with lane.running():
        story = await begun(lane)
        await everything_happens(story)
        kept = await bench.reader.remains(0, LEAD)
        assert min(kept.state_bytes, kept.profile_bytes) > 0
        assert kept[2:] == (True, True, 3, 2, 4)
        other = await bench.reader.remains(0, OTHER)
        story.say("erase")
        await lane.applied()
        assert await bench.reader.remains(0, LEAD) == NOTHING
        assert await bench.reader.outcomes(0, LEAD) == []
        assert await bench.reader.remains(0, OTHER) == other
        lane.publisher.let_go.set()


async def test_what_waited_for_kafka_says_nothing_more(bench: Bench) -> None:
    """Tombstones under the same numbers and seq, then one for the erasure itself; what is another's stays."""
    lane = GivenLane(bench.lane, StoppedClock())
    async with lane.running():
        story = await begun(lane)
        await everything_happens(story)
        before = list(await lane.store.outbox(0, 100))
        story.say("erase")
        await lane.applied()
        after = list(await lane.store.outbox(0, 100))
        assert [entry.number for entry in after] == list(range(1, len(before) + 2))
        assert of(before, LEAD) == [
            (2, CHANGES.name, True),
            (4, CHANGES.name, True),
            (5, CHANGES.name, True),
            (6, REJECTED.name, True),
        ]
        assert of(after, LEAD) == [(n, topic, False) for n, topic, _ in of(before, LEAD)] + [
            (7, CHANGES.name, False)
        ]
        assert of(after, OTHER) == of(before, OTHER) == [(1, REJECTED.name, True), (3, CHANGES.name, True)]
        assert seqs(after, CHANGES.name) == [1, 2, 3, 4, 5]
        assert [set(dict(entry.headers)) for entry in after if entry.value is None] == [{"timeline", "seq"}] * 5
        assert await lane.told() == after


async def test_only_a_keyed_hash_and_the_instant_stay(bench: Bench) -> None:
    """The hash is no plain one of the id, and its key is the lane's own."""
    lane = GivenLane(bench.lane, StoppedClock())
    async with lane.running():
        story = await begun(lane)
        await everything_happens(story)
        story.say("erase")
        await lane.applied()
        erased = await bench.reader.erased(0)
        ((digest, until_ms),) = erased.items()
        assert until_ms == story.now_ms
        assert (len(digest), LEAD in digest) == (32, False)
        assert len((await bench.reader.meta(0))["erasure_key"]) == 128
        lane.publisher.let_go.set()


async def test_old_events_do_not_bring_the_lead_back(bench: Bench) -> None:
    """A replay under fresh ids is ignored, by the next owner too; what happened since makes a new lead."""
    lane = GivenLane(bench.lane, StoppedClock())
    async with lane.running():
        story = await begun(lane)
        await everything_happens(story)
        story.say("erase")
        erased_ms = story.now_ms
        await lane.applied()
        await lane.told()
    again = GivenLane(bench.lane, StoppedClock(), given=lane.given)
    async with again.running():
        story.lane = again
        story.open(LEAD, ago_ms=story.now_ms + 1_000 - erased_ms)
        story.tell(PROFILES, LEAD, ago_ms=HOUR_MS, job_title="VP")
        story.tell(COMMANDS, LEAD, ago_ms=HOUR_MS, command="flag", reason="doubt")
        await again.applied()
        assert await bench.reader.remains(0, LEAD) == NOTHING
        story.open(LEAD)
        await again.applied()
        state = await bench.reader.lead_state(0, LEAD)
        assert state is not None
        lead = decode_lead(state)
        assert (lead.as_of, lead.band, lead.is_profiled, lead.flags) == (story.now_ms, 1, False, [])
        (change,) = [entry for entry in await again.told() if entry.key == LEAD.encode()]
        assert json.loads(change.value or b"")["score"] == 60


async def test_an_erasure_of_an_unknown_lead_leaves_nothing(bench: Bench) -> None:
    """Nor does a second one: it is ignored, and no tombstone is published."""
    lane = GivenLane(bench.lane, StoppedClock())
    async with lane.running():
        story = await begun(lane)
        story.say("erase", "L-nobody")
        story.open(LEAD)
        story.say("erase")
        story.say("erase")
        await lane.applied()
        assert len(await bench.reader.erased(0)) == 1
        assert [number for number, _, says in of(list(await lane.store.outbox(0, 100)), LEAD) if not says] == [2, 3]
        lane.publisher.let_go.set()


async def test_an_erasure_and_a_new_life_in_one_batch(bench: Bench) -> None:
    """What was said before the erasure is gone, what came after it stands."""
    lane = GivenLane(bench.lane, StoppedClock())
    story = Story(lane)
    story.say("model", version="plain", body=MODEL)
    async with lane.running():
        await lane.applied()
        story.tell(PROFILES, LEAD, job_title="VP")
        story.say("flag", reason="doubt", until=FOR_EVER)
        story.say("outcome", result="dead")
        story.say("erase")
        story.tell(PROFILES, LEAD, phone="1")
        story.open(LEAD)
        await lane.applied()
        kept = await bench.reader.remains(0, LEAD)
        assert (kept.timer, kept.board, kept.history, kept.outcomes) == (False, True, 1, 0)
        assert b"VP" not in ((await bench.reader.profiles(0, [LEAD]))[0] or b"")
        told = [entry for entry in await lane.told() if entry.key == LEAD.encode()]
        assert [entry.value is not None for entry in told] == [False, False, True]


async def test_outcomes_are_kept_with_what_was_known(bench: Bench) -> None:
    """The score then, its reasons, who the lead was, the alert that the contact answers; oldest first."""
    lane = GivenLane(bench.lane, StoppedClock())
    async with lane.running():
        story = await begun(lane)
        await everything_happens(story)
        outcome, contact = map(decode_outcome, await bench.reader.outcomes(0, LEAD))
        lane.publisher.let_go.set()
    assert (outcome.command, outcome.result, outcome.value) == ("outcome", "converted", 990.5)
    assert (contact.command, contact.by, contact.note) == ("contacted", "sales:kim", "rang twice")
    for record in (outcome, contact):
        assert (record.score, record.band, record.grade, record.segment) == (75, "hot", "A1", None)
        assert (record.fit, record.model_version) == (("vp",), "plain")
        assert [(part.rule, part.points) for part in record.reasons] == [("open", 60), ("vp", 15)]
        assert record.windows == {"email.opened": {"24h": 1, "7d": 1, "30d": 1}}
        assert record.last_alert is not None
        assert (record.last_alert.at, record.last_alert.band) == (format_ms(START_MS + 4_000), "hot")
