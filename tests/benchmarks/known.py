"""Leads that Redis knows before the backlog comes: what a system holds that has run for months.

Their states are those of some thousand leads that a smaller month made, dealt out again and again: a state does
not hold the lead's id, so nobody can tell. They are written as a commit writes them, without a worker.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

import redis

from scoring.lead import NEVER
from scoring.state import encode_lead
from streams.kafka.placement import partition_of
from streams.store.keys import Keys
from tests.benchmarks.generator import Workload, events, lead_id
from tests.benchmarks.stages import LaneInProcess, StageTimes
from tests.support.servers import until

PATTERN_LEADS = 2_000
PATTERN_EVENTS = 20 * PATTERN_LEADS
"""As many events a lead as the backlog brings."""

CHUNK = 20_000
"""Leads written at once: 15 MB."""

CALM_TIMEOUT_S = 300.0
"""Ten million leads are a file of 7 GB."""


class Pattern(NamedTuple):
    """What Redis holds of a lead: its state, and its bound on the board."""

    state: bytes
    bound: float


def patterns(workload: Workload) -> list[Pattern]:
    """States at the beginning of the workload, of leads that time alone does not move.

    Leads in a band would fall within the month, and the run would measure falls that no event of it has caused.
    """
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
    dormant = [lead for lead in lane.leads.values() if lead.wake == NEVER]
    return [Pattern(encode_lead(lead), lead.ceiling) for lead in dormant]


def write(url: str, prefix: str, partitions: int, leads: range, made: list[Pattern]) -> None:
    """Give Redis the leads of these numbers; returns when it no longer rewrites its file."""
    connection = redis.Redis.from_url(url, protocol=2)
    lanes = [Keys(prefix, partition) for partition in range(partitions)]
    dealt = ((lead_id(number), made[number % len(made)]) for number in leads)
    try:
        while chunk := list(islice(dealt, CHUNK)):
            pipeline = connection.pipeline(transaction=False)
            for keys, known in zip(lanes, _by_partition(chunk, partitions), strict=True):
                _queue(pipeline, keys, known)
            pipeline.execute()
        until(lambda: _is_calm(connection), timeout_s=CALM_TIMEOUT_S, what="Redis has rewritten its file")
    finally:
        connection.close()


def _is_calm(connection: redis.Redis) -> bool:
    told = connection.info("persistence")
    return not (told["aof_rewrite_in_progress"] or told["aof_rewrite_scheduled"])


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
