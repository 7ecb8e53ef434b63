"""What an operator decides about a halted lane: written whole and seen by its owner, or not at all; both stores."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from streams.lane.ports import Rewound
from streams.store import Store
from tests.support.doubles.bench import EVERYWHERE, commit, open_bench


@pytest.fixture(params=EVERYWHERE)
async def store(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[Store]:
    """The double, then Redis, then a cluster."""
    async with open_bench(request, prefix) as bench:
        yield bench.store


async def test_fields_are_written_and_removed_together(store: Store) -> None:
    """And the lane stands one version further."""
    lane = store.lane(0)
    await lane.acquire()
    await lane.commit(
        commit(0, offsets={"email.opens": (0, 100)}, meta={"print:email.opens": "99:ab", "seq:x": "1"})
    )
    assert await store.accept(0, {"offset:email.opens": "120"}, ["print:email.opens", "not there"], ver="1")
    meta = await store.reader().meta(0)
    assert (meta["offset:email.opens"], meta["ver"], meta["seq:x"]) == ("120", "2", "1")
    assert "print:email.opens" not in meta


async def test_a_lane_that_has_gone_on_is_left_as_it_is(store: Store) -> None:
    """What the operator has seen is not so any more."""
    lane = store.lane(0)
    await lane.acquire()
    await lane.commit(commit(0))
    before = await store.reader().meta(0)
    assert not await store.accept(0, {"timeline": "2"}, ["outbox"], ver="0")
    assert await store.reader().meta(0) == before


async def test_a_lane_that_was_never_taken_is_not_made(store: Store) -> None:
    """There is nothing to decide about."""
    assert not await store.accept(1, {"timeline": "2"}, [])
    assert await store.reader().meta(1) == {}


async def test_its_owner_stands_elsewhere_afterwards(store: Store) -> None:
    """Also one whose last answer was lost, and who sends its commit again."""
    lane = store.lane(0)
    await lane.acquire()
    lost = commit(0)
    await lane.commit(lost)
    assert await store.accept(0, {"timeline": "2"}, [])
    with pytest.raises(Rewound):
        await lane.commit(lost)
    with pytest.raises(Rewound):
        await lane.commit(commit(1))
    assert (await lane.acquire()).meta["timeline"] == "2"
