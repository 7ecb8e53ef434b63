"""The way between a process and a server: what takes time, gets lost, comes late or is answered to nobody.

A request is on its way by itself: it arrives also when its sender is dead by then. What the server does happens in
one instant, between the request's arrival and the answer's departure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum, auto
from random import Random
from typing import Any, TypeVar

from tests.simulation.loop import NOBODY, OWNER, Process

Answer = TypeVar("Answer")
Trap = Callable[[Any], None]

WAYS_S = ((0.9, 0.004), (0.09, 0.03), (0.01, 0.6))
"""Share of the ways, and the longest that one of them takes."""

LATE_S = 2.0
"""How long after the sender has given up a late request arrives at most."""

BITES = 0.4
"""Of the requests while a fault is on."""


class Fate(StrEnum):
    """What becomes of a request."""

    ARRIVES = auto()
    LOST = auto()
    LATE = auto()
    """It arrives after its sender has given up, and perhaps has sent it again."""
    UNANSWERED = auto()
    """It is carried out, and the answer is lost."""


class Unanswered(Exception):
    """The sender has given up: whether the request was carried out, it does not know."""


@dataclass
class Server:
    """How a server may be reached. While `is_away` nothing arrives; `fate` is that of some of the requests."""

    name: str
    gives_up_s: float
    is_away: bool = False
    fate: Fate = Fate.ARRIVES
    late: int = 0
    """Requests on their way that nobody waits for."""

    @property
    def is_troubled(self) -> bool:
        """Whether anything is not as usual."""
        return self.is_away or self.fate is not Fate.ARRIVES or self.late > 0


@dataclass
class Traps:
    """Strike at a step of the traffic: after so many requests and arrivals, of one process or of any."""

    set: list[tuple[int, Process | None, Trap]] = field(default_factory=list)

    def step(self, process: Process) -> None:
        """A request departs or has been carried out."""
        left: list[tuple[int, Process | None, Trap]] = []
        sprung: list[Trap] = []
        for count, whose, trap in self.set:
            if whose is not None and whose is not process:
                left.append((count, whose, trap))
            elif count > 1:
                left.append((count - 1, whose, trap))
            else:
                sprung.append(trap)
        self.set = left
        for trap in sprung:
            trap(process)


class Wire:
    """From one process to one server. `was` is told of each fate but the usual one."""

    def __init__(
        self, process: Process, server: Server, *, traps: Traps, rng: Random, was: Callable[[str], None]
    ) -> None:
        self.server = server
        self._process = process
        self._traps = traps
        self._rng = rng
        self._was = was
        self.is_cut = False

    async def ask(self, serve: Callable[[], Answer]) -> Answer:
        """What `serve` answers or raises, when it has come back. Raises Unanswered."""
        if self.is_cut:
            raise asyncio.CancelledError
        loop, rng, server = asyncio.get_running_loop(), self._rng, self.server
        answer: asyncio.Future[Answer] = loop.create_future()
        fate = server.fate if server.fate is not Fate.ARRIVES and rng.random() < BITES else Fate.ARRIVES
        if fate is not Fate.ARRIVES:
            self._was(f"{server.name}: {fate}")
        gives_up_s = server.gives_up_s * rng.uniform(0.2, 1.0)
        way_s = gives_up_s + rng.uniform(0.0, LATE_S) if fate is Fate.LATE else self._way_s()
        if fate in (Fate.LOST, Fate.LATE):
            loop.call_later(gives_up_s, _settle, answer, None, Unanswered(), context=NOBODY)
        server.late += fate is Fate.LATE
        if fate is not Fate.LOST:
            loop.call_later(way_s, self._arrive, serve, answer, fate, context=NOBODY)
        if OWNER.get() is not None:
            self._traps.step(self._process)
        return await answer

    def _arrive(self, serve: Callable[[], Answer], answer: asyncio.Future[Answer], fate: Fate) -> None:
        if self.is_cut:
            return
        loop = asyncio.get_running_loop()
        self.server.late -= fate is Fate.LATE
        if self.server.is_away:
            back_s = self.server.gives_up_s * self._rng.random()
            loop.call_later(back_s, _settle, answer, None, Unanswered(), context=NOBODY)
            return
        result, error = None, None
        try:
            result = serve()
        except Exception as raised:
            error = raised
        if fate is Fate.UNANSWERED:
            error = Unanswered()
            loop.call_later(
                self.server.gives_up_s * self._rng.random(), _settle, answer, None, error, context=NOBODY
            )
        else:
            loop.call_later(self._way_s(), _settle, answer, result, error, context=NOBODY)
        self._traps.step(self._process)

    def _way_s(self) -> float:
        draw = self._rng.random()
        for share, longest_s in WAYS_S:
            if draw < share:
                return longest_s * draw / share
            draw -= share
        return WAYS_S[-1][1]


def _settle(answer: asyncio.Future[Answer], result: Answer, error: Exception | None) -> None:
    if answer.done():
        return
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(result)
