"""Puts a worker together: the one place that knows which store, source and publisher the lanes get."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from mode import Service

from streams.app import run_worker
from streams.clock import SystemClock
from streams.garbage import GarbageCollection
from streams.health import HealthServer
from streams.heartbeat import Heartbeat
from streams.kafka.cluster import Cluster
from streams.kafka.ingest import Ingest
from streams.kafka.placement import partition_of
from streams.kafka.publisher import OutboxPublisher, SharedPublisher
from streams.kafka.source import PartitionSource
from streams.kafka.transactions import lane_publisher
from streams.lane.lane import Lane
from streams.lane.ports import OpenPublisher
from streams.lane.surroundings import Surroundings
from streams.metrics import Metrics, new_metrics, show
from streams.observer import Observer
from streams.rounds import Rounds
from streams.settings import Settings
from streams.store import Store

PATIENCE_S = 8.0
"""A worker may be started a little before its Kafka."""


def work(settings: Settings) -> None:
    """Run a worker until it is told to stop. Raises what has kept it from starting, or has ended it."""
    run_worker(settings, partial(build_services, settings))


async def build_services(settings: Settings) -> Sequence[Service]:
    """The services of a worker, in the order in which they start."""
    clock, metrics = SystemClock(), new_metrics()
    store = await Store.of(settings)
    connections = Connections(store)
    await store.check()
    around = Surroundings(
        settings=settings,
        open_publisher=await connections.publishers(settings, metrics),
        metrics=metrics,
        clock=clock,
        partition_of=partial(partition_of, partitions=settings.partitions),
    )

    def make_lane(partition: int, source: PartitionSource) -> Lane:
        return Lane(source, store.lane(partition), around)

    ingest = Ingest(settings, make_lane, clock, on_assigned=metrics.rebalances.inc)
    observer = Observer(settings.partitions, ingest, clock)
    rounds = Rounds(store, observer.plans)
    facts = partial(observer.facts, rounds)
    show(metrics, facts)
    health = HealthServer(settings.http, metrics, facts)
    return [Heartbeat(), GarbageCollection(), connections, rounds, health, ingest]


class Connections(Service):
    """Redis and the producer that lanes share, if they do: they outlive the lanes."""

    mundane_level = "debug"

    def __init__(self, store: Store, **service: Any) -> None:
        self.store = store
        self._shared: OutboxPublisher | None = None
        super().__init__(**service)

    async def publishers(self, settings: Settings, metrics: Metrics) -> OpenPublisher:
        """How lanes publish: each by a transactional producer, or all by one producer. Raises KafkaUnreachable."""
        if settings.publishing == "exactly-once":
            return partial(lane_publisher, settings, on_retry=metrics.publish_retries.inc)
        self._shared = shared = OutboxPublisher(Cluster.of(settings), on_retry=metrics.publish_retries.inc)
        await shared.start(PATIENCE_S)
        return lambda partition: SharedPublisher(shared)

    async def on_stop(self) -> None:
        """Close both."""
        if self._shared is not None:
            await self._shared.stop()
        await self.store.close()
