"""The present: Redis's clock, one for all workers, carried on by the time that has passed since it was told."""

from __future__ import annotations

from streams.clock import Clock


class Present:
    """What Redis's clock says now. A worker's own wrong clock moves nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told_ms = 0
        self._told_at_s = 0.0

    def tell(self, time_ms: int) -> None:
        """Redis has just said that it is this late."""
        self._told_ms = time_ms
        self._told_at_s = self._clock.monotonic_s()

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return self._told_ms + int((self._clock.monotonic_s() - self._told_at_s) * 1000)

    def since_told_s(self) -> float:
        """How long ago Redis has said anything."""
        return self._clock.monotonic_s() - self._told_at_s
