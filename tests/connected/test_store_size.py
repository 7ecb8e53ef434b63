"""What a lead costs in Redis."""

from __future__ import annotations

from collections.abc import Callable

import redis

from scoring.state import encode_lead
from streams.store.keys import Keys
from tests.support.states import typical_lead

LEADS = 20_000
STATES = 200
LEAD_MAX_BYTES = 700


def test_typical_lead_takes_little(redis_url: str, record_property: Callable[[str, object], None]) -> None:
    """Its state and its entry on the board, with the keys and all that Redis needs for them."""
    keys = Keys("ll", 0)
    states = [encode_lead(typical_lead(seed)) for seed in range(STATES)]
    with redis.Redis.from_url(redis_url, protocol=2) as client:
        before = _allocated(client)
        pipeline = client.pipeline(transaction=False)
        for number in range(LEADS):
            lead_id = f"lead-{number:08d}"
            pipeline.set(keys.leads + lead_id, states[number % STATES])
            pipeline.zadd(keys.board, {lead_id: number % 6400 / 64})
            if number % 1_000 == 999:
                pipeline.execute()
        lead_bytes = (_allocated(client) - before) / LEADS
    record_property("a typical lead in Redis with its entry on the board, bytes", round(lead_bytes))
    assert lead_bytes <= LEAD_MAX_BYTES


def _allocated(client: redis.Redis) -> int:
    """The memory of Redis but for the buffers of its clients."""
    memory = client.memory_stats()
    return int(memory["total.allocated"]) - int(memory["clients.normal"])
