"""The product's topics on a test's broker, made by the test's own hand: `leadline topics` is tested apart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.topics import ALL, Topic

POLL_S = 0.02
"""Between two questions to the broker: making the topics takes 0.05 s."""

POLLS = 1_000
"""20 s at least: a broker that has not made its topics by then is broken."""

REQUEST_TIMEOUT_MS = 20_000
"""For one administrative request; an idle broker answers in 0.05 s."""

OK, UNKNOWN_TOPIC = 0, 3
"""Kafka's codes for "done" and for "there is none", which is as good when deleting."""


def names() -> list[str]:
    """The names of all topics, inputs and outputs."""
    return [topic.name for topic in ALL]


async def make_topics_anew(
    bootstrap: str, partitions: int, topics: Sequence[Topic] = ALL, *, replicas: int = 1
) -> None:
    """Delete these topics and make them with this many partitions; returns once each partition has a leader.

    Raises RuntimeError when the broker refuses, TimeoutError when it does not get there.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS)
    await admin.start()
    try:
        deleted = await admin.delete_topics([topic.name for topic in topics])
        _expect(dict(deleted.topic_error_codes), OK, UNKNOWN_TOPIC)
        await _until(partial(_gone, admin, topics), f"the topics at {bootstrap} are still shown")
        created = await admin.create_topics([_new(topic, partitions, replicas) for topic in topics])
        _expect({name: code for name, code, _ in created.topic_errors}, OK)
        await _until(partial(_led, admin, partitions), f"the topics at {bootstrap} have no leaders")
    finally:
        await admin.close()


async def _until(condition: Callable[[], Awaitable[bool]], what_if_not: str) -> None:
    for _ in range(POLLS):
        if await condition():
            return
        await asyncio.sleep(POLL_S)
    raise TimeoutError(what_if_not)


async def delete_before(bootstrap: str, topic: str, partition: int, offset: int) -> None:
    """As retention does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(topic, partition): _BeforeOffset(offset)})
    finally:
        await admin.close()


class _BeforeOffset:
    """What aiokafka wants to be told."""

    def __init__(self, offset: int) -> None:
        self.before_offset = offset


def _new(topic: Topic, partitions: int, replicas: int) -> NewTopic:
    kept = {"cleanup.policy": "compact"} if topic.is_compacted else {"retention.ms": str(topic.retention_ms)}
    return NewTopic(topic.name, partitions, replicas, topic_configs=kept)


def _expect(codes: Mapping[str, int], *good: int) -> None:
    refused = {name: code for name, code in codes.items() if code not in good}
    if refused:
        raise RuntimeError(f"the broker refused, by topic and error code: {refused}")


async def _gone(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> bool:
    """A broker may show for a moment what its controller has deleted, and that would pass for the new ones."""
    described = await admin.describe_topics([topic.name for topic in topics])
    return all(topic["error_code"] == UNKNOWN_TOPIC for topic in described)


async def _led(admin: AIOKafkaAdminClient, partitions: int) -> bool:
    described = await admin.describe_topics(names())
    return all(
        len(topic["partitions"]) == partitions and all(part["leader"] >= 0 for part in topic["partitions"])
        for topic in described
    )
