"""The rights of deploy/kubernetes/strimzi/users.yaml are enough: a real Kafka with access rules and nobody else's.

Rules are for whoever comes without a name: its rights are those of the user whose turn it is. Kafka's own door, by
which the test makes topics, rules and records, asks for a password.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    OffsetSpec,
    ResourcePatternType,
    ResourceType,
)

from schemas.topics import ALL, CHANGES, INPUT_NAMES, INPUTS, REJECTED, REKEYED
from streams.kafka.placement import partition_of
from streams.kafka.topics import configs_of
from tests.connected.test_cli_scores import answer, leadline
from tests.deploy.manifests import rights, user
from tests.support.servers import KafkaServer, free_port
from tests.support.workers import Site

PARTITIONS = 2
ANYBODY = "User:ANONYMOUS"
PASSWORD = "of-a-test"
LOGIN = (
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    f'username="admin" password="{PASSWORD}" user_admin="{PASSWORD}";'
)
KINDS = {"group": ResourceType.GROUP, "topic": ResourceType.TOPIC, "transactionalId": ResourceType.TRANSACTIONAL_ID}
OPERATIONS = {
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
    "Describe": AclOperation.DESCRIBE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
}
CALL_S = 20.0
SIGNAL = b'{"id":"%s-%d","lead_id":"L-7","occurred_at":"2026-11-23T09:30:00Z","webinar_id":"w-%d"}'

pytestmark = [pytest.mark.timeout(180), pytest.mark.real_kafka]


class Installed(Site):
    """Its group is the one that the rights name."""

    def settings(self, **settings: object) -> dict[str, object]:
        """The settings of a worker, and of each command."""
        return super().settings(**{"group": "leadline", **settings})


class GuardedKafka(KafkaServer):
    """Access rules hold at `bootstrap`; `inner` is the door of the superuser."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = f"127.0.0.1:{free_port()}"
        doors = f"PLAINTEXT://{self.bootstrap},INNER://{self.inner}"
        self.settings |= {
            "listeners": f"{doors},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": doors,
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,INNER:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
            "inter.broker.listener.name": "INNER",
            "sasl.enabled.mechanisms": "PLAIN",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "sasl.mechanism.controller.protocol": "PLAIN",
            "listener.name.inner.plain.sasl.jaas.config": LOGIN,
            "listener.name.controller.plain.sasl.jaas.config": LOGIN,
            "listener.name.inner.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:admin",
        }

    @property
    def superuser(self) -> dict[str, str]:
        """How librdkafka comes in by the inner door."""
        return {
            "bootstrap.servers": self.inner,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": "admin",
            "sasl.password": PASSWORD,
        }


@pytest.fixture
def guarded() -> Iterator[GuardedKafka]:
    """With all topics, and no rule for anybody."""
    with GuardedKafka() as kafka:
        admin = AdminClient(kafka.superuser)
        topics = [NewTopic(topic.name, PARTITIONS, 1, config=dict(configs_of(topic))) for topic in ALL]
        for made in admin.create_topics(topics).values():
            made.result(CALL_S)
        yield kafka


async def test_the_rights_of_each_user_are_enough(guarded: GuardedKafka, redis_url: str, tmp_path: Path) -> None:
    """A worker scores, refuses, re-keys and publishes; an operator looks and decides; a scaler sees what waits."""
    site = Installed(guarded.bootstrap, redis_url, "ll", tmp_path, PARTITIONS)
    rules = await asyncio.to_thread(Rules, guarded)
    assert (await leadline(site, "topics", "check")).code == 5
    await asyncio.to_thread(produce, guarded)
    rules.give("leadline-worker")
    worker = site.start()
    await site.caught_up(worker)
    records, _ = await site.records(CHANGES.name, REJECTED.name, REKEYED.name)
    assert {topic for topic, _, _ in records} == {CHANGES.name, REJECTED.name, REKEYED.name}
    assert "uthoriz" not in worker.log.read_text()
    rules.give("leadline-operator")
    await answer(site, "flag", "L-7", "--reason", "doubt")
    assert worker.stop() == 0
    rules.take("leadline-worker")
    rules.give("leadline-operator")
    doctor = await leadline(site, "doctor")
    assert (doctor.code, "error " in doctor.out) == (0, False), doctor.out
    assert (await leadline(site, "topics", "plan")).code == 0
    rules.take("leadline-operator")
    rules.give("leadline-scaler")
    assert await asyncio.to_thread(waiting, guarded.bootstrap) == 0


class Rules:
    """What anybody may do."""

    def __init__(self, kafka: GuardedKafka) -> None:
        self._admin = AdminClient(kafka.superuser)

    def give(self, name: str) -> None:
        """Add the rights of a user."""
        for made in self._admin.create_acls(list(self._bindings(name))).values():
            made.result(CALL_S)

    def take(self, name: str) -> None:
        """Remove them."""
        filters = [
            AclBindingFilter(
                each.restype, each.name, each.resource_pattern_type, each.principal, each.host, each.operation,
                each.permission_type,
            )
            for each in self._bindings(name)
        ]  # fmt: skip
        for removed in self._admin.delete_acls(filters).values():
            removed.result(CALL_S)

    def _bindings(self, name: str) -> Iterator[AclBinding]:
        prefixed = {"ll-out-", "leadline-everywhere-"}
        for kind, resource, operations in rights(user(name)):
            pattern = ResourcePatternType.PREFIXED if resource in prefixed else ResourcePatternType.LITERAL
            for operation in sorted(operations):
                yield AclBinding(
                    KINDS[kind], resource, pattern, ANYBODY, "*", OPERATIONS[operation], AclPermissionType.ALLOW
                )


def produce(kafka: GuardedKafka) -> None:
    """A lead that becomes hot, a record that is none, and one in the wrong partition."""
    producer = Producer(kafka.superuser)
    own = partition_of(b"L-7", PARTITIONS)
    for number in range(20):
        value = SIGNAL % (b"s", number, number)
        producer.produce("webinar.signups", value, b"L-7", own)
    producer.produce("email.opens", b"{", b"L-7", own)
    producer.produce("email.clicks", SIGNAL % (b"c", 1, 1), b"L-7", 1 - own)
    assert producer.flush(CALL_S) == 0


def waiting(bootstrap: str) -> int:
    """What a scaler asks: how many records are behind what the group has read."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    places = [TopicPartition(topic.name, number) for topic in INPUTS for number in range(PARTITIONS)]
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions("leadline", places)])
    read = {(each.topic, each.partition): each.offset for each in asked["leadline"].result(CALL_S).topic_partitions}
    ends = admin.list_offsets(dict.fromkeys(places, OffsetSpec.latest()))
    found = {(place.topic, place.partition): end.result(CALL_S).offset for place, end in ends.items()}
    assert {topic for topic, _ in found} == set(INPUT_NAMES)
    return sum(end - max(0, read[place]) for place, end in found.items())
