"""A worker under live traffic, as operations see it: what the connected test and the outages have in common."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from random import Random

from aiokafka.errors import KafkaError

from schemas.instants import format_ms
from streams.clock import SystemClock
from streams.kafka.errors import KafkaFault
from streams.kafka.placement import partition_of
from streams.kafka.producer import RecordProducer
from tests.support.traffic import SHARES, TOPICS
from tests.support.workers import Site

TICK_S = 0.1
"""Records go out ten times a second."""

ENGAGEMENTS = TOPICS[3]
"""The topic whose records say of what kind they are."""

REFUSED_SHARE = 0.01
"""Of normal traffic: somewhere a field is always wrong."""


class LiveTraffic:
    """What leads do, as it happens: `per_s` records a second, of which `refused` cannot be taken."""

    def __init__(self, site: Site, per_s: int, refused: float = REFUSED_SHARE) -> None:
        self.per_s = per_s
        self.refused = refused
        self.sent = 0
        self._site = site
        self._rng = Random(per_s)
        self._numbers = count()
        self._clock = SystemClock()

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Traffic goes on meanwhile; a broker that is away loses what would have been sent then."""
        task = asyncio.create_task(self._flow())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _flow(self) -> None:
        while True:
            with suppress(KafkaError, KafkaFault, TimeoutError):
                async with RecordProducer(self._site.kafka) as producer:
                    while True:
                        for _ in range(max(1, int(self.per_s * TICK_S))):
                            await self._send(producer)
                        await asyncio.sleep(TICK_S)
            await asyncio.sleep(TICK_S)

    async def _send(self, producer: RecordProducer) -> None:
        number, rng = next(self._numbers), self._rng
        lead = f"L-{int(2_000 * rng.random() ** 2)}"
        now_ms = self._clock.now_ms()
        value: dict[str, object] = {
            "id": f"live-{number}",
            "lead_id": lead,
            "occurred_at": format_ms(now_ms) if rng.random() >= self.refused else "yesterday",
            "message_id": f"m-{number // 50}",
            "webinar_id": f"w-{rng.randrange(20)}",
            "kind": "webinar.attended",
        }
        (topic,) = rng.choices(TOPICS, SHARES)
        if topic != ENGAGEMENTS:
            del value["kind"]
        await producer.send(
            topic,
            key=lead.encode(),
            value=json.dumps(value).encode(),
            partition=partition_of(lead.encode(), self._site.partitions),
            timestamp_ms=now_ms,
        )
        self.sent += 1
