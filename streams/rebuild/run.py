"""Opens what a rebuild works with, on the Kafka and the Redis of the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from schemas.topics import INPUT_NAMES, OUTPUTS, REKEYED
from streams.clock import SystemClock
from streams.kafka.cluster import Cluster
from streams.kafka.consumer import make_replayer
from streams.kafka.errors import closed, reach
from streams.kafka.outputs import hear
from streams.kafka.placement import partition_of
from streams.kafka.publisher import OutboxPublisher, SharedPublisher
from streams.kafka.source import PartitionSource
from streams.kafka.transactions import lane_publisher
from streams.lane.ports import OpenPublisher
from streams.lane.surroundings import Surroundings
from streams.metrics import new_metrics
from streams.rebuild.site import Site
from streams.rebuild.told import Told
from streams.settings import Settings
from streams.store import Store


@asynccontextmanager
async def opened(given: Settings) -> AsyncIterator[Store]:
    """Redis, if scores may be kept there. Raises StoreUnavailable, StoreRefused."""
    store = await Store.of(given)
    try:
        await store.check()
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def at_site(given: Settings, store: Store, partition: int) -> AsyncIterator[Site]:
    """One lane to rebuild. Raises KafkaFault."""
    clock, kafka = SystemClock(), Cluster.of(given)
    consumer = make_replayer(kafka, INPUT_NAMES, partition)
    shared = None if given.publishing == "exactly-once" else OutboxPublisher(kafka)
    try:
        await reach(consumer, kafka)
        if shared is not None:
            await shared.start()
        around = Surroundings(
            settings=given,
            open_publisher=_publishers(given, shared),
            metrics=new_metrics(),
            clock=clock,
            partition_of=partial(partition_of, partitions=given.partitions),
        )
        yield Site(
            partition,
            around,
            PartitionSource(consumer, partition, INPUT_NAMES, clock),
            store.rebuilt(partition),
            store.draft(partition),
            partial(read_told, given, partition),
        )
    finally:
        if shared is not None:
            await shared.stop()
        await closed(consumer.stop())


async def read_told(given: Settings, partition: int, with_rekeyed: bool) -> Told:
    """What a lane's outputs say; if asked, also what was re-keyed from there, which may lie in any partition."""
    told, kafka = Told(partition), Cluster.of(given)
    for topic in OUTPUTS:
        since_ms = await hear(kafka, topic.name, partition, told.hear)
        if since_ms is not None:
            told.begin(topic.name, since_ms)
    for number in range(given.partitions) if with_rekeyed else ():
        await hear(kafka, REKEYED.name, number, told.hear)
    return told


def _publishers(given: Settings, shared: OutboxPublisher | None) -> OpenPublisher:
    return partial(lane_publisher, given) if shared is None else lambda _: SharedPublisher(shared)
