"""Puts together what is so in a worker now: from its lanes, its consumer, and the last look at Redis.

The only memory is since when something stands still, which nobody else has: how long records are known to wait that
were not fetched yet, and how long a transaction has been open.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from scoring.plan import Plan
from streams.clock import Clock
from streams.facts import LaneCount, LaneFacts, RedisFacts, TopicFacts, WorkerFacts
from streams.kafka.ingest import Ingest
from streams.kafka.source import Told
from streams.lane.lane import Lane

Key = tuple[str, str, int]
"""What about, topic, partition."""


class Seen(Protocol):
    """What was seen of Redis last; `streams.rounds.Rounds` is one."""

    redis: RedisFacts
    counts: dict[int, LaneCount]


class StandsStill:
    """Since when a number has been what it is, as far as it was asked: by what it is about."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[Key, tuple[int, float]] = {}

    def seconds(self, key: Key, value: int) -> float:
        """For how long it has been this value."""
        now_s = self._clock.monotonic_s()
        known, since_s = self._known.get(key, (None, now_s))
        if known != value:
            since_s = now_s
        self._known[key] = value, since_s
        return now_s - since_s

    def forget(self, key: Key) -> None:
        """It does not matter any more."""
        self._known.pop(key, None)


class Observer:
    """One for a worker."""

    def __init__(self, partitions: int, ingest: Ingest, clock: Clock) -> None:
        self._partitions = partitions
        self._ingest = ingest
        self._clock = clock
        self._still = StandsStill(clock)

    def plans(self) -> Mapping[int, Plan]:
        """The model in force of each lane that works here, by partition."""
        lanes = [lane for lane, _ in self._ingest.holding if isinstance(lane, Lane)]
        return {lane.partition: lane.plan for lane in lanes if lane.plan is not None}

    def facts(self, seen: Seen) -> WorkerFacts:
        """All that is so now."""
        lanes = tuple(
            self._lane(lane.facts(), lane.offsets(), source.told())
            for lane, source in self._ingest.holding
            if isinstance(lane, Lane)
        )
        hears = all(lane.hears_redis for lane in lanes)
        working = {lane.partition for lane in lanes if lane.work is not None}
        return WorkerFacts(
            self._partitions,
            lanes,
            seen.redis._replace(is_up=seen.redis.is_up and hears),
            {partition: count for partition, count in seen.counts.items() if partition in working},
            self._ingest.rebalancing,
        )

    def _lane(self, lane: LaneFacts, offsets: Mapping[str, int], told: Mapping[str, Told]) -> LaneFacts:
        in_hand: Mapping[str, int] = {} if lane.work is None else lane.work.oldest_ms
        topics = {
            topic: self._topic((topic, lane.partition), each, offsets.get(topic), in_hand.get(topic))
            for topic, each in told.items()
        }
        return LaneFacts(lane.partition, lane.work, lane.halted, lane.hears_redis, topics)

    def _topic(self, place: tuple[str, int], told: Told, offset: int | None, in_hand_ms: int | None) -> TopicFacts:
        lag = None if told.end is None or offset is None else max(0, told.end - offset)
        oldest_ms = told.oldest_ms if in_hand_ms is None else in_hand_ms
        return TopicFacts(
            lag,
            self._waits_s(("waits", *place), lag, offset, oldest_ms),
            told.silent_s,
            self._still_s(("withheld", *place), told.end if told.withheld else None),
        )

    def _waits_s(self, key: Key, lag: int | None, offset: int | None, oldest_ms: int | None) -> float:
        known_s = self._still_s(key, offset if lag else None)
        if not lag or oldest_ms is None:
            return known_s
        return max(0, self._clock.now_ms() - oldest_ms) / 1000

    def _still_s(self, key: Key, value: int | None) -> float:
        if value is None:
            self._still.forget(key)
            return 0.0
        return self._still.seconds(key, value)
