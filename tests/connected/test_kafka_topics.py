"""Topics are compared with the table, and made right where that loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from schemas.topics import ALL, CHANGES, INPUT_RETENTION_MS, INPUTS
from streams.kafka.errors import TopicsDiffer
from streams.kafka.topics import apply, check, plan
from tests.conftest import FreshTopics
from tests.support.servers import KafkaServer

pytestmark = pytest.mark.real_kafka

OPENS = INPUTS[0].name


@pytest.fixture(scope="module")
def empty_kafka() -> Iterator[str]:
    """A broker without any topic."""
    with KafkaServer() as server:
        yield server.bootstrap


async def administer(bootstrap: str, act: Callable[[AIOKafkaAdminClient], Any]) -> Any:
    """The answer to one request."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return await act(admin)
    finally:
        await admin.close()


async def configure(bootstrap: str, topic: str, wanted: dict[str, str]) -> None:
    """Set these entries on a topic; returns when the broker tells them."""
    resource = ConfigResource(ConfigResourceType.TOPIC, topic, wanted)
    await administer(bootstrap, lambda admin: admin.alter_configs([resource]))
    while True:
        if wanted.items() <= (await configs(bootstrap, topic)).items():
            return
        await asyncio.sleep(0.02)


async def configs(bootstrap: str, topic: str) -> dict[str, str]:
    """A topic's configuration."""
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    (answer,) = await administer(bootstrap, lambda admin: admin.describe_configs([resource]))
    return {entry[0]: entry[1] for entry in answer.resources[0][4]}


async def test_missing_topics_are_planned_made_and_then_in_order(empty_kafka: str) -> None:
    """On an empty cluster every topic is missing; after `apply` nothing differs and a worker may start."""
    with pytest.raises(TopicsDiffer, match=r"email\.opens: topic is missing"):
        await check(empty_kafka, 4)
    planned = await plan(empty_kafka, 4)
    assert [(f.topic, f.found, f.by_apply) for f in planned] == [(t.name, "missing", True) for t in ALL]
    assert await apply(empty_kafka, 4) == planned
    assert await plan(empty_kafka, 4) == []
    await check(empty_kafka, 4)
    assert (await configs(empty_kafka, OPENS))["retention.ms"] == str(INPUT_RETENTION_MS)


async def test_apply_lengthens_and_keeps_what_it_does_not_know(fresh_topics: FreshTopics) -> None:
    """A retention that is too short is lengthened; the topic's other settings stay as they were."""
    bootstrap = await fresh_topics(2)
    await configure(bootstrap, OPENS, {"retention.ms": "3600000", "max.message.bytes": "2000000"})
    (finding,) = await plan(bootstrap, 2)
    assert str(finding) == (
        f"email.opens: retention.ms is 3600000, should be {INPUT_RETENTION_MS}: `leadline topics apply` sets it"
    )
    await check(bootstrap, 2)
    assert await apply(bootstrap, 2) == [finding]
    now = await configs(bootstrap, OPENS)
    assert (now["retention.ms"], now["max.message.bytes"]) == (str(INPUT_RETENTION_MS), "2000000")
    assert await plan(bootstrap, 2) == []


@pytest.mark.parametrize("retention", ["-1", str(2 * INPUT_RETENTION_MS)])
async def test_a_longer_retention_is_left_alone(fresh_topics: FreshTopics, retention: str) -> None:
    """Nothing that somebody keeps longer is shortened."""
    bootstrap = await fresh_topics(1)
    await configure(bootstrap, CHANGES.name, {"retention.ms": retention})
    assert await plan(bootstrap, 1) == []


async def test_another_number_of_partitions_is_told_and_not_touched(fresh_topics: FreshTopics) -> None:
    """A topic with other partitions stops a worker, and `apply` leaves it as it is."""
    bootstrap = await fresh_topics(3)
    with pytest.raises(TopicsDiffer, match=r"email\.opens: partitions is 3, should be 5"):
        await check(bootstrap, 5)
    assert await apply(bootstrap, 5) == []
    findings = await plan(bootstrap, 5)
    assert [finding.topic for finding in findings] == [topic.name for topic in ALL]
    assert {(f.what, f.found, f.stops_worker, f.by_apply) for f in findings} == {("partitions", "3", True, False)}
