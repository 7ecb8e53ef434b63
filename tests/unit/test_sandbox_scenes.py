"""The demo's course, with doubles for Kafka, Redis and the worker."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from schemas.changes import Cause
from schemas.codec import read_change
from streams.sandbox import housekeeping, scenes
from streams.sandbox.clients import worker_counts
from streams.sandbox.housekeeping import Housekeeping
from streams.sandbox.marketing import Marketing
from streams.sandbox.ports import FollowedChange, RankedLead, WorkerCounts
from streams.sandbox.scenes import Scenes
from streams.sandbox.show import Show
from streams.sandbox.simulate import Traffic
from streams.sandbox.terminal import Terminal
from streams.sandbox.worker import WorkerDied

NOW_MS = 1_795_000_000_000

PAGE = """
# TYPE leadline_records_total counter
leadline_records_total{outcome="applied",topic="email.opens"} 100.0
leadline_records_total{outcome="machine",topic="email.opens"} 3.0172e+04
leadline_records_total{outcome="duplicate",topic="email.opens"} 7.0
leadline_records_total{outcome="duplicate",topic="email.clicks"} 5.0
leadline_rejected_total{reason="not_json"} 2.0
leadline_rejected_total{reason="missing"} 1.0
"""


class FakeClients:
    """Kafka, Redis and a worker that has scored whatever was sent, and moves a lead at every hundredth record."""

    def __init__(self) -> None:
        self.log: Counter[tuple[str, int]] = Counter()
        self.published: asyncio.Queue[FollowedChange] = asyncio.Queue()
        self.is_scoring = True

    @asynccontextmanager
    async def producer(self, linger_ms: int) -> AsyncIterator[FakeClients]:
        yield self

    async def send(
        self, topic: str, *, key: bytes | None, value: bytes | None, timestamp_ms: int | None = None
    ) -> None:
        await asyncio.sleep(0)
        self.log[topic, 0] += 1
        if self.log.total() % 100 == 0 and key is not None:
            self.published.put_nowait(a_change(self.log.total() // 100, key.decode()))

    async def flush(self) -> None:
        """All is there at once."""

    async def changes(self) -> AsyncIterator[FollowedChange]:
        while True:
            yield await self.published.get()

    async def positions(self) -> Mapping[tuple[str, int], int]:
        return dict(self.log) if self.is_scoring else {}

    async def ranking(self, limit: int) -> Sequence[RankedLead]:
        return [RankedLead("L-00001", "hot", 88.0)]

    async def worker_counts(self, http: str) -> WorkerCounts:
        return WorkerCounts(1, 2, 3)


class FakeBroker:
    """Remembers what was trimmed."""

    def __init__(self) -> None:
        self.trimmed: dict[tuple[str, int], int] = {}

    def trim(self, topic: str, partition: int, offset: int) -> None:
        self.trimmed[topic, partition] = offset


class FakeWorker:
    """Lives until told otherwise."""

    http = "127.0.0.1:1"

    def __init__(self) -> None:
        self.is_dead = False

    def check(self) -> None:
        if self.is_dead:
            raise WorkerDied("the worker ended with code 1")


class FakeClock:
    """Runs fast, so that live traffic does not wait."""

    def __init__(self) -> None:
        self.ms = NOW_MS

    def now_ms(self) -> int:
        self.ms += 1_000
        return self.ms

    def monotonic_s(self) -> float:
        return self.now_ms() / 1000


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits of the demo are for people and for other processes; here is neither."""
    monkeypatch.setattr(scenes, "QUIET_S", 0.0)
    monkeypatch.setattr(scenes, "STOPPED_S", 0.05)
    monkeypatch.setattr(housekeeping, "LOOK_S", 0.0)


class Stage:
    """A demo ready to play, and what it shows."""

    def __init__(self, events: int | None) -> None:
        self.clients, self.broker, self.worker = FakeClients(), FakeBroker(), FakeWorker()
        self.screen = io.StringIO()
        self.stopped = asyncio.Event()
        clock = FakeClock()
        self.scenes = Scenes(
            clients=self.clients,
            marketing=Marketing(seed=1, leads=30, now_ms=NOW_MS),
            traffic=Traffic(backlog_days=30, rate=20.0, events=events),
            house=Housekeeping(self.broker, self.clients),
            show=Show(Terminal(self.screen, {}), clock),
            clock=clock,
            stopped=self.stopped,
        )

    def when_shown(self, text: str, do: Callable[[], None]) -> None:
        """Do something once this text is on the screen."""
        line = self.scenes.show.terminal.line

        def watched(shown: str = "") -> None:
            line(shown)
            if text in shown:
                do()

        self.scenes.show.terminal.line = watched  # type: ignore[method-assign]


def a_change(seq: int, lead_id: str) -> FollowedChange:
    """A lead that got warm."""
    change = read_change(
        {
            "change_id": f"c-{seq}", "timeline": 1, "seq": seq, "lead_id": lead_id, "from": "cold", "to": "warm",
            "direction": "up", "alert": False, "occurred_at": "2026-11-23T21:04:07Z", "score": 46.2,
            "previous_score": 21.2, "threshold": 70, "cause": Cause.SIGNAL, "adjustments": (), "windows": {},
            "falls_at": None, "model_version": "default-1", "grade": None, "segment": None, "kind": "band",
            "reasons": (),
        }
    )  # fmt: skip
    return FollowedChange(0, seq - 1, change)


async def test_the_demo_plays_from_the_backlog_to_the_summary() -> None:
    """A bound of events ends it by itself; every event is counted as past or live."""
    stage = Stage(events=1_500)
    await stage.scenes.load()
    summary = await stage.scenes.play(stage.worker)
    assert summary.events == summary.backlog_events + summary.live_events == 1_500
    assert summary.live_events > 0
    assert summary.changes_up == 15
    assert (summary.rejected, summary.duplicates, summary.machine_opens) == (1, 2, 3)
    assert sum(summary.by_band.values()) == summary.leads == 30


async def test_the_screen_tells_the_story_in_order() -> None:
    """What waits, that it is scored, who stands highest, that it is live, what came of it."""
    stage = Stage(events=1_500)
    await stage.scenes.load()
    await stage.scenes.play(stage.worker)
    shown = stage.screen.getvalue()
    story = ["wait in Kafka", "the past is scored", "L-00001   hot", "now live", "in all"]
    places = [shown.find(part) for part in story]
    assert -1 not in places
    assert places == sorted(places)


async def test_a_bound_within_the_backlog_shows_nothing_live() -> None:
    """`--events 50` is fifty events of the past."""
    stage = Stage(events=50)
    await stage.scenes.load()
    summary = await stage.scenes.play(stage.worker)
    assert (summary.events, summary.live_events) == (50, 0)
    assert "now live" not in stage.screen.getvalue()


async def test_ctrl_c_ends_the_live_traffic_with_a_summary() -> None:
    """Without a bound it goes on until somebody stops it."""
    stage = Stage(events=None)
    stage.when_shown("now live", lambda: asyncio.get_running_loop().call_later(0.05, stage.stopped.set))
    await stage.scenes.load()
    summary = await stage.scenes.play(stage.worker)
    assert summary.events == summary.backlog_events + summary.live_events
    assert "in all" in stage.screen.getvalue()


async def test_ctrl_c_does_not_wait_for_a_worker_that_is_behind() -> None:
    """The summary then counts what was scored."""
    stage = Stage(events=None)
    stage.clients.is_scoring = False
    await stage.scenes.load()
    asyncio.get_running_loop().call_soon(stage.stopped.set)
    summary = await stage.scenes.play(stage.worker)
    assert summary.events == 0
    assert summary.backlog_events > 0


async def test_a_worker_that_dies_ends_the_demo() -> None:
    """With its error, not with a screen that stands still."""
    stage = Stage(events=None)
    stage.when_shown("now live", lambda: setattr(stage.worker, "is_dead", True))
    await stage.scenes.load()
    with pytest.raises(WorkerDied, match="code 1"):
        await stage.scenes.play(stage.worker)


async def test_the_broker_forgets_what_worker_and_screen_have_read() -> None:
    """Inputs up to where the worker is, changes up to where we are."""
    stage = Stage(events=1_500)
    await stage.scenes.load()
    await stage.scenes.play(stage.worker)
    assert stage.broker.trimmed["email.opens", 0] > 0
    assert stage.broker.trimmed["lead.score-changes", 0] > 0
    assert all(stage.broker.trimmed[place] <= end for place, end in stage.clients.log.items())


def test_the_worker_s_counts_are_read_from_its_metrics() -> None:
    """Summed over topics and reasons; large numbers come in exponents."""
    assert worker_counts(PAGE) == WorkerCounts(rejected=3, duplicates=12, machine=30_172)
