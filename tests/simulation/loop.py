"""An event loop whose time is not real, and processes in it that stand still or die as a whole.

The clock jumps to the next timer: nothing is waited for. Everything that a process does runs in a context that
names it; the loop asks it before each step. So a process can be stopped between any two steps of its code, with all
of its tasks and timers, and go on later as one that was paused, or never, as one that was killed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from typing import Any, cast

OWNER: ContextVar[Process | None] = ContextVar("owner", default=None)
"""Whose code is running; None for what is no process of ours: servers, the network, the schedule."""

NOBODY = Context()
"""The context of those."""

RESOLUTION_S = 1e-9
"""Two timers nearer to each other than this are due together."""


async def pass_time(seconds: float) -> None:
    """As asyncio.sleep, where nothing is waited for but the time of the run."""
    loop = asyncio.get_running_loop()
    passed: asyncio.Future[None] = loop.create_future()
    timer = loop.call_later(seconds, _pass, passed)
    try:
        await passed
    finally:
        timer.cancel()


def _pass(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class NothingMore(Exception):
    """Everybody waits, and no timer is set: the run would never end."""


class _Step:
    """One callback of a process; a call once it is due, unless it was cancelled, also while it was held."""

    __slots__ = ("args", "callback", "handle", "owner")

    def __init__(self, owner: Process, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        self.owner = owner
        self.callback = callback
        self.args = args
        self.handle: asyncio.Handle | None = None

    def __call__(self) -> None:
        if self.handle is not None and self.handle.cancelled():
            return
        if self.owner.stands_still:
            self.owner.hold(self)
        else:
            self.callback(*self.args)


class Process:
    """What stands still, goes on and dies as one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stands_still = False
        self._due: list[tuple[_Step, Context]] = []

    def hold(self, step: _Step) -> None:
        """Until the process goes on."""
        self._due.append((step, copy_context()))

    def stand_still(self) -> None:
        """From the end of the current step on."""
        self.stands_still = True

    def go_on(self) -> None:
        """With everything that has come due meanwhile, in its order."""
        self.stands_still = False
        due, self._due = self._due, []
        loop = cast(VirtualLoop, asyncio.get_running_loop())
        for step, context in due:
            loop.call_again(step, context)


class _NoFiles:
    """In place of a selector: nothing is ever ready, and waiting only moves the clock."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout_s: float | None) -> list[object]:
        if timeout_s is None:
            raise NothingMore
        self._loop.now_s += timeout_s
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """asyncio's own loop, but for its clock. `now_s` begins at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self._selector = _NoFiles(self)
        self._clock_resolution = RESOLUTION_S

    def time(self) -> float:
        """Seconds since the run began."""
        return self.now_s

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> asyncio.Handle:
        """As ever, but asks the owner of the context first."""
        context = copy_context() if context is None else context  # an empty one is falsy
        owner = context.get(OWNER)
        if owner is None:
            return super().call_soon(callback, *args, context=context)
        step = _Step(owner, callback, args)
        step.handle = super().call_soon(step, context=context)
        return step.handle

    def call_at(
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """The same."""
        context = copy_context() if context is None else context
        owner = context.get(OWNER)
        if owner is None:
            return super().call_at(when, callback, *args, context=context)
        step = _Step(owner, callback, args)
        step.handle = handle = super().call_at(when, step, context=context)
        return handle

    def call_again(self, step: _Step, context: Context) -> None:
        """A step that was held; whoever has its handle may still cancel it."""
        super().call_soon(step, context=context)

    def _process_events(self, events: list[object]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody calls from another thread."""
