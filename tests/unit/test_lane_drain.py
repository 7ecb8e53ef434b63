"""A take-over of the outbox: look, fence, judge, publish the rest; and what ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from schemas.published import Published
from schemas.topics import CHANGES
from streams.clock import SystemClock
from streams.lane.drain import ENTRIES_AT_ONCE, Drain
from streams.lane.ports import Fenced, Halted, OutboxEntry
from streams.lane.position import Position
from streams.lane.timeline import Outset
from streams.metrics import new_metrics


class FakePublisher:
    """Tells a mark, and keeps what it is given. `failure` is raised in place of publishing."""

    def __init__(self, told: Published | None = None, *, keeps_marks: bool = True) -> None:
        self.keeps_marks = keeps_marks
        self.told = told
        self.failure: Exception | None = None
        self.calls: list[str] = []
        self.published: list[tuple[list[int], Published]] = []
        self.free = asyncio.Event()
        self.free.set()

    async def last(self) -> Published | None:
        """As the port."""
        self.calls.append("last")
        return self.told

    async def take_over(self) -> Published | None:
        """As the port."""
        self.calls.append("take over")
        return self.told

    async def publish(self, entries: Sequence[OutboxEntry], mark: Published) -> None:
        """As the port; waits while it is not `free`."""
        await self.free.wait()
        if self.failure is not None:
            raise self.failure
        self.published.append(([entry.number for entry in entries], mark))

    async def stop(self) -> None:
        """As the port."""
        self.calls.append("stop")


def entries(*numbers: int) -> list[OutboxEntry]:
    """Changes of timeline 1."""
    return [OutboxEntry(number, CHANGES.name, 0, b"L", b"{}", (("timeline", b"1"),)) for number in numbers]


def mark(outbox: int, timeline: int = 1, lineage: str = "ours") -> Published:
    """How far it is published."""
    return Published(timeline=timeline, outbox=outbox, environment="test", lineage=lineage)


def position(outbox: int) -> Position:
    """A lane that has written so many entries."""
    return Position.read({"outbox": str(outbox), "lineage": "ours", "model_body": "", "token": "me"})


def a_drain(publisher: FakePublisher) -> Drain:
    """Of partition 0."""
    return Drain(0, publisher, "test", new_metrics(), SystemClock())


async def published_all(drain: Drain) -> None:
    """Returns when nothing waits."""
    async with asyncio.timeout(10):
        while drain.backlog:
            await drain.progress(1.0)


async def test_the_rest_is_published_behind_the_mark() -> None:
    """What Kafka has is left out, what waits goes with a mark of its own."""
    publisher = FakePublisher(mark(5))
    drain = a_drain(publisher)
    judged = await drain.take_over(position(8), entries(4, 5, 6, 7, 8))
    assert (judged, drain.published, drain.backlog) == (Outset(5, 1, 0), 5, 3)
    drain.start(position(8))
    await published_all(drain)
    drain.add(entries(9))
    await published_all(drain)
    await drain.stop()
    assert publisher.calls == ["last", "take over", "stop"]
    ours = [mark(number).model_copy(update={"tenure": "me"}) for number in (8, 9)]
    assert publisher.published == [([6, 7, 8], ours[0]), ([9], ours[1])]
    assert drain.published == 9


async def test_a_backlog_goes_page_by_page() -> None:
    """Each page is a call, and a mark."""
    publisher = FakePublisher(mark(0))
    drain = a_drain(publisher)
    await drain.take_over(position(ENTRIES_AT_ONCE + 1), entries(*range(1, ENTRIES_AT_ONCE + 2)))
    drain.start(position(8))
    await published_all(drain)
    await drain.stop()
    assert [told.outbox for _, told in publisher.published] == [ENTRIES_AT_ONCE, ENTRIES_AT_ONCE + 1]


async def test_nobody_is_fenced_by_whom_the_outputs_do_not_belong_to() -> None:
    """Another Redis is noticed before the publisher of the right one is stopped."""
    publisher = FakePublisher(mark(5, lineage="theirs"))
    drain = a_drain(publisher)
    with pytest.raises(Halted, match="Redis has other scores"):
        await drain.take_over(position(8), entries(6, 7, 8))
    await drain.stop()
    assert publisher.calls == ["last", "stop"]


async def test_what_is_published_until_the_fence_counts() -> None:
    """The owner before may publish until it is fenced: the mark is looked up again."""
    publisher = FakePublisher(mark(5))
    drain = a_drain(publisher)

    async def further() -> Published | None:
        return mark(7)

    publisher.take_over = further  # type: ignore[method-assign]
    assert await drain.take_over(position(8), entries(6, 7, 8)) == Outset(7, 1, 0)
    assert drain.backlog == 1


async def test_without_marks_all_that_waits_is_published() -> None:
    """At least once: nobody knows how far it was."""
    publisher = FakePublisher(keeps_marks=False)
    drain = a_drain(publisher)
    assert await drain.take_over(position(8), entries(6, 7, 8)) == Outset(5, 1, 0)
    drain.start(position(8))
    await published_all(drain)
    await drain.stop()
    assert [numbers for numbers, _ in publisher.published] == [[6, 7, 8]]


@pytest.mark.parametrize("failure", [Fenced("another"), Halted("too large")])
async def test_what_the_publisher_raises_for_good_reaches_the_lane(failure: Exception) -> None:
    """At once for who waits, and at each look after; what was not published is not counted."""
    publisher = FakePublisher(mark(0))
    publisher.failure = failure
    drain = a_drain(publisher)
    await drain.take_over(position(1), entries(1))
    drain.start(position(8))
    with pytest.raises(type(failure)):
        await drain.progress(10.0)
    with pytest.raises(type(failure)):
        drain.check()
    await drain.stop()
    assert (drain.published, publisher.calls[-1]) == (0, "stop")


async def test_what_is_on_its_way_is_finished_at_the_end() -> None:
    """A lane that stops leaves no transaction open that would have taken milliseconds."""
    publisher = FakePublisher(mark(0))
    publisher.free.clear()
    drain = a_drain(publisher)
    await drain.take_over(position(1), entries(1))
    drain.start(position(8))
    await asyncio.sleep(0)
    stopping = asyncio.create_task(drain.stop())
    await asyncio.sleep(0)
    publisher.free.set()
    await stopping
    assert [numbers for numbers, _ in publisher.published] == [[1]]


async def test_a_kafka_that_is_away_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not published within the bound is left to the next owner."""
    monkeypatch.setattr("streams.lane.drain.FINISH_S", 0.01)
    publisher = FakePublisher(mark(0))
    publisher.free.clear()
    drain = a_drain(publisher)
    await drain.take_over(position(1), entries(1))
    drain.start(position(8))
    async with asyncio.timeout(10):
        await drain.stop()
    assert publisher.published == []
    assert publisher.calls[-1] == "stop"
