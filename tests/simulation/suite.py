"""What many runs came to: those that broke a promise, and whether each kind of fault has really happened often."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.run import Outcome

SCHEDULES = 2_000
"""As many as CI has time for: two minutes of one core."""

OFTEN = 20
"""A kind of fault that has happened less often in SCHEDULES runs has shown little."""

WANTED = (
    "changes published again under a higher timeline",
    "changes taken back by a higher timeline",
    "inputs: a topic stalls",
    "inputs: away for a while",
    "kafka: a batch came again",
    "kafka: producer fenced",
    "kafka: transaction aborted by a take-over",
    "kafka: transaction committed at the last moment",
    "kafka: transaction taken back by its producer",
    "lane: applied a re-keyed record",
    "lane: dropped a repeat of a re-keyed record",
    "lane: fired a timer",
    "lane: put a model in force",
    "lane: began a timeline",
    "outputs: away for a while",
    "outputs: unanswered",
    "publisher: failed to end as committed",
    "publisher: sends once more",
    "redis: away for a while",
    "redis: commit fenced",
    "redis: commit rewound",
    "redis: full for a while",
    "redis: late",
    "redis: look fenced",
    "redis: lost",
    "redis: repeated commit answered as before",
    "redis: rewound",
    "redis: unanswered",
    "source: passed markers or what was taken back",
    "worker: killed",
    "worker: left",
    "worker: paused",
)
"""The evidence. Each must be there, else the suite is vacuous."""


@dataclass
class Suite:
    """Many runs. `failed` are their seeds."""

    runs: int = 0
    failed: list[int] = field(default_factory=list)
    evidence: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> Outcome:
        """One more."""
        self.runs += 1
        self.evidence.update(outcome.evidence)
        if outcome.problems:
            self.failed.append(outcome.seed)
        return outcome

    @property
    def lacking(self) -> list[str]:
        """What has not happened often enough."""
        least = max(1, OFTEN * self.runs // SCHEDULES)
        return [f"{what}: {self.evidence[what]}, not {least}" for what in WANTED if self.evidence[what] < least]

    def __str__(self) -> str:
        lines = [f"{self.runs} schedules, {len(self.failed)} failed"]
        lines += [f"  {count:7}  {what}" for what, count in sorted(self.evidence.items())]
        if self.failed:
            lines.append(f"failed: {self.failed}")
        if self.lacking:
            lines += ["vacuous: these have not happened often enough", *(f"  {what}" for what in self.lacking)]
        return "\n".join(lines)
