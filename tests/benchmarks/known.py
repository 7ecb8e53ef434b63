"""Leads that Redis knows before the backlog comes: what a system holds that has run for months.

Their states are those of some thousand leads that a smaller month made, dealt out again and again: a state does
not hold the lead's id, so nobody can tell. They are written as a commit writes them, without a worker.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

import redis

from scoring.lead import NEVER, Lead, encode_lead
from streams.kafka.placement import partition_of
from streams.store.keys import Keys
from tests.benchmarks.generator import Workload, events, lead_id
from tests.benchmarks.stages import LaneInProcess, StageTimes

PATTERN_LEADS = 2_000
PATTERN_EVENTS = 20 * PATTERN_LEADS
"""As many events a lead as the backlog brings."""

CHUNK = 20_000
"""Leads written at once: 15 MB."""


class Pattern(NamedTuple):
    """What Redis holds of a lead. `wake_ms` is NEVER for a lead without a timer."""

    state: bytes
    bound: float
    wake_ms: int


def patterns(workload: Workload, *, dormant: bool) -> list[Pattern]:
    """States at the beginning of the workload; `dormant`: only of leads that time alone does not move."""
    month = Workload(
        end_ms=workload.start_ms,
        events=PATTERN_EVENTS,
        leads=PATTERN_LEADS,
        partitions=1,
        days=workload.days,
        seed=workload.seed + 1,
    )
    lane = LaneInProcess(events(month), month)
    times = StageTimes()
    while lane.turn(times):
        pass
    made = [_pattern(lead) for lead in lane.leads.values()]
    return [pattern for pattern in made if not dormant or pattern.wake_ms == NEVER]


def write(url: str, prefix: str, partitions: int, leads: range, made: list[Pattern]) -> None:
    """Give Redis the leads of these numbers."""
    connection = redis.Redis.from_url(url, protocol=2)
    lanes = [Keys(prefix, partition) for partition in range(partitions)]
    dealt = ((lead_id(number), made[number % len(made)]) for number in leads)
    try:
        while chunk := list(islice(dealt, CHUNK)):
            pipeline = connection.pipeline(transaction=False)
            for keys, known in zip(lanes, _by_partition(chunk, partitions), strict=True):
                _queue(pipeline, keys, known)
            pipeline.execute()
    finally:
        connection.close()


def _pattern(lead: Lead) -> Pattern:
    return Pattern(encode_lead(lead), lead.ceiling, lead.wake)


def _by_partition(chunk: Iterable[tuple[str, Pattern]], partitions: int) -> list[list[tuple[str, Pattern]]]:
    split: list[list[tuple[str, Pattern]]] = [[] for _ in range(partitions)]
    for known in chunk:
        split[partition_of(known[0].encode(), partitions)].append(known)
    return split


def _queue(pipeline: redis.client.Pipeline, keys: Keys, known: list[tuple[str, Pattern]]) -> None:
    if not known:
        return
    pipeline.mset({keys.leads + lead: pattern.state for lead, pattern in known})
    pipeline.zadd(keys.board, {lead: pattern.bound for lead, pattern in known})
    timers = {lead: pattern.wake_ms for lead, pattern in known if pattern.wake_ms != NEVER}
    if timers:
        pipeline.zadd(keys.timers, timers)
