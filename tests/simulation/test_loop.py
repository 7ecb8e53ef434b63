"""The loop: a clock that jumps, and processes that stand still as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import copy_context

import pytest

from tests.simulation.loop import OWNER, NothingMore, Process, VirtualLoop, pass_time


def in_virtual_time(main: Coroutine[object, object, None]) -> float:
    """Run it; the time that has passed in it."""
    loop = VirtualLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main)
    return loop.time()


def started(process: Process, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
    """The work as a task of the process."""
    context = copy_context()
    context.run(OWNER.set, process)
    return asyncio.get_running_loop().create_task(work, context=context)


def test_an_hour_passes_at_once() -> None:
    """Nothing is waited for."""

    async def main() -> None:
        for _ in range(60):
            await pass_time(60.0)

    assert in_virtual_time(main()) == pytest.approx(3_600.0)


def test_a_run_that_can_never_go_on_says_so() -> None:
    """Nobody would ever wake it."""
    with pytest.raises(NothingMore):
        in_virtual_time(asyncio.Event().wait())  # type: ignore[arg-type]


def test_a_process_that_stands_still_does_nothing_and_catches_up() -> None:
    """Its timers come due, and strike when it goes on; others go on meanwhile."""
    seen: list[tuple[str, float]] = []

    async def tick(name: str) -> None:
        for _ in range(3):
            await pass_time(1.0)
            seen.append((name, round(asyncio.get_running_loop().time(), 3)))

    async def main() -> None:
        paused, other = Process("paused"), Process("other")
        tasks = [started(paused, tick("paused")), started(other, tick("other"))]
        await pass_time(1.5)
        paused.stand_still()
        await pass_time(4.0)
        paused.go_on()
        await asyncio.gather(*tasks)

    in_virtual_time(main())
    assert [at for name, at in seen if name == "other"] == [1.0, 2.0, 3.0]
    assert [at for name, at in seen if name == "paused"] == [1.0, 5.5, 6.5]


def test_what_was_cancelled_while_it_was_held_does_not_strike() -> None:
    """A timeout that came due in a pause, whose block is left first when the process goes on."""
    left: list[str] = []

    async def work(event: asyncio.Event) -> None:
        async with asyncio.timeout(1.0):
            await event.wait()
        left.append("in time")

    async def main() -> None:
        process, event = Process("paused"), asyncio.Event()
        task = started(process, work(event))
        await pass_time(0.5)
        process.stand_still()
        event.set()
        await pass_time(5.0)
        process.go_on()
        await task

    in_virtual_time(main())
    assert left == ["in time"]
