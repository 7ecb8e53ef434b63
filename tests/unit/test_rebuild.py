"""A lane rebuilt in memory: what consumers are told of it, what Redis holds after it, and crashes at every step."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from schemas.topics import CHANGES, REJECTED, REKEYED
from scoring.state import decode_lead, encode_lead
from streams.lane.ports import Halted
from streams.rebuild.live import MARK
from streams.rebuild.rebuild import rebuild, survey
from tests.support.doubles.bench import NOON_MS
from tests.support.doubles.memory_redis import LaneKeys
from tests.support.doubles.rebuilt import MemoryRebuiltLane
from tests.support.doubles.world import ANY, COMMANDS, World, whole


class Crash(Exception):
    """The process of the rebuild dies."""


@pytest.fixture
async def world() -> World:
    """Somebody of every kind."""
    return await whole()


async def test_nothing_is_told_of_what_is_the_same(world: World) -> None:
    """Everything in Redis comes out as it was, under the next timeline; no draft is left."""
    before, count = world.kept(), len(world.outputs.published)
    assert {"hot", "warm", "cold", "rival"} == set(before["states"])
    done = await world.rebuild()
    assert (done.timeline, done.records, done.done.leads, done.done.told) == (
        2,
        sum(world.given.ends().values()),
        4,
        {},
    )
    assert world.kept() == before
    assert world.outputs.published[count:] == []
    assert world.redis.draft(0) == LaneKeys()
    assert MARK not in world.keys.meta
    world.click("cold", 2)
    await world.score()
    assert world.spoken(count) == [("cold", "warm", 2), ("cold", "hot", 2)]


def ids_of(world: World, lead_id: str) -> list[str]:
    """The change_ids that were published of the lead."""
    said = [entry.value for entry in world.outputs.changes() if entry.key == lead_id.encode()]
    return [json.loads(value)["change_id"] for value in said if value is not None]


def forget(keys: LaneKeys, lead_id: str) -> None:
    """Nothing of the lead is left in Redis."""
    for kept in (keys.states, keys.board, keys.history, keys.profiles):
        kept.pop(lead_id, None)


async def test_a_lead_that_redis_had_lost_is_told_of_again(world: World) -> None:
    """Its last word, as it was said first; nobody else is told anything."""
    before, count, ids = world.kept(), len(world.outputs.published), ids_of(world, "hot")
    forget(world.keys, "hot")
    done = await world.rebuild()
    assert done.done.told == {"hot": 1}
    assert world.spoken(count) == [("hot", "hot", 2)]
    assert ids_of(world, "hot") == [*ids, ids[-1]]
    after = world.kept()
    assert after["states"] == before["states"]
    assert after["parts"][3:] == before["parts"][3:]
    told = [json.loads(change) for change in world.keys.history["hot"]]
    assert [(change["to"], change["timeline"]) for change in told] == [("hot", 2), ("warm", 1)]
    assert await world.rebuild_again() == {}


async def test_wrong_changes_are_corrected_by_the_right_ones(world: World) -> None:
    """A lead scored on from an empty state was told to be cold no more than warm: it is hot, and was all along."""
    ids = ids_of(world, "hot")
    forget(world.keys, "hot")
    world.click("hot", 2)
    await world.score()
    count = len(world.outputs.published)
    assert world.spoken(count - 1) == [("hot", "warm", 1)]
    done = await world.rebuild()
    assert world.spoken(count) == [("hot", "hot", 2)]
    assert done.done.told == {"hot": 1}
    assert ids_of(world, "hot")[-1] == ids[-1]
    assert await world.rebuild_again() == {}


async def test_what_was_missed_is_told_in_order(world: World) -> None:
    """Changes that a lead without points could not make come with all that consumers were not told."""
    lead = decode_lead(world.keys.states["cold"])
    lead.counts = lead.counts[:0] + type(lead.counts)("d", bytes(8 * len(lead.counts)))
    lead.flags = []
    world.keys.states["cold"] = encode_lead(lead)
    world.click("cold")
    await world.score()
    count = len(world.outputs.published)
    world.click("cold")
    await world.score()
    assert world.spoken(count) == [("cold", "warm", 1)]
    await world.rebuild()
    assert world.spoken(count + 1) == [("cold", "warm", 2), ("cold", "hot", 2)]
    assert await world.rebuild_again() == {}


async def test_a_correction_is_made_up_where_nothing_ever_happened(world: World) -> None:
    """The lead was told to be hot, and has done nothing that would cross a line: it is told to be cold."""
    lead = decode_lead(world.keys.states["hot"])
    lead.band = 0
    world.keys.states["cold"] = encode_lead(lead)
    world.tell(ANY, "cold", kind="page.viewed")
    await world.score()
    count = len(world.outputs.published)
    assert world.spoken(count - 1) == [("cold", "hot", 1)]
    await world.rebuild()
    assert world.spoken(count) == [("cold", "cold, made up", 2)]
    change = json.loads(world.outputs.published[-1].value or b"")
    assert (change["from"], change["direction"], change["alert"]) == ("hot", "down", False)
    assert await world.rebuild_again() == {}


async def test_flags_are_told_again_and_lifted(world: World) -> None:
    """One that Redis had lost, and one that nobody raised."""
    world.say("flag", "warm", reason="doubt")
    await world.score()
    warm, cold = decode_lead(world.keys.states["warm"]), decode_lead(world.keys.states["cold"])
    warm.flags, cold.flags = cold.flags, warm.flags
    world.keys.states.update(warm=encode_lead(warm), cold=encode_lead(cold))
    world.say("flag", "cold", reason="other")
    world.say("unflag", "cold", reason="doubt")
    await world.score()
    count = len(world.outputs.published)
    await world.rebuild()
    assert world.spoken(count) == [("warm", "raised", 2)]


async def test_an_emptied_redis_tells_nothing_that_was_told(world: World) -> None:
    """Scores, positions, history with its places, outcomes and erasures are there again; nobody hears of it."""
    before, count = world.kept(), len(world.outputs.published)
    assert {REJECTED.name, REKEYED.name, CHANGES.name} == {entry.topic for entry in world.outputs.published}
    world.redis.restore({})
    done = await world.rebuild()
    assert (done.done.told, world.spoken(count)) == ({}, [])
    after = world.kept()
    assert after["parts"][:5] == before["parts"][:5]
    assert len(after["parts"][5]) == len(before["parts"][5]) == 1
    assert after["states"] == before["states"]
    assert after["meta"] == before["meta"]
    world.click("erased", 3)
    await world.score()
    assert [word[:2] for word in world.spoken(count)] == [("erased", "warm"), ("erased", "hot")]


async def test_what_came_after_redis_was_emptied_is_news(world: World) -> None:
    """Changes, refusals and misplaced records that no worker has seen are published by the rebuild, once."""
    count = len(world.outputs.published)
    world.redis.restore({})
    world.click("cold")
    world.tell(ANY, "cold", kind="bad kind")
    world.click("stranger")
    world.say("erase", "rival")
    await world.rebuild()
    spoken = world.spoken(count)
    assert sorted(spoken) == [
        ("cold", "bad_kind", 2),
        ("cold", "warm", 2),
        ("rival", "gone", 2),
        ("stranger", REKEYED.name, 0),
    ]
    await world.score()
    assert world.spoken(count) == spoken


async def test_whoever_does_not_exist_is_taken_back(world: World) -> None:
    """Keys of a lead that no record is about, and words about it, go; without words nothing is said."""
    before, count = world.kept(), len(world.outputs.published)
    keys = world.keys
    keys.states["ghost"], keys.board["silent"], keys.timers["silent"] = keys.states["hot"], 9.0, NOON_MS
    keys.history["ghost"] = keys.history["hot"]
    done = await world.rebuild()
    assert (done.done.taken_back, world.spoken(count)) == (["ghost"], [("ghost", "gone", 2)])
    after = world.kept()
    after["meta"]["seq"] = before["meta"].get("seq")
    assert (after["states"], after["parts"]) == (before["states"], before["parts"])


async def test_who_was_erased_stays_forgotten_without_the_command(world: World) -> None:
    """Kafka's retention may remove the command before what it is about."""
    (erase,) = [record for record in world.given.logs[COMMANDS] if b'"erase"' in (record.value or b"")]
    erase.value = b"removed"
    before = world.kept()
    await world.rebuild()
    assert "erased" not in world.keys.states
    assert world.kept()["parts"] == before["parts"]


@dataclass
class Fate:
    """Dies at the write of this number, before it is carried out or after."""

    writes: int
    is_before: bool

    async def around(self, write: Callable[..., Any], *arguments: Any) -> Any:
        """The write, or death."""
        self.writes -= 1
        if self.writes == 0 and self.is_before:
            raise Crash
        answer = await write(*arguments)
        if self.writes == 0:
            raise Crash
        return answer


class Mortal:
    """A store whose writes meet their fate."""

    def __init__(self, store: MemoryRebuiltLane, fate: Fate) -> None:
        self._store, self._fate = store, fate

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._store, name)
        return partial(self._fate.around, call) if name in WRITES else call


WRITES = frozenset({"acquire", "commit", "settle", "empty", "remove"})


def harmed(world: World) -> None:
    """Something is to be corrected, and somebody to be taken back."""
    forget(world.keys, "hot")
    world.keys.history["ghost"] = world.keys.history["warm"]


def emptied(world: World) -> None:
    """A Redis without anything, and news that no worker has seen."""
    world.redis.restore({})
    world.tell(ANY, "cold", kind="bad kind")
    world.click("stranger")
    world.click("cold")


@pytest.mark.parametrize("is_before", [True, False])
@pytest.mark.parametrize("harm", [harmed, emptied])
async def test_a_crash_at_any_write_is_gone_on_behind(
    world: World, harm: Callable[[World], None], is_before: bool
) -> None:
    """Started again, it comes to the same; each correction is told once; no worker scores what is half done."""
    harm(world)
    count, untouched = len(world.outputs.published), world.copy()
    await untouched.rebuild()
    writes, halted = 0, 0
    while True:
        writes += 1
        mortal, fate = world.copy(), Fate(writes, is_before)
        try:
            await rebuild(mortal.site(lambda store, fate=fate: Mortal(store, fate)), lambda _: None)
        except Crash:
            halted += await is_halted(mortal)
        else:
            break
        await mortal.rebuild()
        assert (writes, sorted(mortal.spoken(count))) == (writes, sorted(untouched.spoken(count)))
        assert (writes, places(mortal)) == (writes, sorted(set(places(mortal))))
        assert alike(mortal.kept()) == alike(untouched.kept())
        assert mortal.redis.draft(0) == LaneKeys()
    assert writes > 12
    assert halted > 5


async def is_halted(world: World) -> bool:
    """Whether a worker may not take the lane, and says which command goes on."""
    if MARK not in world.keys.meta:
        return False
    with pytest.raises(Halted, match="`leadline rebuild --partition 0` finishes what it has begun"):
        await world.store.lane(0).acquire()
    return True


def places(world: World) -> list[tuple[int, int]]:
    """(timeline, seq) of every change, in order."""
    headers = [dict(entry.headers) for entry in world.outputs.changes()]
    return [(int(each["timeline"]), int(each["seq"])) for each in headers]


def alike(kept: dict[str, Any]) -> dict[str, Any]:
    """Without hashes whose key is drawn anew."""
    board, timers, history, profiles, outcomes, erased = kept["parts"]
    return {**kept, "parts": (board, timers, history, profiles, outcomes, sorted(erased.values()))}


async def test_a_draft_that_was_left_is_gone_on_with(world: World) -> None:
    """What it has computed is not computed again; records that came meanwhile are in it."""
    fate = Fate(7, is_before=False)
    with pytest.raises(Crash):
        await rebuild(world.site(lambda store: Mortal(store, fate)), lambda _: None)
    ver = int(world.redis.draft(0).meta["ver"])
    assert ver > 2
    assert MARK not in world.keys.meta
    world.click("cold")
    await world.score()
    before = world.kept()
    await world.rebuild()
    assert world.kept() == before


async def test_a_lane_is_surveyed_without_a_change(world: World) -> None:
    """Nothing stands against it."""
    before = copy.deepcopy(world.keys)
    found = await survey(world.site())
    assert (found.obstacles, found.losses) == ((), ())
    assert world.keys == before
