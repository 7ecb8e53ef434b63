"""Three Kafka nodes, each broker and controller: any one of them may go, and records and group go on."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.support.servers.kafka import KafkaServer

NODES = 3


class KafkaCluster:
    """Answers at `bootstrap` while two of its nodes run. `front_ports`: where a proxy stands, for each node."""

    name = "kafka"

    def __init__(self, front_ports: Sequence[int]) -> None:
        self.nodes = [KafkaServer(front_port=port) for port in front_ports]
        voters = ",".join(
            f"{number}@127.0.0.1:{node.controller_port}" for number, node in enumerate(self.nodes, start=1)
        )
        for number, node in enumerate(self.nodes, start=1):
            node.settings |= {
                "node.id": str(number),
                "controller.quorum.voters": voters,
                "offsets.topic.replication.factor": str(NODES),
                "transaction.state.log.replication.factor": str(NODES),
                "transaction.state.log.min.isr": "2",
                "min.insync.replicas": "2",
            }

    @property
    def bootstrap(self) -> str:
        """The addresses that clients begin with."""
        return ",".join(node.bootstrap for node in self.nodes)

    @property
    def front(self) -> str:
        """The addresses of the proxies."""
        return ",".join(node.front for node in self.nodes)

    @property
    def running(self) -> bool:
        """Whether all nodes are there."""
        return all(node.running for node in self.nodes)

    def start(self) -> None:
        """Start what does not run, all at once: a node opens its port when the others have elected a leader."""
        with ThreadPoolExecutor(NODES) as threads:
            for started in [threads.submit(node.start) for node in self.nodes]:
                started.result()

    def resume(self) -> None:
        """SIGCONT for all nodes."""
        for node in self.nodes:
            node.resume()

    def close(self) -> None:
        """Kill all nodes and remove their files."""
        for node in self.nodes:
            node.close()

    def node(self, number: int) -> KafkaServer:
        """The node with this id, from 1."""
        return self.nodes[number - 1]
