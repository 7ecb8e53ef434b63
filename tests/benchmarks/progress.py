"""How far the lanes have come, seen from Redis: what is committed there is done, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import redis

from streams.kafka.placement import partition_of
from streams.store.keys import Keys
from tests.benchmarks.generator import TOPICS

TIMEOUT_S = 30.0
"""A question waits behind a script, or behind Redis's fork for a new AOF file."""


class Lane(NamedTuple):
    """Of one lane: commits made, records of the benchmark's topics committed."""

    commits: int
    records: int


class Standing(NamedTuple):
    """Of all lanes: each of them, and all entries on their way to Kafka."""

    lanes: tuple[Lane, ...]
    outbox: int

    @property
    def commits(self) -> int:
        """Made by all."""
        return sum(lane.commits for lane in self.lanes)

    @property
    def records(self) -> int:
        """Committed by all."""
        return sum(lane.records for lane in self.lanes)


class Progress:
    """Looks at the lanes of a prefix. One look is one round trip, 0.05 ms of Redis."""

    def __init__(self, url: str, prefix: str, partitions: int) -> None:
        self.redis = redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, protocol=2)
        self._lanes = [Keys(prefix, partition) for partition in range(partitions)]

    def look(self) -> Standing:
        """Where all lanes stand now."""
        asked = self.redis.pipeline(transaction=False)
        for keys in self._lanes:
            asked.hmget(keys.meta, "ver", *(f"offset:{topic}" for topic in TOPICS))
            asked.xlen(keys.outbox)
        answers = asked.execute()
        numbers = [[int(value or 0) for value in fields] for fields in answers[::2]]
        return Standing(tuple(Lane(ver, sum(offsets)) for ver, *offsets in numbers), sum(answers[1::2]))

    def is_begun(self) -> bool:
        """Whether a worker has made its first commit, which comes right after its first take-over."""
        return self.look().commits > 0

    def know(self, leads: Sequence[str]) -> bool:
        """Whether each of these leads has a state."""
        found = self.redis.pipeline(transaction=False)
        for lead in leads:
            lane = self._lanes[partition_of(lead.encode(), len(self._lanes))]
            found.exists(lane.leads + lead)
        return all(found.execute())

    def leads(self) -> int:
        """Leads with a state."""
        return sum(self.redis.zcard(keys.board) for keys in self._lanes)

    def memory_mib(self) -> float:
        """What Redis holds in memory."""
        return float(self.redis.info("memory")["used_memory"]) / 2**20

    def close(self) -> None:
        """Close the connection."""
        self.redis.close()
