"""Where a rebuild works: one lane, with what it reads, what it writes, and what its outputs say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from streams.lane.ports import Source
from streams.lane.surroundings import Surroundings
from streams.rebuild.ports import RebuildStore
from streams.rebuild.told import Told

ReadTold = Callable[[bool], Awaitable[Told]]
"""What the lane's outputs say now; if asked, also what was re-keyed from there."""


@dataclass(frozen=True, slots=True)
class Site:
    """One lane that is to be rebuilt: the scores in use, and the draft that is to replace them."""

    partition: int
    around: Surroundings
    source: Source
    live: RebuildStore
    draft: RebuildStore
    read_told: ReadTold
