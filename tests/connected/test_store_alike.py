"""The double of the store, Redis and a cluster side by side: the same calls from a seed, the same answers and keys.

What test_store.py and test_store_contents.py say case by case is said here of sequences that nobody has thought of:
owners that come back, commits that are late, repeated, or start elsewhere, erasures amid all that.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from random import Random
from typing import Any

import pytest

from streams.lane.ports import Acquired, Commit, Fenced, LaneStore, OutboxEntry, Rewound, Standing, StoreRefused
from tests.support.doubles.bench import URLS, Bench, entry, memory_bench, redis_bench

CALLS = 200
OF_THE_LAST = 0.7
"""Share of the calls of who acquired last: most of what they ask is granted."""
LEADS = ("L-1", "L-2", "L-3", "ä")
TOPICS = ("email.opens", "email.clicks")

Story = list[tuple[str, Any]]


@pytest.fixture(params=URLS.values())
def url(request: pytest.FixtureRequest) -> str:
    """The address of a Redis, then of a cluster."""
    return str(request.getfixturevalue(request.param))


@pytest.mark.connected
@pytest.mark.parametrize("seed", range(12))
async def test_both_tell_the_same_story(url: str, prefix: str, seed: int) -> None:
    """Answers and errors call by call, and at the end all that the keys hold; each kind of answer came."""
    ours = await tell(memory_bench(), Random(seed))
    async with redis_bench(url, prefix) as bench:
        theirs = await tell(bench, Random(seed))
    kinds = {type(answer).__name__ for _, answer in theirs}
    assert {"Standing", "Acquired", "Fenced", "Rewound", "StoreRefused"} <= kinds
    assert [(name, comparable(answer)) for name, answer in ours] == [
        (name, comparable(answer)) for name, answer in theirs
    ]


async def tell(bench: Bench, rng: Random) -> Story:
    """Calls of three owners, and what each has answered."""
    owners: list[LaneStore] = [bench.store.lane(0) for _ in range(3)]
    drawn, story, last = Drawing(rng), list[tuple[str, Any]](), owners[0]
    for _ in range(CALLS):
        owner = last if rng.random() < OF_THE_LAST else rng.choice(owners)
        name, call = rng.choices(
            (
                ("acquire", lambda owner=owner: owner.acquire()),
                ("commit", lambda owner=owner: owner.commit(drawn.commit())),
                ("standing", lambda owner=owner: owner.standing()),
                ("load", lambda owner=owner: owner.load(LEADS)),
                ("profiles", lambda owner=owner: owner.load_profiles(LEADS)),
                ("erased", lambda owner=owner: owner.load_erased()),
                ("due", lambda owner=owner: owner.due(rng.randrange(100), 3)),
                ("outbox", lambda owner=owner: owner.outbox(rng.randrange(8), 4)),
                ("board", lambda owner=owner: owner.board_top(rng.randrange(3), 2)),
                ("accept", lambda: bench.store.accept(0, {"timeline": "2"}, ["trying"], ver=str(drawn.ver))),
            ),
            (3, 20, 2, 2, 1, 1, 2, 2, 1, 1),
        )[0]
        try:
            answer = await call()
        except (Fenced, Rewound, StoreRefused) as error:
            answer = error
        last = owner if isinstance(answer, Acquired) else last
        drawn.learn(name, answer)
        story.append((name, answer))
    story += [(f"end: {number}", kept) for number, kept in enumerate(await everything(bench))]
    return story


class Drawing:
    """Commits that are mostly right: by what the lane was told last."""

    def __init__(self, rng: Random) -> None:
        self.ver = 0
        self._rng = rng
        self._ids = count(1)
        self._offsets = dict.fromkeys(TOPICS, 0)
        self._outbox = 0
        self._last: Commit | None = None
        self._sent: list[Commit] = []

    def commit(self) -> Commit:
        """A new one, one sent before, or one that starts elsewhere."""
        rng = self._rng
        if self._sent and rng.random() < 0.2:
            self._last = rng.choice(self._sent[-3:])
            return self._last
        ver = self.ver + rng.choice((0, 0, 0, 0, 0, 0, 1, -1))
        shift = rng.choice((0, 0, 0, 0, 0, 0, 0, 1))
        offsets = {
            topic: (at + shift, at + shift + rng.randrange(3))
            for topic, at in self._offsets.items()
            if rng.random() < 0.7
        }
        self._last = Commit(commit_id=f"c-{next(self._ids)}", ver=ver, offsets=offsets, **self._contents())
        self._sent.append(self._last)
        return self._last

    def learn(self, name: str, answer: object) -> None:
        """Where the lane stands now."""
        if isinstance(answer, Acquired):
            meta = answer.meta
            self.ver, self._outbox = int(meta["ver"]), int(meta["outbox"])
            self._offsets = {topic: int(meta.get(f"offset:{topic}", "0")) for topic in TOPICS}
        elif isinstance(answer, Standing) and name == "commit" and self._last and answer.ver == self._last.ver + 1:
            self.ver = answer.ver
            self._offsets.update((topic, to) for topic, (_, to) in self._last.offsets.items())
            self._outbox = max([self._outbox, *(each.number for each in self._last.outbox)])

    def _contents(self) -> dict[str, Any]:
        rng = self._rng
        some = [lead for lead in LEADS if rng.random() < 0.4]
        gone = [lead for lead in LEADS if rng.random() < 0.05]
        first = self._outbox + 1 + (rng.random() < 0.2)
        new = [self._entry(number) for number in range(first, first + rng.choice((0, 0, 1, 3)))]
        return {
            "states": {lead: rng.randbytes(4) for lead in some},
            "profiles": {lead: rng.randbytes(3) for lead in some[:1]},
            "board": {lead: rng.randrange(5) / 4 for lead in some},
            "timers": {lead: rng.choice((None, rng.randrange(100))) for lead in some},
            "history": {lead: [rng.randbytes(2)] for lead in some[1:]},
            "outcomes": [(lead, rng.randbytes(2)) for lead in some[:1]],
            "meta": {"stream_time": str(rng.randrange(9)), "trying": rng.choice(("", "x/1/1"))},
            "outbox": new,
            "trim": max(0, self._outbox - rng.randrange(5)),
            "journal": rng.choice((None, b"j")),
            "gone": gone,
            "erased": {f"hash of {lead}": rng.randrange(100) for lead in gone},
        }

    def _entry(self, number: int) -> OutboxEntry:
        lead = self._rng.choice(LEADS)
        return entry(number, key=lead.encode(), value=self._rng.choice((b"{}", None)), headers=(("seq", b"1"),))


async def everything(bench: Bench) -> Sequence[Any]:
    """All that a reader sees."""
    reader = bench.reader
    meta = await reader.meta(0)
    return [
        {name: value for name, value in meta.items() if name not in ("token", "lineage")},
        await reader.states(0, LEADS),
        await reader.profiles(0, LEADS),
        await reader.board(0, 0, 10),
        [await reader.history(0, lead, 10) for lead in LEADS],
        [await reader.outcomes(0, lead) for lead in LEADS],
        [await reader.remains(0, lead) for lead in LEADS],
        await reader.erased(0),
        await reader.counts(0),
        [kept async for kept in reader.journal(0)],
    ]


def comparable(answer: Any) -> str:
    """What must be the same: neither tokens nor clocks, and of an error its kind."""
    match answer:
        case Acquired(meta, standing):
            kept = {name: value for name, value in meta.items() if name not in ("token", "lineage")}
            return json.dumps([sorted(kept.items()), comparable(standing)])
        case Standing():
            return repr(answer._replace(time_ms=0))
        case Exception():
            return type(answer).__name__
        case list() | tuple():
            return repr(list(answer))
    return repr(answer)
