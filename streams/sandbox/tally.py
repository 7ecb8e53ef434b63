"""What the demo has seen: changes counted as they come, and the summary at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from schemas.changes import Change

COLD = "cold"


@dataclass(frozen=True, slots=True)
class Summary:
    """The demo in numbers. `by_band` counts every simulated lead; speeds are events a second."""

    events: int
    backlog_events: int
    live_events: int
    leads: int
    by_band: dict[str, int]
    changes_up: int
    changes_down: int
    alerts: int
    rejected: int
    duplicates: int
    machine_opens: int
    catch_up_s: float
    events_per_s: float


@dataclass(slots=True)
class Tally:
    """Changes so far; `bands` is where each lead that ever changed stands."""

    up: int = 0
    down: int = 0
    alerts: int = 0
    bands: dict[str, str] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        """Count a change; each is given once, those of a lead in their order."""
        self.bands[change.lead_id] = change.to
        self.up += change.direction == "up"
        self.down += change.direction == "down"
        self.alerts += change.alert

    @property
    def changes(self) -> int:
        """Both directions together."""
        return self.up + self.down

    def by_band(self, leads: int) -> dict[str, int]:
        """How many of `leads` leads are in each band, cold first; who never changed is cold."""
        counts = Counter(band for band in self.bands.values() if band != COLD)
        return {COLD: leads - counts.total(), **dict(counts.most_common())}
