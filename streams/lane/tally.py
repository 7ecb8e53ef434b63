"""Counts what a lane does, a batch at a time: what became of its records, and how long each step took.

Nothing here is done for each record: at 25 µs of processor an event, a counter for each would be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from streams.clock import Clock
from streams.lane.batch import Batch
from streams.lane.drain import Arrival
from streams.lane.leads import Leads
from streams.lane.outputs import Outputs
from streams.lane.turns import Turns
from streams.metrics import Metrics

Thing = TypeVar("Thing")


class Tally:
    """One for each tenure of a lane."""

    def __init__(self, metrics: Metrics, clock: Clock, turns: Turns) -> None:
        self._metrics = metrics
        self._clock = clock
        self._turns = turns

    async def by_turns(
        self, stage: str, things: Sequence[Thing], work: Callable[[Sequence[Thing]], object]
    ) -> None:
        """Do the work by turns with other lanes; what counts is the time of the work, not of waiting for a turn."""
        if not things:
            return
        spent_s, clock = 0.0, self._clock

        def timed(some: Sequence[Thing]) -> None:
            nonlocal spent_s
            began_s = clock.monotonic_s()
            work(some)
            spent_s += clock.monotonic_s() - began_s

        await self._turns.each(things, timed)
        self._metrics.stage_seconds.labels(stage).observe(spent_s)

    @contextmanager
    def stage(self, stage: str) -> Iterator[None]:
        """Around a step that waits for an answer."""
        began_s = self._clock.monotonic_s()
        yield
        self._metrics.stage_seconds.labels(stage).observe(self._clock.monotonic_s() - began_s)

    def committed(self, batch: Batch, leads: Leads) -> None:
        """Count what a commit has made so."""
        metrics = self._metrics
        for (topic, outcome), count in batch.outcomes.items():
            metrics.records.labels(topic, outcome).inc(count)
        for reason, count in batch.outputs.refusals.items():
            metrics.rejected.labels(reason).inc(count)
        for change in batch.outputs.changes:
            metrics.changes.labels(change.kind, change.to or "", change.direction or "", change.cause.value).inc()
            metrics.alerts.inc(change.alert)
        metrics.batch_records.observe(sum(batch.outcomes.values()))
        metrics.cache_lookups.labels("hit").inc(leads.hits)
        metrics.cache_lookups.labels("miss").inc(leads.misses)
        leads.hits = leads.misses = 0


def arrivals(outputs: Outputs, now_ms: int) -> list[Arrival]:
    """The changes of a batch that records made, each with the age of its record by Redis's clock."""
    return [Arrival(change_id, (now_ms - arrived_ms) / 1000) for change_id, arrived_ms in outputs.arrivals]
