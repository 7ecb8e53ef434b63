"""Several measurements of the same thing as one figure: the median, and how far they lie apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

Measured = TypeVar("Measured")


@dataclass(frozen=True, slots=True)
class Spread:
    """`values` are the measurements in their order."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The one that is told."""
        return median(self.values)

    def text(self, digits: int = 1) -> str:
        """The median, and the lowest and highest where there are several."""
        told = f"{self.median:,.{digits}f}"
        if len(self.values) == 1:
            return told
        return f"{told} ({min(self.values):,.{digits}f}-{max(self.values):,.{digits}f})"


def spread(measured: Iterable[Measured], of: Callable[[Measured], float]) -> Spread:
    """One figure of each."""
    return Spread(tuple(of(one) for one in measured))
