"""A Redis Cluster of three primaries on free loopback ports: slots can be moved, replicas added, nodes killed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from redis import Redis
from redis.crc import key_slot

from tests.support.servers.process import free_port, until
from tests.support.servers.redis import RedisServer

PRIMARIES = 3
SLOTS = 16_384

NODE_TIMEOUT_MS = 1_000
"""After which a node that says nothing counts as failed, and its replica takes over."""

FORMED_S = 20.0
"""Nodes hear of each other within a second, and agree within two; on a machine that runs everything else too."""

MIGRATE_TIMEOUT_MS = 5_000


class RedisCluster:
    """`url` names the first of its nodes; each has a third of the slots. `make` gives a server not yet started."""

    def __init__(self, make: Callable[[], RedisServer] = RedisServer) -> None:
        self._make = make
        self.nodes = [self._node() for _ in range(PRIMARIES)]

    @property
    def url(self) -> str:
        """The address for clients."""
        return self.nodes[0].url

    def start(self) -> None:
        """Start the nodes, give them the slots, have them meet."""
        with ThreadPoolExecutor(PRIMARIES) as threads:
            list(threads.map(RedisServer.start, self.nodes))
        for number, node in enumerate(self.nodes):
            first, behind = number * SLOTS // PRIMARIES, (number + 1) * SLOTS // PRIMARIES
            call(node, "CLUSTER", "ADDSLOTSRANGE", first, behind - 1)
            call(node, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for node in self.nodes[1:]:
            self._meet(node)
        self._agreed()

    def add_replica(self, primary: RedisServer) -> RedisServer:
        """A new node that follows this one; returns once it has all that stands there."""
        replica = self._node()
        self.nodes.append(replica)
        replica.start()
        self._meet(replica)
        whose = _id(primary)
        until(lambda: whose in str(call(replica, "CLUSTER", "NODES")), timeout_s=FORMED_S, what="it is known")
        call(replica, "CLUSTER", "REPLICATE", whose)

        def follows() -> bool:
            is_up = call(replica, "INFO", "replication").get("master_link_status") == "up"
            return is_up and all(str(replica.port) in str(call(node, "CLUSTER", "SLOTS")) for node in self.nodes)

        until(follows, timeout_s=FORMED_S, what="the replica follows")
        return replica

    def owner(self, key: str) -> RedisServer:
        """The primary that says that it has the slot of this key."""
        slot = key_slot(key.encode())
        (owner,) = (node for node in self.nodes if node.running and _has(node, slot))
        return owner

    def other(self, *nodes: RedisServer) -> RedisServer:
        """A primary that is none of these."""
        return next(node for node in self.nodes[:PRIMARIES] if node not in nodes and node.running)

    def begin_move(self, key: str, target: RedisServer) -> None:
        """From now on the slot of this key is being moved; no key has moved yet."""
        source, slot = self.owner(key), key_slot(key.encode())
        call(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", _id(source))
        call(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", _id(target))

    def move_keys(self, target: RedisServer, keys: Sequence[str]) -> None:
        """Move these keys of a slot that is being moved."""
        self._migrate(self.owner(keys[0]), target, keys)

    def end_move(self, key: str, target: RedisServer) -> None:
        """Move what is left, and give the slot to the other node: first there, then here, then tell the third."""
        source, slot = self.owner(key), key_slot(key.encode())
        while left := call(source, "CLUSTER", "GETKEYSINSLOT", slot, 100):
            self._migrate(source, target, left)
        rest = [node for node in self.nodes[:PRIMARIES] if node not in (source, target)]
        for node in (target, source, *rest):
            self.say_owner(node, key, target)

    def say_owner(self, node: RedisServer, key: str, owner: RedisServer) -> None:
        """From now on this node says that the slot of this key belongs to that one."""
        call(node, "CLUSTER", "SETSLOT", key_slot(key.encode()), "NODE", _id(owner))

    def move(self, key: str, target: RedisServer) -> None:
        """All of it."""
        self.begin_move(key, target)
        self.end_move(key, target)

    def errors(self, code: str) -> int:
        """How often the nodes have answered with this code: MOVED, ASK, TRYAGAIN."""
        told = [call(node, "INFO", "errorstats") for node in self.nodes if node.running]
        return sum(stats.get(f"errorstat_{code}", {"count": 0})["count"] for stats in told)

    def flush(self) -> None:
        """Remove every key."""
        for node in self.nodes:
            node.flush()

    def close(self) -> None:
        """Kill all nodes and remove their files."""
        for node in self.nodes:
            node.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _node(self) -> RedisServer:
        node = self._make()
        node.arguments += (
            "--cluster-enabled", "yes", "--cluster-port", str(free_port()),
            "--cluster-node-timeout", str(NODE_TIMEOUT_MS), "--cluster-require-full-coverage", "no",
            "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1",
        )  # fmt: skip
        return node

    def _meet(self, node: RedisServer) -> None:
        bus = node.arguments[node.arguments.index("--cluster-port") + 1]
        call(self.nodes[0], "CLUSTER", "MEET", "127.0.0.1", node.peer_port, bus)

    def _agreed(self) -> None:
        """Returns once every node knows of every other, and that all slots are served."""

        def is_agreed() -> bool:
            told = [call(node, "CLUSTER INFO") for node in self.nodes]
            known = str(len(self.nodes))
            return all(each["cluster_state"] == "ok" and each["cluster_known_nodes"] == known for each in told)

        until(is_agreed, timeout_s=FORMED_S, what="the cluster is formed")

    def _migrate(self, source: RedisServer, target: RedisServer, keys: Sequence[Any]) -> None:
        call(source, "MIGRATE", "127.0.0.1", target.peer_port, "", 0, MIGRATE_TIMEOUT_MS, "KEYS", *keys)


def call(node: RedisServer, *words: Any) -> Any:
    """What this node answers, past any cluster."""
    with Redis.from_url(node.url) as client:
        return client.execute_command(*words)


def _id(node: RedisServer) -> str:
    return str(call(node, "CLUSTER", "MYID"), "utf-8")


def _has(node: RedisServer, slot: int) -> bool:
    """Whether it says of itself that it serves the slot."""
    for first, last, primary, *_ in call(node, "CLUSTER", "SLOTS"):
        if first <= slot <= last:
            return bool(primary[1] == node.port)
    return False
