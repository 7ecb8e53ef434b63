"""Where a key belongs: Kafka's own murmur2, as the Java client and aiokafka place it."""

from __future__ import annotations

from aiokafka.partitioner import murmur2


def partition_of(key: bytes, partitions: int) -> int:
    """The partition, from 0, of a record with this key. librdkafka's default places otherwise."""
    return int(murmur2(key) & 0x7FFF_FFFF) % partitions
