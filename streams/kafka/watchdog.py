"""Ends the process when fetches have stopped although Kafka has more.

aiokafka has had faults after which a consumer stays a member of its group and fetches nothing. From inside
that looks like an idle topic, so this asks Kafka apart where the log ends. Nothing is wrong while the lane does
not pull (Redis is away), while Kafka does not answer, and behind a transaction that was left open: the end asked
for is the last stable offset.
"""

from __future__ import annotations

from collections.abc import Iterable

from streams.kafka.source import PartitionSource
from streams.lane.ports import PositionLost, SourceUnavailable

LOOK_EVERY_S = 10.0
LOOKS = 6
"""Six looks in a row, a minute in all: a broker that comes back needs seconds."""


class FetchesStopped(Exception):
    """Kafka has records beyond the position, and the consumer does not fetch them."""


class Watchdog:
    """Remembers which topics stood still at the last looks."""

    def __init__(self) -> None:
        self._still: dict[tuple[int, str, int], int] = {}

    async def look(self, sources: Iterable[PartitionSource]) -> None:
        """One look at every source. Raises FetchesStopped at the sixth in a row that finds no progress."""
        before, self._still = self._still, {}
        for source in sources:
            for topic, position in await _behind(source):
                still = (source.partition, topic, position)
                self._still[still] = before.get(still, 0) + 1
                if self._still[still] >= LOOKS:
                    raise FetchesStopped(
                        f"{topic}/{source.partition} stands at {position} and has more, "
                        f"but nothing was fetched for {LOOKS * LOOK_EVERY_S:g} s"
                    )


async def _behind(source: PartitionSource) -> list[tuple[str, int]]:
    """The topics that wait for records although Kafka has some, each with its position."""
    waiting = source.waiting()
    if not waiting:
        return []
    try:
        bounds = await source.bounds()
    except (SourceUnavailable, PositionLost):
        return []
    return [(topic, position) for topic, position in waiting.items() if bounds[topic].end > position]
