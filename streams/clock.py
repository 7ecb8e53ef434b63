"""The one file that reads the system clock; everything else is given a `Clock`."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings: what the time is, and how much of it has passed."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, as the machine believes. May be set back; compare only with other clocks."""

    def monotonic_s(self) -> float:
        """Seconds since some fixed instant. Never set back; the difference of two readings is a duration."""


class SystemClock:
    """The machine's own."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, as the machine believes."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """Seconds since the machine started."""
        return time.monotonic()
