"""The names of the Redis keys, spelled here and nowhere else.

They are a promise to whoever looks into Redis; the table in this folder's `__init__.py` says what each holds.
"""

from __future__ import annotations

from dataclasses import dataclass

DRAFT = ":draft"
"""A rebuild computes scores anew under `{ll:p}:draft:meta` and so on, and moves them over when it has come far
enough."""

HASH = "murmur2"
"""How a lead's id becomes its partition: what Kafka's own Java client does with a key."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one lane. All carry one hash tag, so that they share a slot and one script may write them.

    `area` stands behind the tag: empty for the scores in use, DRAFT for those that a rebuild computes.
    """

    prefix: str
    partition: int
    area: str = ""

    @property
    def tag(self) -> str:
        """`{ll:3}`: what every key of partition 3 begins with."""
        return f"{{{self.prefix}:{self.partition}}}{self.area}"

    @property
    def meta(self) -> str:
        """Hash: the owner, the position, all that is one per lane."""
        return f"{self.tag}:meta"

    @property
    def timers(self) -> str:
        """Sorted set: lead, and the ms at which its band may change without an input."""
        return f"{self.tag}:timers"

    @property
    def board(self) -> str:
        """Sorted set: lead, and an upper bound of its score from now on."""
        return f"{self.tag}:board"

    @property
    def outbox(self) -> str:
        """Stream: entries not yet known to be in Kafka."""
        return f"{self.tag}:outbox"

    @property
    def journal(self) -> str:
        """Stream: what each commit applied; for tests."""
        return f"{self.tag}:journal"

    @property
    def absent(self) -> str:
        """Never written. It is among the keys of a commit: a Redis Cluster that is moving the slot misses it, and
        refuses the commit before it begins; else it would fail at the first lead that was moved already."""
        return f"{self.tag}:absent"

    @property
    def leads(self) -> str:
        """What comes before the id in the key of a lead's state."""
        return f"{self.tag}:lead:"

    @property
    def profiles(self) -> str:
        """What comes before the id in the key of a lead's profile."""
        return f"{self.tag}:profile:"

    @property
    def erased(self) -> str:
        """Hash: what is kept of leads that were erased."""
        return f"{self.tag}:erased"

    @property
    def outcomes(self) -> str:
        """Stream: what became of leads, with what was known of them."""
        return f"{self.tag}:outcomes"

    @property
    def told(self) -> str:
        """What comes before the id in the key of the list of a lead's entries in `outcomes`."""
        return f"{self.tag}:told:"

    @property
    def histories(self) -> str:
        """What comes before the id in the key of a lead's history."""
        return f"{self.tag}:history:"


def layout(partitions: int) -> str:
    """What the `layout` field says: how many partitions, and how an id chooses one."""
    return f"{partitions}:{HASH}"


def partitions_of(layout: str) -> int:
    """The number of partitions in a `layout` field."""
    return int(layout.partition(":")[0])
