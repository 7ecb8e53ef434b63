"""What is so in a worker at this moment: plain values, of which health and the gauges are pure functions.

Nothing here is remembered: the values are put together anew (`observer`) each time that somebody asks, from what
the lanes, the consumer and the last look at Redis say. So a lane that is given away is gone from the next page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Danger(StrEnum):
    """What makes a Redis unsafe for scores while it runs. A promise: alerts name these."""

    EVICTS = "evicts"
    SAVES_NOTHING = "saves_nothing"
    APPEND_FAILED = "append_failed"
    SNAPSHOT_FAILED = "snapshot_failed"


class TopicFacts(NamedTuple):
    """One topic of a lane, as far as Kafka has told.

    `lag_records` are those not yet committed, None while their end is unknown; `lag_s` is the age of the oldest of
    them, or since when it is known to wait, where it was not fetched yet. `silent_s`: for how long Kafka has told
    nothing although the lane asks. `withheld_s`: since when an open transaction holds records back that are in the
    log behind it.
    """

    lag_records: int | None
    lag_s: float
    silent_s: float
    withheld_s: float


class Work(NamedTuple):
    """What a lane that has taken over is at. `outbox_oldest_s`: since when this worker knows the oldest entry.

    `behind_s`: how far the lane's time stands behind the present; an idle lane's stands behind by the grace.
    `oldest_ms`: by topic, the Kafka timestamp of the oldest record in hand that is not committed yet.
    """

    model: str
    stream_time_ms: int
    behind_s: float
    timer_late_s: float
    outbox_entries: int
    outbox_oldest_s: float
    outbox_full: bool
    cached_leads: int
    oldest_ms: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LaneFacts:
    """A lane held here. `work` is None until it has taken over; `halted` says why it waits for the operator."""

    partition: int
    work: Work | None
    halted: str = ""
    hears_redis: bool = True
    topics: Mapping[str, TopicFacts] = field(default_factory=dict)

    @property
    def knows_lag(self) -> bool:
        """Whether Kafka has told where each of its topics ends."""
        return bool(self.topics) and all(topic.lag_records is not None for topic in self.topics.values())


class Inside(NamedTuple):
    """What Redis tells of itself. `memory_max_bytes` is 0 where it has no limit of its own."""

    memory_used_bytes: int
    memory_max_bytes: int
    dangers: frozenset[Danger] = frozenset()


class RedisFacts(NamedTuple):
    """Redis at the last look; `inside` is None where that was not answered, `away` are the servers that did not."""

    is_up: bool
    inside: Inside | None = None
    away: tuple[str, ...] = ()


class LaneCount(NamedTuple):
    """What was counted in Redis for one lane: its leads by band, and its timers."""

    bands: Mapping[str, int]
    timers: int


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """All of it. `counts` are by partition, and are missing until they were counted for the first time."""

    partitions: int
    lanes: tuple[LaneFacts, ...]
    redis: RedisFacts
    counts: Mapping[int, LaneCount] = field(default_factory=dict)
    is_rebalancing: bool = False
