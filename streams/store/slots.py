"""Which node of a cluster has which slot, as CLUSTER SLOTS tells it; pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from redis.crc import key_slot

Address = tuple[str, int]
"""Host and port, as the cluster announces them."""


class Shard(NamedTuple):
    """The slots from `first` to `last`, and who keeps them: the primary, then its replicas."""

    first: int
    last: int
    nodes: tuple[Address, ...]


class Slots:
    """All slots that any node has."""

    def __init__(self, shards: Iterable[Shard]) -> None:
        self.shards = sorted(shards)

    def primary_of(self, slot: int) -> Address | None:
        """Who serves this slot; None if nobody does."""
        place = bisect_right(self.shards, slot, key=attrgetter("first")) - 1
        if place < 0 or slot > self.shards[place].last:
            return None
        return self.shards[place].nodes[0]

    def primaries(self) -> list[Address]:
        """Each of them once."""
        return list(dict.fromkeys(shard.nodes[0] for shard in self.shards))

    def nodes(self) -> list[Address]:
        """Primaries and replicas, each once."""
        return list(dict.fromkeys(node for shard in self.shards for node in shard.nodes))


def slot_of(key: str) -> int:
    """The slot of a key, by its hash tag."""
    return key_slot(key.encode())


def read_slots(answer: Sequence[Sequence[Any]], asked_host: str) -> Slots:
    """What a node has answered; one that does not know its own host is where it was asked."""
    return Slots(
        Shard(first, last, tuple((str(host or b"", "utf-8") or asked_host, port) for host, port, *_ in nodes))
        for first, last, *nodes in answer
    )
