"""What happens to one of three brokers: records, group and transactions go on with the other two."""

from __future__ import annotations

import asyncio
import json

from aiokafka.admin import AIOKafkaAdminClient

from schemas.topics import CHANGES
from tests.chaos.faults.fault import Evidence, Fault
from tests.chaos.stage import Stage
from tests.support.servers import KafkaServer

METADATA = "logs/__cluster_metadata-0/quorum-state"
"""Where a node keeps who leads the controllers."""


class NodeLost(Fault):
    """One node goes under load, and comes back."""

    brokers = 3
    kind: str

    async def inject(self, stage: Stage) -> None:
        """The node goes; the lanes are at work before it is back."""
        self.node = stage.servers.cluster.node(await self.choose(stage))
        self.pid = self.node.pid
        await asyncio.to_thread(self.end, self.node)
        self.was_gone = not self.node.running
        await stage.mark(f"back without {self.kind}")
        await stage.recovered()

    async def heal(self, stage: Stage) -> None:
        """It comes back."""
        await asyncio.to_thread(self.node.start)
        await stage.mark(f"at work with {self.kind} back")

    def evidence(self, stage: Stage) -> Evidence:
        """The kernel's word."""
        return {"a node gone": self.was_gone, "processes of it": int(self.node.pid != self.pid)}

    async def choose(self, stage: Stage) -> int:
        """Which node."""
        raise NotImplementedError

    def end(self, node: KafkaServer) -> None:
        """How it goes."""
        node.kill()


class LeaderKilled(NodeLost):
    """SIGKILL of the broker that leads partition 0 of what is published."""

    name, kind = "leader-killed", "a leader"

    async def choose(self, stage: Stage) -> int:
        """Who leads it now."""
        return await leader_of(stage.site.kafka, CHANGES.name)


class LeaderStopped(LeaderKilled):
    """The same broker is told to stop, and hands over in order."""

    name = "leader-stopped"

    def end(self, node: KafkaServer) -> None:
        """SIGTERM."""
        node.stop()


class ControllerKilled(NodeLost):
    """SIGKILL of the node that leads the controllers."""

    name, kind = "controller-killed", "the controller"

    async def choose(self, stage: Stage) -> int:
        """Who leads them, as the nodes have written it down."""
        states = [json.loads((node.directory / METADATA).read_text()) for node in stage.servers.cluster.nodes]
        latest = max(states, key=lambda state: int(state["leaderEpoch"]))
        return int(latest["leaderId"])


async def leader_of(bootstrap: str, topic: str) -> int:
    """The node that leads partition 0."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([topic])
    finally:
        await admin.close()
    return next(int(part["leader"]) for part in described["partitions"] if part["partition"] == 0)
