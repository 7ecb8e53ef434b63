"""What every fault is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from tests.chaos.stage import Stage

Evidence = Mapping[str, int]
"""What shows that the fault has bitten, each counted; any of them at 0 makes the run vacuous."""


class Fault(ABC):
    """One thing that breaks. A run makes one instance, and calls inject, heal and evidence once each, in order.

    `name` is how people choose it; `loses_commits`: Redis forgets what it has acknowledged, so that changes
    may be published again under a higher timeline. `brokers`: one, or three. `limit_s` bounds a run, but for
    the check of what it has left.
    """

    name: ClassVar[str]
    workers: ClassVar[int] = 2
    brokers: ClassVar[int] = 1
    loses_commits: ClassVar[bool] = False
    limit_s: ClassVar[float] = 600.0

    @abstractmethod
    async def inject(self, stage: Stage) -> None:
        """Break it; returns once it is broken. Marks the moment from which recovery counts."""

    @abstractmethod
    async def heal(self, stage: Stage) -> None:
        """Mend it; returns once that is done. What recovers by itself is waited for by the run."""

    @abstractmethod
    def evidence(self, stage: Stage) -> Evidence:
        """What shows that it has bitten; asked once everything has come back."""
