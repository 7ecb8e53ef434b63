"""What is committed is what comes back: one suite for Redis, a Redis Cluster, and their double."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from streams.lane.ports import Standing
from streams.store import Remains
from streams.store.commit import HISTORY_LENGTH
from tests.support.doubles.bench import EVERYWHERE, NOON_MS, Bench, commit, entry, open_bench

ANY_BYTES = bytes(range(256)) + b"\r\n$-1\r\n"

MANY = 9_000
"""More than Lua's `unpack` takes at once (8,000)."""


@pytest.fixture(params=EVERYWHERE)
async def bench(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[Bench]:
    """The double, then Redis, then a cluster."""
    async with open_bench(request, prefix) as bench:
        yield bench


async def test_states_come_back_as_they_were(bench: Bench) -> None:
    """States and ids are kept byte by byte, in the order asked for, None for an unknown lead."""
    lane = bench.lane
    await lane.acquire()
    ids = ["L-1", "with space", "{brace}", "ü🙂", "a:b\n"]
    states = {lead: ANY_BYTES + lead.encode() for lead in ids} | {"empty": b""}
    await lane.commit(commit(0, states=states))
    asked = ["empty", *reversed(ids), "unknown"]
    assert list(await lane.load(asked)) == [states.get(lead) for lead in asked]
    assert await bench.reader.states(0, asked) == [states.get(lead) for lead in asked]
    assert await bench.reader.lead_state(0, "ü🙂") == states["ü🙂"]
    assert await bench.reader.lead_state(0, "unknown") is None
    assert list(await lane.load([])) == []


async def test_one_commit_takes_thousands_of_leads(bench: Bench) -> None:
    """Nine thousand leads, more than Lua can unpack at once, are one commit."""
    lane = bench.lane
    await lane.acquire()
    ids = [f"L-{n:05}" for n in range(MANY)]
    await lane.commit(
        commit(
            0,
            states={lead: lead.encode() for lead in ids},
            board={lead: float(n) for n, lead in enumerate(ids)},
            timers={lead: NOON_MS + n for n, lead in enumerate(ids)},
            history={lead: [b"c"] for lead in ids[:2_500]},
            meta={f"origin:email.opens:{n}": str(n) for n in range(2_500)},
        )
    )
    assert list(await lane.load(ids)) == [lead.encode() for lead in ids]
    assert (await bench.reader.counts(0))[:2] == (MANY, MANY)
    removal = await lane.commit(commit(1, timers=dict.fromkeys(ids[1:])))
    assert removal.next_timer_ms == NOON_MS
    assert (await bench.reader.counts(0)).timers == 1


async def test_due_timers_come_in_order(bench: Bench) -> None:
    """Timers at or before an instant come earliest first, at one instant by the lead's bytes, up to a limit."""
    lane = bench.lane
    await lane.acquire()
    await lane.commit(commit(0, timers={"b": 20, "ä": 20, "a": 20, "late": 31, "first": 10, "gone": 5}))
    await lane.commit(commit(1, timers={"gone": None, "never-there": None}))
    assert list(await lane.due(30, 10)) == [("first", 10), ("a", 20), ("b", 20), ("ä", 20)]
    assert list(await lane.due(30, 2)) == [("first", 10), ("a", 20)]
    assert list(await lane.due(9, 10)) == []


async def test_the_board_goes_from_the_top(bench: Bench) -> None:
    """The board is read from any rank, highest bound first; bounds keep every digit."""
    lane = bench.lane
    await lane.acquire()
    await lane.commit(
        commit(0, board={"low": -1.5, "a": 71.123456789012345, "b": 71.123456789012345, "top": 100.0})
    )
    await lane.commit(commit(1, board={"low": 0.1 + 0.2}))
    whole = [("top", 100.0), ("b", 71.123456789012345), ("a", 71.123456789012345), ("low", 0.1 + 0.2)]
    assert list(await lane.board_top(0, 10)) == whole
    assert list(await lane.board_top(1, 2)) == whole[1:3]
    assert list(await lane.board_top(0, 0)) == list(await lane.board_top(4, 5)) == []
    assert await bench.reader.board(0, 0, 10) == whole


async def test_a_scan_finds_every_lead(bench: Bench) -> None:
    """A scan of the board ends, and has named each lead at least once."""
    lane = bench.lane
    await lane.acquire()
    ids = {f"L-{n}" for n in range(3_500)}
    await lane.commit(commit(0, board=dict.fromkeys(ids, 1.0)))
    cursor, found = await lane.board_scan(0)
    seen = set(found)
    while cursor:
        cursor, found = await lane.board_scan(cursor)
        seen.update(found)
    assert seen == ids


async def test_history_is_newest_first_and_bounded(bench: Bench) -> None:
    """A lead's history has its newest changes in front and forgets the oldest beyond the bound."""
    lane = bench.lane
    await lane.acquire()
    await lane.commit(commit(0, history={"L-1": [b"1", b"2"], "L-2": [ANY_BYTES]}))
    await lane.commit(commit(1, history={"L-1": [b"3"]}))
    assert await bench.reader.history(0, "L-1", 10) == [b"3", b"2", b"1"]
    assert await bench.reader.history(0, "L-1", 2) == [b"3", b"2"]
    assert await bench.reader.history(0, "L-2", 10) == [ANY_BYTES]
    many = [str(n).encode() for n in range(HISTORY_LENGTH + 10)]
    await lane.commit(commit(2, history={"L-1": many}))
    assert await bench.reader.history(0, "L-1", 1_000) == many[: -HISTORY_LENGTH - 1 : -1]


async def test_outbox_entries_come_back_as_they_were(bench: Bench) -> None:
    """Keys, values and headers are kept byte by byte; an absent one and an empty one stay different."""
    lane = bench.lane
    await lane.acquire()
    entries = [
        entry(1, key=None, value=None),
        entry(2, key=b"", value=b"", timestamp_ms=0),
        entry(3, key=ANY_BYTES, value=ANY_BYTES, timestamp_ms=NOON_MS, topic="leadline.rekeyed", partition=11),
        entry(4, headers=(("seq", b"1"), ("seq", ANY_BYTES), ("ü", b""))),
    ]
    await lane.commit(commit(0, outbox=entries[:3]))
    await lane.commit(commit(1, outbox=entries[3:]))
    assert list(await lane.outbox(0, 10)) == entries
    assert list(await lane.outbox(1, 2)) == entries[1:3]
    assert list(await lane.outbox(4, 10)) == []


async def test_trimming_removes_what_is_in_kafka(bench: Bench) -> None:
    """Entries up to the trim go, also all of them; the numbers go on from the last one ever written."""
    lane = bench.lane
    await lane.acquire()
    await lane.commit(commit(0, outbox=[entry(n) for n in range(1, 11)]))
    assert (await lane.commit(commit(1, trim=9))).outbox_length == 1
    assert (await lane.commit(commit(2, trim=9, outbox=[entry(11)]))).outbox_length == 2
    assert [kept.number for kept in await lane.outbox(0, 10)] == [10, 11]
    assert (await lane.commit(commit(3, trim=11))).outbox_length == 0
    assert (await lane.commit(commit(4, trim=11, outbox=[entry(12)]))).outbox_length == 1
    assert (await bench.reader.meta(0))["outbox"] == "12"


async def test_the_journal_keeps_what_was_given_in_order(bench: Bench) -> None:
    """The journal has one entry for each commit that brought one, oldest first, byte by byte."""
    lane = bench.lane
    await lane.acquire()
    for ver, journal in enumerate([b"1", None, ANY_BYTES, b""]):
        await lane.commit(commit(ver, journal=journal))
    assert [kept async for kept in bench.reader.journal(0)] == [b"1", ANY_BYTES, b""]


async def test_lanes_do_not_share_anything(bench: Bench) -> None:
    """What one partition has is not seen from another."""
    lane, other = bench.store.lane(0), bench.store.lane(1)
    await lane.acquire()
    await other.acquire()
    await lane.commit(commit(0, states={"L-1": b"x"}, board={"L-1": 1.0}, timers={"L-1": 1}, outbox=[entry(1)]))
    assert (await other.standing())._replace(time_ms=0) == Standing(0, 0, None, 0)
    assert list(await other.load(["L-1"])) == [None]
    assert list(await other.board_top(0, 10)) == list(await other.outbox(0, 10)) == []


async def test_a_reader_scans_the_board_with_its_bounds(bench: Bench) -> None:
    """Every lead with its bound, over as many steps as it takes."""
    lane = bench.lane
    await lane.acquire()
    bounds = {f"L-{n:04}": n / 8 for n in range(3_000)}
    await lane.commit(commit(0, board=bounds))
    cursor, found = await bench.reader.board_scan(0, 0)
    while cursor:
        cursor, more = await bench.reader.board_scan(0, cursor)
        found += more
    assert dict(found) == bounds


async def test_what_is_kept_of_a_lead_is_counted_and_goes_with_it(bench: Bench) -> None:
    """All that a report of an erasure names; afterwards nothing of it, and the hash with its instant."""
    lane, reader = bench.lane, bench.reader
    await lane.acquire()
    told = [("L-1", b"one"), ("L-2", b"other"), ("L-1", b"two")]
    kept = {"L-1": b"1234"}
    await lane.commit(
        commit(
            0, states=kept, profiles=kept, board={"L-1": 1.0}, timers={"L-1": 1}, history={"L-1": [b"x", b"y"]},
            outcomes=told, outbox=[entry(1), entry(2, key=b"L-2"), entry(3, value=None)],
        )
    )  # fmt: skip
    assert await reader.remains(0, "L-1") == Remains(4, 4, True, True, 2, 2, 1)
    assert await reader.outcomes(0, "L-1") == [b"one", b"two"]
    assert await reader.profiles(0, ["L-2", "L-1"]) == [None, b"1234"]
    gone = [entry(1, value=None)]
    await lane.commit(commit(1, gone=["L-1"], replaced=gone, erased={"digest": NOON_MS}))
    assert await reader.remains(0, "L-1") == Remains(0, 0, False, False, 0, 0, 0)
    assert await reader.outcomes(0, "L-1") == []
    assert await reader.outcomes(0, "L-2") == [b"other"]
    assert await reader.erased(0) == {"digest": NOON_MS}
