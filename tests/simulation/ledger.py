"""What a worker knew when it made a commit: by it is judged whether the order of its records was right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from streams.lane.ports import Commit

if TYPE_CHECKING:
    from tests.simulation.worker import Worker
    from tests.simulation.world import World


class Known(NamedTuple):
    """When the lane pulled last, when each topic had told anything last by then, and when the commit was made."""

    pulled_at_s: float
    told_at_s: Mapping[str, float]
    made_at_ms: int


class Ledger:
    """By the commit's entry in the journal, which is kept as the same object."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[int, Known] = {}
        self._kept: list[bytes] = []

    def sends(self, commit: Commit, worker: Worker, partition: int) -> None:
        """A commit is sent, perhaps not for the first time."""
        assert commit.journal is not None
        if id(commit.journal) not in self._known:
            self._kept.append(commit.journal)
            pulled_at_s, told = worker.sources[partition].known
            self._known[id(commit.journal)] = Known(pulled_at_s, told, self._world.now_ms())

    def known(self, journal: bytes) -> Known:
        """What was known for this entry."""
        return self._known[id(journal)]
