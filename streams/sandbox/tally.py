"""What the demo has seen: changes counted as they come, and the summary at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import assert_never

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
    surges: int
    flags_raised: int
    rejected: int
    duplicates: int
    machine_opens: int
    catch_up_s: float
    events_per_s: float


@dataclass(slots=True)
class Tally:
    """Changes so far; `bands` is where each lead that ever changed its band stands."""

    up: int = 0
    down: int = 0
    surges: int = 0
    flags_raised: int = 0
    flags_ended: int = 0
    alerts: int = 0
    bands: dict[str, str] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        """Count a change; each is given once, those of a lead in their order."""
        self.alerts += change.alert
        match change.kind:
            case "band":
                self.bands[change.lead_id] = change.to or COLD
                self.up += change.direction == "up"
                self.down += change.direction == "down"
            case "surge":
                self.surges += 1
            case "flag":
                is_raised = change.flag is not None and change.flag.action == "raised"
                self.flags_raised += is_raised
                self.flags_ended += not is_raised
            case _:
                assert_never(change.kind)

    @property
    def changes(self) -> int:
        """All kinds together."""
        return self.up + self.down + self.surges + self.flags_raised + self.flags_ended

    def by_band(self, leads: int) -> dict[str, int]:
        """How many of `leads` leads are in each band, cold first; who never changed is cold."""
        counts = Counter(band for band in self.bands.values() if band != COLD)
        return {COLD: leads - counts.total(), **dict(counts.most_common())}
