"""Which faults belong to which profile, and the servers that their runs share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from tests.chaos.faults import Fault
from tests.chaos.faults.network import CommitRepliesDropped, TransactionRepliesDropped
from tests.chaos.faults.servers import BrokerKilled, BrokerRestarted, RedisKilled, RedisOlder
from tests.chaos.faults.workers import (
    Killed,
    KilledBeforePublishing,
    KilledInTransaction,
    LateAcquirer,
    RebalanceStorm,
    RollingRestart,
    Suspended,
)
from tests.chaos.proxy import Proxy
from tests.chaos.run import Outcome, run_fault
from tests.chaos.stage import Servers
from tests.chaos.wire import read_kafka_request
from tests.support.servers import KafkaServer, RedisServer, free_port

SHORT: tuple[type[Fault], ...] = (
    Killed,
    KilledBeforePublishing,
    KilledInTransaction,
    Suspended,
    LateAcquirer,
    RollingRestart,
    RebalanceStorm,
    RedisKilled,
    RedisOlder,
    CommitRepliesDropped,
    TransactionRepliesDropped,
    BrokerKilled,
    BrokerRestarted,
)
FULL: tuple[type[Fault], ...] = (*SHORT,)


def by_name(names: Iterable[str]) -> list[type[Fault]]:
    """The faults of these names. Raises SystemExit with all names when one is unknown."""
    known = {fault.name: fault for fault in FULL}
    if unknown := sorted(set(names) - known.keys()):
        raise SystemExit(f"no fault is called {', '.join(unknown)}: there are {', '.join(known)}")
    return [known[name] for name in names]


async def run_profile(
    faults: Sequence[type[Fault]], seeds: Iterable[int], tell: Callable[[Outcome], None]
) -> list[Outcome]:
    """Every fault with every seed, one after the other; `tell` hears of each at once."""
    outcomes = []
    async with servers() as shared:
        for seed in seeds:
            for fault in faults:
                outcomes.append(await run_fault(fault, shared, seed))
                tell(outcomes[-1])
    return outcomes


@asynccontextmanager
async def servers() -> AsyncIterator[Servers]:
    """One Kafka behind a proxy and one Redis, up until the block is left."""
    front_port = free_port()
    kafka, redis = KafkaServer(front_port=front_port), RedisServer()
    try:
        await asyncio.gather(asyncio.to_thread(kafka.start), asyncio.to_thread(redis.start))
        async with Proxy(kafka.back_port, port=front_port, read_request=read_kafka_request) as proxy:
            yield Servers(kafka, proxy, redis)
    finally:
        kafka.close()
        redis.close()
