"""What a rebuild asks of the store: one suite for Redis, a Redis Cluster, and their double."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from streams.lane.ports import Fenced, Halted
from streams.rebuild.ports import Mark, RebuildStore
from tests.support.doubles.bench import EVERYWHERE, Bench, commit, open_bench


@pytest.fixture(params=EVERYWHERE)
async def bench(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[Bench]:
    """The double, then Redis, then a cluster."""
    async with open_bench(request, prefix) as bench:
        yield bench


@pytest.fixture
def live(bench: Bench) -> RebuildStore:
    """The scores in use."""
    store: RebuildStore = bench.store.rebuilt(0)
    return store


@pytest.fixture
def draft(bench: Bench) -> RebuildStore:
    """What is computed beside them."""
    store: RebuildStore = bench.store.draft(0)
    return store


async def test_only_a_rebuild_takes_a_lane_that_is_being_rebuilt(bench: Bench, live: RebuildStore) -> None:
    """A worker is told so and fences nobody; after the end it takes the lane as ever."""
    await bench.lane.acquire()
    assert (await live.acquire()).meta["rebuild"] == "begun"
    with pytest.raises(Halted, match=r"is being rebuilt.*`leadline rebuild --partition 0` finishes"):
        await bench.lane.acquire()
    await live.commit(commit(0, meta={"rebuild": "7"}))
    other = bench.store.rebuilt(0)
    assert (await other.acquire()).meta["rebuild"] == "7"
    with pytest.raises(Fenced):
        await live.commit(commit(1))
    assert await other.settle(1, {"timeline": "7"}, ["rebuild", "never-there"])
    taken = await bench.lane.acquire()
    assert (taken.meta["timeline"], "rebuild" in taken.meta, taken.standing.ver) == ("7", False, 2)


async def test_nothing_is_settled_where_somebody_has_written(live: RebuildStore) -> None:
    """The version is compared, and nothing written if it is another."""
    await live.acquire()
    await live.commit(commit(0))
    assert not await live.settle(0, {"timeline": "7"}, ["rebuild"])
    meta = await live.meta()
    assert (meta["timeline"], meta["rebuild"]) == ("1", "begun")


async def test_a_draft_shares_nothing_with_the_scores_in_use(bench: Bench, draft: RebuildStore) -> None:
    """Neither sees what the other has; a worker may own the scores meanwhile."""
    lane = bench.lane
    await lane.acquire()
    await draft.acquire()
    await lane.commit(commit(0, states={"L-1": b"a"}, board={"L-1": 1.0}))
    await draft.commit(commit(0, states={"L-1": b"b"}, board={"L-2": 2.0}))
    assert list(await lane.load(["L-1"])) == [b"a"]
    assert list(await draft.load(["L-1"])) == [b"b"]
    assert list((await draft.board_scan(0))[1]) == ["L-2"]
    assert "rebuild" not in await draft.meta()


async def test_many_leads_are_looked_at_at_once(live: RebuildStore) -> None:
    """Histories oldest first, bounds and timers, None or nothing for who has none."""
    await live.acquire()
    await live.commit(commit(0, history={"a": [b"1", b"2"]}, board={"a": 1.5}, timers={"a": 7, "b": 8}))
    assert [list(each) for each in await live.histories(["a", "b"])] == [[b"1", b"2"], []]
    assert list(await live.marks(["a", "b", "c"])) == [Mark(1.5, 7), Mark(None, 8), Mark(None, None)]
    assert list(await live.histories([])) == list(await live.marks([])) == []


async def test_outcomes_are_read_in_order(live: RebuildStore) -> None:
    """Page by page, from behind a place on."""
    await live.acquire()
    given = [(f"L-{n % 3}", str(n).encode()) for n in range(8)]
    await live.commit(commit(0, outcomes=given))
    found: list[tuple[str, bytes]] = []
    while page := await live.outcomes(found[-1][0] if found else ""):
        found += page
    assert [record for _, record in found] == [record for _, record in given]


async def test_whoever_has_any_key_is_found(live: RebuildStore, draft: RebuildStore) -> None:
    """By a state, a profile, a history, an outcome, the board or a timer; not who is in the draft alone."""
    await draft.acquire()
    await draft.commit(commit(0, states={"other": b"x"}, board={"other": 1.0}))
    await live.acquire()
    kept = {"states": {"a:b": b"x"}, "profiles": {"é": b"{}"}, "history": {"h": [b"1"]}, "outcomes": [("o", b"1")]}
    await live.commit(commit(0, board={"on board": 1.0}, timers={"timed": 9}, **kept))
    found = {lead async for page in live.every_lead() for lead in page}
    assert found == {"a:b", "é", "h", "o", "on board", "timed"}


async def test_what_is_one_per_lane_goes_for_its_owner_only(bench: Bench, live: RebuildStore) -> None:
    """Erasures and outcomes by themselves; then all of it."""
    await live.acquire()
    await live.commit(commit(0, erased={"hash": 5}, outcomes=[("a", b"1")], board={"a": 1.0}, timers={"a": 2}))
    late = bench.store.rebuilt(0)
    with pytest.raises(Fenced):
        await late.empty()
    await live.empty()
    assert (dict(await live.load_erased()), list(await live.outcomes(""))) == ({}, [])
    assert list(await live.marks(["a"])) == [Mark(1.0, 2)]
    await live.remove()
    assert (list(await live.marks(["a"])), dict(await live.meta())) == ([Mark(None, None)], {})
