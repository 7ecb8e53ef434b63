"""Who may write to a lane, and from where: one suite for Redis, a Redis Cluster, and their double.

What holds on one so holds on the other. What the keys then contain is in test_store_contents.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from scoring.state import STATE_FORMAT
from streams.lane.ports import Fenced, LaneStore, Rewound, Standing, StoreRefused
from streams.store import NothingScored
from tests.support.doubles.bench import EVERYWHERE, NOON_MS, Bench, commit, entry, open_bench


@pytest.fixture(params=EVERYWHERE)
async def bench(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[Bench]:
    """The double, then Redis, then a cluster."""
    async with open_bench(request, prefix) as bench:
        yield bench


async def everything(bench: Bench, lane: LaneStore) -> list[object]:
    """All that the lane's keys hold, as far as these tests write it."""
    reader = bench.reader
    return [
        await reader.meta(0),
        await reader.states(0, ["L-1", "L-2"]),
        await reader.board(0, 0, 10),
        await reader.history(0, "L-1", 10),
        await reader.counts(0),
        await lane.outbox(0, 10),
        await lane.due(2**52, 10),
        [entry async for entry in reader.journal(0)],
    ]


async def test_a_new_lane_stands_at_the_beginning(bench: Bench) -> None:
    """The first acquire makes a lane of version 0 and timeline 1, and writes down whose it is."""
    acquired = await bench.lane.acquire()
    assert acquired.standing._replace(time_ms=0) == Standing(0, 0, None, 0)
    assert dict(acquired.meta) == {
        "token": acquired.meta["token"],
        "ver": "0",
        "timeline": "1",
        "lineage": acquired.meta["lineage"],
        "outbox": "0",
        "layout": "6:murmur2",
        "environment": "test",
        "format": str(STATE_FORMAT),
    }


async def test_what_a_commit_wrote_is_what_the_next_owner_finds(bench: Bench) -> None:
    """An owner after another one finds the meta, the position, the timer and the outbox of its last commit."""
    lane = bench.lane
    await lane.acquire()
    written = commit(
        0,
        offsets={"email.opens": (0, 12)},
        timers={"L-1": NOON_MS},
        outbox=[entry(1)],
        meta={"stream_time": "5", "model_body": "rules: []\n# ü"},
    )
    await lane.commit(written)
    acquired = await bench.lane.acquire()
    found = {"ver": "1", "commit": written.commit_id, "offset:email.opens": "12", "outbox": "1"}
    assert found.items() | written.meta.items() <= acquired.meta.items()
    assert acquired.standing._replace(time_ms=0) == Standing(1, 0, NOON_MS, 1)


async def test_acquiring_fences_the_owner_before(bench: Bench) -> None:
    """After a take-over the old owner can neither commit nor ask where the lane stands, and changes nothing."""
    old, new = bench.lane, bench.lane
    await old.acquire()
    await new.acquire()
    before = await everything(bench, new)
    with pytest.raises(Fenced):
        await old.commit(commit(0, states={"L-1": b"late"}))
    with pytest.raises(Fenced):
        await old.standing()
    assert await everything(bench, new) == before
    assert (await new.commit(commit(0))).ver == 1


async def test_who_has_not_acquired_is_fenced(bench: Bench) -> None:
    """A lane that never acquired cannot commit into one that somebody owns."""
    await bench.lane.acquire()
    with pytest.raises(Fenced):
        await bench.lane.commit(commit(0))


async def test_a_lane_that_is_gone_is_rewound(bench: Bench) -> None:
    """Where Redis has no trace of the lane, nobody else has taken it: it is rewound, not fenced."""
    with pytest.raises(Rewound):
        await bench.lane.commit(commit(0))
    with pytest.raises(Rewound):
        await bench.lane.standing()


async def test_a_commit_moves_the_lane_by_one(bench: Bench) -> None:
    """Each commit adds one to the version, and answers where the lane stands now."""
    lane = bench.lane
    await lane.acquire()
    first = await lane.commit(commit(0, timers={"L-1": NOON_MS, "L-2": NOON_MS - 1}, outbox=[entry(1), entry(2)]))
    assert first._replace(time_ms=0) == Standing(1, 0, NOON_MS - 1, 2)
    second = await lane.commit(commit(1, timers={"L-1": None, "L-2": None}))
    assert second._replace(time_ms=0) == Standing(2, 0, None, 2)
    assert (await lane.standing())._replace(time_ms=0) == Standing(2, 0, None, 2)


async def test_redis_tells_the_time(bench: Bench) -> None:
    """The time in answers is in ms since 1970, and does not go back."""
    lane = bench.lane
    first = (await lane.acquire()).standing.time_ms
    second = (await lane.standing()).time_ms
    assert 1_700_000_000_000 < first <= second < 4_000_000_000_000


async def test_a_repeated_commit_is_answered_and_not_written_again(bench: Bench) -> None:
    """The commit sent last may be sent again: the answer is the same, and nothing happens twice."""
    lane = bench.lane
    await lane.acquire()
    once = commit(0, offsets={"email.opens": (0, 3)}, history={"L-1": [b"a"]}, outbox=[entry(1)], journal=b"j")
    first = await lane.commit(once)
    before = await everything(bench, lane)
    assert (await lane.commit(once))._replace(time_ms=first.time_ms) == first
    assert await everything(bench, lane) == before


async def test_a_commit_from_another_version_is_refused_whole(bench: Bench) -> None:
    """A commit that started from an older or newer version than Redis has changes nothing."""
    lane = bench.lane
    await lane.acquire()
    await lane.commit(commit(0))
    before = await everything(bench, lane)
    for ver in (0, 2):
        with pytest.raises(Rewound):
            await lane.commit(commit(ver, states={"L-1": b"x"}, outbox=[entry(1)], journal=b"j"))
    assert await everything(bench, lane) == before


async def test_a_commit_from_another_offset_is_refused_whole(bench: Bench) -> None:
    """A commit that started at another offset of any topic than Redis has changes nothing."""
    lane = bench.lane
    await lane.acquire()
    await lane.commit(commit(0, offsets={"email.opens": (0, 5), "email.clicks": (0, 7)}))
    before = await everything(bench, lane)
    with pytest.raises(Rewound):
        await lane.commit(commit(1, offsets={"email.opens": (5, 9), "email.clicks": (8, 9)}, board={"L-1": 1.0}))
    assert await everything(bench, lane) == before
    await lane.commit(commit(1, offsets={"email.opens": (5, 9), "email.clicks": (7, 9)}))


async def test_a_topic_without_a_stored_offset_may_start_anywhere(bench: Bench) -> None:
    """The first commit of a topic starts where its log begins, which need not be 0."""
    lane = bench.lane
    await lane.acquire()
    await lane.commit(commit(0, offsets={"email.opens": (2**53 + 1, 2**53 + 3)}))
    assert (await bench.reader.meta(0))["offset:email.opens"] == str(2**53 + 3)
    with pytest.raises(Rewound):
        await lane.commit(commit(1, offsets={"email.opens": (2**53 + 2, 2**53 + 4)}))


async def test_an_outbox_with_a_gap_is_refused_whole(bench: Bench) -> None:
    """Entries that do not follow the last one written are refused before anything is."""
    lane = bench.lane
    await lane.acquire()
    await lane.commit(commit(0, outbox=[entry(1)]))
    before = await everything(bench, lane)
    for number in (1, 3):
        with pytest.raises(StoreRefused, match="outbox"):
            await lane.commit(commit(1, states={"L-1": b"x"}, outbox=[entry(number)]))
    with pytest.raises(ValueError, match="gap"):
        await lane.commit(commit(1, states={"L-1": b"x"}, outbox=[entry(2), entry(4)]))
    assert await everything(bench, lane) == before


async def test_a_bound_that_is_no_number_is_refused_whole(bench: Bench) -> None:
    """NaN or infinity on the board is refused before anything is written."""
    lane = bench.lane
    await lane.acquire()
    for bound in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="finite"):
            await lane.commit(commit(0, board={"L-1": 1.0, "L-2": bound}))
    assert (await lane.standing()).ver == 0


async def test_another_layout_is_refused(bench: Bench) -> None:
    """A worker whose topics have other partitions may not take a lane, and its owner keeps it."""
    lane = bench.lane
    await lane.acquire()
    with pytest.raises(StoreRefused, match=r"(?s)6:murmur2.*12:murmur2.*LEADLINE_PREFIX"):
        await bench.make(partitions=12).lane(0).acquire()
    assert (await lane.commit(commit(0))).ver == 1


async def test_another_environment_is_refused(bench: Bench) -> None:
    """A worker of another environment may not take a lane."""
    await bench.lane.acquire()
    with pytest.raises(StoreRefused, match=r"'test'.*'staging'.*LEADLINE_ENVIRONMENT"):
        await bench.make(environment="staging").lane(0).acquire()


async def test_states_of_a_newer_format_are_refused(bench: Bench) -> None:
    """An older worker may not take a lane that a newer one has written; the newer may take an older lane."""
    await bench.lane.acquire()
    newer = await bench.make(state_format=STATE_FORMAT + 1).lane(0).acquire()
    assert newer.meta["format"] == str(STATE_FORMAT + 1)
    with pytest.raises(StoreRefused, match=rf"format {STATE_FORMAT + 1}.*up to {STATE_FORMAT}"):
        await bench.lane.acquire()


async def test_a_reader_knows_the_partitions_once_something_was_scored(bench: Bench) -> None:
    """The number of partitions is what lanes wrote; before, there is an error that says what to do."""
    with pytest.raises(NothingScored):
        await bench.reader.partitions()
    await bench.lane.acquire()
    assert await bench.reader.partitions() == 6


async def test_of_two_that_commit_at_once_one_wins(bench: Bench) -> None:
    """Two different commits from one version: one is written, the other rewound."""
    lane = bench.lane
    await lane.acquire()
    outcomes = await asyncio.gather(
        lane.commit(commit(0, states={"L-1": b"a"})),
        lane.commit(commit(0, states={"L-1": b"b"})),
        return_exceptions=True,
    )
    assert sorted(type(outcome) is Rewound for outcome in outcomes) == [False, True]
    assert (await lane.standing()).ver == 1
