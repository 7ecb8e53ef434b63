"""The store of a lane: one suite for Redis and for its double, so that what holds on one holds on the other."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from scoring.lead import STATE_FORMAT
from streams.lane.ports import Commit, Fenced, LaneStore, OutboxEntry, Rewound, Standing, StoreRefused
from streams.store import NothingScored, Reader, Store
from streams.store.commit import HISTORY_LENGTH
from streams.store.connection import Connection
from streams.store.lane_store import Identity
from tests.support.doubles.store import MemoryRedis, MemoryStore

ANY_BYTES = bytes(range(256)) + b"\r\n$-1\r\n"
NOON_MS = 1_763_899_200_000
MANY = 9_000
"""More than Lua's `unpack` takes at once (8,000)."""


class StoppedClock:
    """Always noon."""

    def now_ms(self) -> int:
        """Noon."""
        return NOON_MS

    def monotonic_s(self) -> float:
        """The start."""
        return 0.0


@dataclass
class Bench:
    """A store to test. `make` gives another one on the same server, of other partitions, name or format."""

    make: Callable[..., Any]
    store: Any

    @property
    def lane(self) -> LaneStore:
        """Partition 0, as a new owner."""
        lane: LaneStore = self.store.lane(0)
        return lane

    @property
    def reader(self) -> Reader:
        """Partition 0, to look at."""
        reader: Reader = self.store.reader()
        return reader


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.connected)])
async def bench(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[Bench]:
    """The double, then Redis."""
    if request.param == "memory":
        redis = MemoryRedis(StoppedClock())

        def in_memory(**identity: Any) -> MemoryStore:
            return MemoryStore(redis, **{"partitions": 6, "environment": "test", **identity})

        yield Bench(in_memory, in_memory())
        return
    connection = Connection(request.getfixturevalue("redis_url"))

    def in_redis(**identity: Any) -> Store:
        defaults = {"partitions": 6, "environment": "test", "state_format": STATE_FORMAT}
        return Store(connection, prefix, Identity(**{**defaults, **identity}), volatile=False)

    yield Bench(in_redis, in_redis())
    await connection.close()


def commit(ver: int, **changes: Any) -> Commit:
    """A commit with an id of its own that changes only what is given."""
    return Commit(**{"commit_id": secrets.token_hex(8), "ver": ver, "offsets": {}, **changes})


def entry(number: int, **differences: Any) -> OutboxEntry:
    """An outbox entry of little content."""
    usual = {"topic": "lead.score-changes", "partition": 0, "key": b"L-1", "value": b"{}"}
    return OutboxEntry(**{"number": number, **usual, **differences})


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
