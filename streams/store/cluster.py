"""Redis Cluster: several primaries, and each lane on the one that has its slot.

All keys of a lane share a slot, so that a command or a script goes to one node, as it would to a single Redis. Who
has which slot is learned from any node that answers, and learned anew

    when a node answers MOVED   the slot is elsewhere now, and the command is sent there
    when a node fails           by the next command: there may have been a failover
    when somebody looks         every five seconds in a worker

ASK, while a slot is being moved, sends the one command to the node that is given the slot. A commit waits then: of
the keys that it writes some are here and some are there. So that Redis sees that before the script begins, one of
its KEYS is never there (`Keys.absent`): then a slot that is being moved answers TRYAGAIN.

Nothing is sent again on ambiguity: MOVED and ASK say that nothing was done. After a lost answer the lane sends the
same commit again, which is recognised by its id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from streams.lane.ports import StoreRefused, StoreUnavailable
from streams.store.address import Redis, RedisAddress, address_of
from streams.store.connection import Argument, Connection, pairs
from streams.store.node import COMMAND_TIMEOUT_S, Elsewhere, Node
from streams.store.scripts import Script
from streams.store.slots import Address, Slots, read_slots, slot_of

REDIRECTIONS = 5
"""A command is sent on so often: one for a slot that was moved, the others for nodes that have not heard of it."""

LEARN_TIMEOUT_S = 1.0
"""For one node's word on who has what: it is a millisecond, and the lanes of all nodes wait for it."""

Answer = TypeVar("Answer")


async def connect(redis: Redis) -> Connection:
    """A Redis that answers, or the cluster that it belongs to. Raises StoreUnavailable or StoreRefused."""
    address = address_of(redis)
    node = Node(address)
    connection: Connection = node
    try:
        await node.ask("PING")
        if await _is_clustered(node):
            connection = Cluster(address, node)
            await connection.primaries()
        return connection
    except BaseException:
        await connection.close()
        raise


async def _is_clustered(node: Node) -> bool:
    """By HELLO, for which no user needs a right; a proxy that does not know it stands for one Redis."""
    try:
        told = await node.ask("HELLO")
    except StoreRefused:
        return False
    return dict(pairs(told)).get(b"mode") == b"cluster"


class Cluster:
    """The port `Connection` over the primaries of a cluster. `named` is the node that LEADLINE_REDIS names."""

    def __init__(self, given: RedisAddress, named: Node) -> None:
        self.address = named.address
        self._given = given
        self._named = named
        self._nodes: dict[Address, Node] = {}  # who is to be asked first about slots stands first
        self._slots: Slots | None = None
        self._learning = asyncio.Lock()

    async def ask(self, command: str, key: str, *args: Argument) -> Any:
        """As the port."""

        def send(node: Node, asking: bool) -> Awaitable[Any]:
            return node.ask(command, key, *args, asking=asking)

        return await self._routed(key, send)

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[str | bytes]) -> list[Any]:
        """As the port."""

        def send(node: Node, asking: bool) -> Awaitable[list[Any]]:
            return node.run(script, keys, args, asking=asking)

        return await self._routed(keys[0], send)

    async def holder(self, key: str) -> Node:
        """As the port; as far as is known here: whoever it is answers for another one's key with Elsewhere."""
        slots, slot = self._slots or await self._learn(), slot_of(key)
        address = slots.primary_of(slot)
        if address is None:
            raise StoreUnavailable(f"Redis Cluster at {self.address} has no node for the slot {slot} of {key}")
        return self._node(address)

    async def primaries(self) -> Sequence[Node]:
        """As the port."""
        primaries = (await self._learn()).primaries()
        if not primaries:
            raise StoreUnavailable(
                f"Redis Cluster at {self.address} has no slots yet: `redis-cli --cluster create`"
            )
        return [self._node(address) for address in primaries]

    async def close(self) -> None:
        """As the port."""
        for node in (self._named, *self._nodes.values()):
            await node.close()

    async def _routed(self, key: str, send: Callable[[Node, bool], Awaitable[Answer]]) -> Answer:
        """The answer of whoever has this key. One deadline for all of it."""
        node = self._named
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT_S):
                node, asking = await self.holder(key), False
                for _ in range(REDIRECTIONS):
                    try:
                        return await send(node, asking)
                    except Elsewhere as told:
                        node, asking = await self._sent_on(node, told), not told.is_moved
                return await send(node, asking)
        except TimeoutError:
            self._doubt(node)
            raise StoreUnavailable(
                f"Redis at {node.address} has no answer within {COMMAND_TIMEOUT_S:g} s: check that it runs"
            ) from None
        except StoreUnavailable:
            self._doubt(node)
            raise

    async def _sent_on(self, node: Node, told: Elsewhere) -> Node:
        """Whom the command goes to now. A node that does not know its own host is where it was asked."""
        there = self._node((told.host or node.host, told.port))
        if told.is_moved:
            await self._learn(there)
        return there

    async def _learn(self, first: Node | None = None) -> Slots:
        """Who has which slot now, by the first node that tells. Raises StoreUnavailable or StoreRefused."""
        known = self._slots
        async with self._learning:
            if self._slots is not None and self._slots is not known:
                return self._slots  # learned for another lane in the meantime
            error: StoreUnavailable | None = None
            for node in [*([first] if first else []), *self._nodes.values(), self._named]:
                try:
                    slots = await _told_by(node)
                except StoreUnavailable as away:
                    error = away
                else:
                    await self._keep(slots)
                    return slots
                finally:
                    self._ask_last(node)
            raise error or AssertionError("there is always the node that was named")

    async def _keep(self, slots: Slots) -> None:
        """Go by these from now on; who has left the cluster is let go."""
        self._slots = slots
        for address in slots.nodes():
            self._node(address)
        for address in self._nodes.keys() - slots.nodes():
            await self._nodes.pop(address).close()

    def _node(self, address: Address) -> Node:
        if address not in self._nodes:
            self._nodes[address] = Node(self._given.at(*address))
        return self._nodes[address]

    def _doubt(self, node: Node) -> None:
        """What is known may be out of date, if this node has failed."""
        self._slots = None
        self._ask_last(node)

    def _ask_last(self, node: Node) -> None:
        """In turn: one that is cut off from the others would go on to tell what was."""
        for address in [address for address, each in self._nodes.items() if each is node]:
            self._nodes[address] = self._nodes.pop(address)


async def _told_by(node: Node) -> Slots:
    try:
        async with asyncio.timeout(LEARN_TIMEOUT_S):
            return read_slots(await node.ask("CLUSTER", "SLOTS"), node.host)
    except TimeoutError:
        raise StoreUnavailable(
            f"Redis at {node.address} did not say within {LEARN_TIMEOUT_S:g} s who has which slot"
        ) from None
