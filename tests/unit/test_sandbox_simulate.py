"""The simulated traffic on its way to Kafka: bounded, at its pace, and nothing lost when it is stopped."""

from __future__ import annotations

import asyncio

import pytest

from streams.sandbox.marketing import Marketing
from streams.sandbox.simulate import Sent, Traffic, run
from streams.sandbox.together import alongside, unless

NOW_MS = 1_795_000_000_000


class FakeProducer:
    """Remembers what it was sent, and what of it was flushed."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int | None]] = []
        self.flushed = 0

    async def send(
        self, topic: str, *, key: bytes | None, value: bytes | None, timestamp_ms: int | None = None
    ) -> None:
        self.sent.append((topic, timestamp_ms))
        await asyncio.sleep(0)

    async def flush(self) -> None:
        self.flushed = len(self.sent)


class FakeClock:
    """Stands still but for those who sleep on it."""

    def __init__(self) -> None:
        self.ms = NOW_MS

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return self.ms / 1000

    async def sleep(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)
        await asyncio.sleep(0)


def marketing() -> Marketing:
    """A small company."""
    return Marketing(seed=1, leads=20, now_ms=NOW_MS)


async def test_the_backlog_comes_first_and_with_its_own_timestamps() -> None:
    """All of the past, in order, then as many live records as the bound leaves."""
    producer, clock = FakeProducer(), FakeClock()
    past = list(marketing().backlog(30))
    traffic = Traffic(backlog_days=30, events=len(past) + 50)
    sent = await run(producer, marketing(), traffic, clock=clock, sleep=clock.sleep)
    assert sent == Sent(backlog=len(past), live=50)
    assert producer.sent[: len(past)] == [(record.topic, record.timestamp_ms) for record in past]
    assert producer.flushed == len(producer.sent) == len(past) + 50


async def test_a_bound_within_the_backlog_ends_there() -> None:
    """`events` counts the past and the present together."""
    producer, clock = FakeProducer(), FakeClock()
    sent = await run(producer, marketing(), Traffic(events=10), clock=clock, sleep=clock.sleep)
    assert sent == Sent(backlog=10, live=0)
    assert producer.flushed == 10


async def test_live_records_go_out_when_their_time_has_come() -> None:
    """Two hundred records at ten a second take about twenty seconds of the clock."""
    producer, clock = FakeProducer(), FakeClock()
    traffic = Traffic(backlog_days=0, rate=10.0, events=200)
    await run(producer, marketing(), traffic, clock=clock, sleep=clock.sleep)
    assert 15 < (clock.ms - NOW_MS) / 1000 < 26
    assert all(timestamp_ms is not None and timestamp_ms <= clock.ms for _, timestamp_ms in producer.sent)


async def test_stopped_half_way_everything_sent_is_flushed() -> None:
    """Ctrl-C is a cancellation: what was counted has reached Kafka."""
    producer, clock = FakeProducer(), FakeClock()
    enough = asyncio.Event()

    def on_progress(sent: Sent) -> None:
        if sent.live >= 30:
            enough.set()

    running = asyncio.ensure_future(
        run(producer, marketing(), Traffic(0), clock=clock, on_progress=on_progress, sleep=clock.sleep)
    )
    await enough.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert producer.flushed == len(producer.sent) >= 30


async def test_without_a_rate_there_is_no_live_traffic() -> None:
    """A backlog alone comes to an end."""
    producer, clock = FakeProducer(), FakeClock()
    sent = await run(producer, marketing(), Traffic(1, rate=0), clock=clock, sleep=clock.sleep)
    assert sent.live == 0
    assert sent.backlog == len(producer.sent) > 0


async def for_ever(ended: list[str]) -> None:
    """Run until cancelled, and say so."""
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("ended")


async def fails() -> None:
    """What happens when the worker dies."""
    raise RuntimeError("the worker died")


async def test_what_runs_beside_ends_with_the_main_thing() -> None:
    """No task is left behind."""
    ended: list[str] = []

    async def main() -> int:
        await asyncio.sleep(0)
        return 7

    assert await alongside(main(), for_ever(ended)) == 7
    assert ended == ["ended"]


async def test_an_error_beside_ends_the_main_thing() -> None:
    """The demo does not wait for a worker that has died."""
    ended: list[str] = []
    with pytest.raises(RuntimeError, match="the worker died"):
        await alongside(for_ever(ended), fails())
    assert ended == ["ended"]


async def test_a_stop_leaves_a_scene_where_it_is() -> None:
    """And one that has not begun is not begun."""
    stopped, ended = asyncio.Event(), list[str]()
    asyncio.get_running_loop().call_soon(stopped.set)
    await unless(stopped, for_ever(ended))
    assert ended == ["ended"]
    await unless(stopped, fails())


async def test_an_error_in_a_scene_is_not_lost() -> None:
    """A scene that fails fails the demo."""
    with pytest.raises(RuntimeError, match="the worker died"):
        await unless(asyncio.Event(), fails())


async def test_a_cancelled_scene_has_ended_when_the_canceller_goes_on() -> None:
    """The second Ctrl-C waits for the clean-up, too."""
    ended: list[str] = []
    playing = asyncio.ensure_future(unless(asyncio.Event(), for_ever(ended)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert ended == ["ended"]
