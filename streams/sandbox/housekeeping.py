"""Looks after the demo's servers while the scenes play: how far the worker is, and what the broker may forget."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from schemas import topics
from streams.sandbox.ports import Clients, RunningWorker, Trimmable

LOOK_S = 0.1
"""How often the worker's positions are read from Redis: ten small reads a second."""

LOOKS_PER_TRIM = 10
"""The broker forgets once a second what everybody has read: it searches all that it keeps at every fetch."""

Place = tuple[str, int]
"""Topic and partition."""


@dataclass(slots=True)
class Housekeeping:
    """`scored` is how many input records the worker has dealt with; `read` what we have read of the changes."""

    broker: Trimmable
    clients: Clients
    scored: int = 0
    read: dict[Place, int] = field(default_factory=dict)
    _trimmed: dict[Place, int] = field(default_factory=dict)
    _looked: asyncio.Condition = field(default_factory=asyncio.Condition)
    _is_over: bool = False

    async def run(self, worker: RunningWorker, on_look: Callable[[], None]) -> None:
        """Until cancelled. Raises WorkerDied."""
        look = 0
        while True:
            worker.check()
            positions = await self.clients.positions()
            async with self._looked:
                self.scored = sum(positions.values())
                self._looked.notify_all()
            on_look()
            if look % LOOKS_PER_TRIM == 0:
                await self._trim_aside({**positions, **self.read})
            look += 1
            await asyncio.sleep(LOOK_S)

    async def scored_at_least(self, records: int) -> None:
        """Return when the worker has dealt with so many records."""
        async with self._looked:
            await self._looked.wait_for(lambda: self.scored >= records)

    def has_read(self, partition: int, offset: int) -> None:
        """A change read: the broker need not keep it for us."""
        self.read[topics.CHANGES.name, partition] = offset + 1

    async def _trim_aside(self, passed: Mapping[Place, int]) -> None:
        """In a thread, because the broker may sleep through a call, and the screen must not.

        When this is over the thread is, cancelled or not: the broker is not closed beneath it.
        """
        trimming = asyncio.ensure_future(asyncio.to_thread(self._trim, passed))
        try:
            await asyncio.shield(trimming)
        except asyncio.CancelledError:
            self._is_over = True
            await trimming
            raise

    def _trim(self, passed: Mapping[Place, int]) -> None:
        for (topic, partition), offset in passed.items():
            if self._is_over:
                return
            if offset > self._trimmed.get((topic, partition), 0):
                self.broker.trim(topic, partition, offset)
                self._trimmed[topic, partition] = offset
