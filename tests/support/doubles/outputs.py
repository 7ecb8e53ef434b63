"""The outputs of one lane in memory: what consumers see, the mark, and one publisher at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.published import Published
from schemas.topics import CHANGES
from streams.lane.ports import Fenced, OutboxEntry
from streams.rebuild.told import Told


@dataclass
class MemoryOutputs:
    """What was published, in order; `mark`: how far. `open` gives a publisher."""

    published: list[OutboxEntry] = field(default_factory=list)
    mark: Published | None = None
    owner: MarkedPublisher | None = None

    def open(self, partition: int) -> MarkedPublisher:
        """The port `Publisher` of one take-over."""
        return MarkedPublisher(self)

    def changes(self) -> list[OutboxEntry]:
        """The changes and tombstones among it."""
        return [entry for entry in self.published if entry.topic == CHANGES.name]

    async def told(self, with_rekeyed: bool) -> Told:
        """As a reader of the topics hears it."""
        told = Told(partition=0)
        for entry in self.published:
            told.hear(entry)
        return told


class MarkedPublisher:
    """Each entry once, with its mark; who takes over fences whoever did before."""

    keeps_marks = True

    def __init__(self, outputs: MemoryOutputs) -> None:
        self._outputs = outputs

    async def last(self) -> Published | None:
        """The mark."""
        return self._outputs.mark

    async def take_over(self) -> Published | None:
        """The mark, which nobody else moves any more."""
        self._outputs.owner = self
        return self._outputs.mark

    async def publish(self, entries: Sequence[OutboxEntry], mark: Published) -> None:
        """At once, or Fenced."""
        if self._outputs.owner is not self:
            raise Fenced("another one publishes for the lane in memory")
        self._outputs.published += entries
        self._outputs.mark = mark

    async def stop(self) -> None:
        """Nothing is open."""
