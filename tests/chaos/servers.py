"""The servers that runs share: one broker or three, each behind a proxy, and one Redis.

The workers know Kafka by its proxies only: what a broker tells them of itself and of the others are the proxies'
addresses. The load, the readers and the checker go past them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from tests.chaos.proxy import Proxy
from tests.chaos.wire import read_kafka_request
from tests.support.servers import KafkaServer, RedisServer, free_port
from tests.support.servers.cluster import KafkaCluster

IGNORING_ITS_BOUND = ("/bin/sh", "-c", 'trap "" XFSZ; exec "$0" "$@"')
"""A file that may not grow is an error for the program, as a full disk is, and not its end by a signal."""


class BoundableRedis(RedisServer):
    """A Redis whose files may be forbidden to grow (`resource.prlimit`), without any privilege."""

    def command(self) -> list[str]:
        """As always, below a shell that makes way for it."""
        return [*IGNORING_ITS_BOUND, *super().command()]


@dataclass
class Servers:
    """What runs share. `replicas` is how many copies there are of every topic."""

    kafka: KafkaServer | KafkaCluster
    kafka_proxies: Sequence[Proxy]
    redis: RedisServer
    replicas: int = 1

    @property
    def broker(self) -> KafkaServer:
        """The only broker. Raises RuntimeError where there are three."""
        if isinstance(self.kafka, KafkaServer):
            return self.kafka
        raise RuntimeError("say which broker")

    @property
    def cluster(self) -> KafkaCluster:
        """The three brokers. Raises RuntimeError where there is one."""
        if isinstance(self.kafka, KafkaCluster):
            return self.kafka
        raise RuntimeError("there is only one broker")

    async def mend(self) -> None:
        """Whatever a run has left: proxies pass everything, servers run."""
        for proxy in self.kafka_proxies:
            proxy.mend()
        for server in (self.kafka, self.redis):
            if server.running:
                server.resume()
            else:
                await asyncio.to_thread(server.start)


@asynccontextmanager
async def servers(brokers: int) -> AsyncIterator[Servers]:
    """One broker or three, and a Redis, up until the block is left."""
    ports = [free_port() for _ in range(brokers)]
    kafka = KafkaServer(front_port=ports[0]) if brokers == 1 else KafkaCluster(ports)
    redis = BoundableRedis()
    nodes = [kafka] if isinstance(kafka, KafkaServer) else kafka.nodes
    try:
        await asyncio.gather(asyncio.to_thread(kafka.start), asyncio.to_thread(redis.start))
        async with AsyncExitStack() as proxies:
            fronts = [
                await proxies.enter_async_context(Proxy(node.back_port, port=port, read_request=read_kafka_request))
                for node, port in zip(nodes, ports, strict=True)
            ]
            yield Servers(kafka, fronts, redis, brokers)
    finally:
        kafka.close()
        redis.close()
