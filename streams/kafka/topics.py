"""Compares the cluster's topics with the table in `schemas/topics.py`, and makes what is missing.

    plan     what differs: what is, what should be, what to do
    apply    makes missing topics and lengthens what would be lost too early; never deletes, never shrinks,
             never adds partitions (a key would move to another, away from its score)
    check    what a worker must have: every topic, each with the same number of partitions

The brokers' answers are read as far as they are needed and no further.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import IncompatibleBrokerVersion, TopicAlreadyExistsError, for_code

from schemas.topics import ALL, OUTPUTS, PUBLISHED, REKEYED, Topic
from streams.kafka.clients import admin_client
from streams.kafka.cluster import Kafka
from streams.kafka.errors import TopicsDiffer

REPLICAS = 3
INSYNC_REPLICAS = 2
"""In a cluster of three brokers or more: one may be away, and acknowledged records survive another."""

OWN = frozenset({*OUTPUTS, REKEYED})
MESSAGE_BYTES = 2 * 1024 * 1024
"""Topics that lanes write must take the largest entry of an outbox: a misplaced record whose value has 1 MiB, the
most that is accepted, with its key and headers; Kafka's default is 12 bytes above 1 MiB."""

SEGMENT_BYTES = 16 * 1024 * 1024
"""Of a compacted topic: only what is not in the newest segment is compacted."""

FOREVER = "-1"
SET_ON_TOPIC = 1
"""The source of a configuration entry that somebody has set on the topic itself."""

LOOK_AGAIN_S = 0.05
"""Brokers hear of a change within some milliseconds."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. `by_apply`: `leadline topics apply` removes it; `stops_worker`: none starts before."""

    topic: str
    what: str
    found: str
    wanted: str
    remedy: str
    by_apply: bool = False
    stops_worker: bool = False

    def __str__(self) -> str:
        return f"{self.topic}: {self.what} is {self.found}, should be {self.wanted}: {self.remedy}"


@dataclass(frozen=True, slots=True)
class _Layout:
    """A topic as the brokers tell it."""

    partitions: int
    replicas: int


async def plan(kafka: Kafka, partitions: int) -> list[Finding]:
    """Everything that differs. Raises KafkaFault."""
    async with admin_client(kafka) as admin:
        return await _differences(admin, partitions)


async def apply(kafka: Kafka, partitions: int) -> list[Finding]:
    """Remove the differences that can be removed without loss, and return them. Raises KafkaFault."""
    async with admin_client(kafka) as admin:
        repaired = [finding for finding in await _differences(admin, partitions) if finding.by_apply]
        missing = {finding.topic for finding in repaired if finding.what == "topic"}
        if missing:
            await _make(admin, [topic for topic in ALL if topic.name in missing], partitions)
        for topic in ALL:
            wanted = {f.what: f.wanted for f in repaired if f.topic == topic.name and f.what != "topic"}
            if wanted:
                await _configure(admin, topic.name, wanted)
        await _settle(admin, partitions, repaired)
        return repaired


async def check(kafka: Kafka, partitions: int, patience_s: float = 0.0, *, marks: bool = True) -> None:
    """What a worker must have; `marks`: it publishes exactly once, and its marks must not be removed for their age.

    Waits `patience_s` for Kafka. Raises KafkaUnreachable or TopicsDiffer.
    """
    async with admin_client(kafka, patience_s) as admin:
        layouts = await _layouts(admin)
        findings = [finding for topic in ALL for finding in _layout_findings(topic, layouts, partitions)]
        if marks and PUBLISHED.name in layouts:
            configs = await _configs(admin, [PUBLISHED.name])
            findings += [f for f in _config_findings(PUBLISHED, configs[PUBLISHED.name], 0) if f.stops_worker]
    if findings:
        raise TopicsDiffer("\n".join(str(finding) for finding in findings))


async def partitions_of(kafka: Kafka, topic: str) -> int:
    """How many partitions a topic has. Raises KafkaUnreachable or TopicsDiffer."""
    async with admin_client(kafka) as admin:
        layout = (await _layouts(admin)).get(topic)
    if layout is None:
        raise TopicsDiffer(f"The topic {topic} is missing: `leadline topics apply` makes it.")
    return layout.partitions


async def retentions(kafka: Kafka, names: Sequence[str]) -> dict[str, int | None]:
    """For how long Kafka keeps what is in these topics, in ms; None: for ever. Raises KafkaFault.

    Nothing of a broker that has no such settings, as the embedded one.
    """
    try:
        async with admin_client(kafka) as admin:
            configs = await _configs(admin, names)
    except IncompatibleBrokerVersion:
        return {}
    kept = {name: configs[name].get("retention.ms", FOREVER) for name in names}
    return {name: None if found == FOREVER else int(found) for name, found in kept.items()}


async def _differences(admin: AIOKafkaAdminClient, partitions: int) -> list[Finding]:
    layouts = await _layouts(admin)
    brokers = await _brokers(admin)
    configs = await _configs(admin, [topic.name for topic in ALL if topic.name in layouts])
    findings = []
    for topic in ALL:
        findings += _layout_findings(topic, layouts, partitions)
        if topic.name in layouts:
            findings += _config_findings(topic, configs[topic.name], brokers)
            findings += _replica_findings(topic, layouts[topic.name], brokers)
    return findings


def _layout_findings(topic: Topic, layouts: Mapping[str, _Layout], partitions: int) -> list[Finding]:
    layout = layouts.get(topic.name)
    if layout is None:
        remedy = "`leadline topics apply` makes it, unless it is there and access rules do not show it to leadline"
        return [Finding(topic.name, "topic", "missing", f"{partitions} partitions", remedy, True, True)]
    if layout.partitions == partitions:
        return []
    remedy = (
        f"set LEADLINE_PARTITIONS={layout.partitions} if every topic has as many and nothing was scored yet; "
        f"else make the topic anew with {partitions} and copy its records. For {layout.partitions} from now on: "
        f"give every topic as many, set LEADLINE_PARTITIONS={layout.partitions} and LEADLINE_PREFIX to a name not "
        "used yet, and run `leadline accept-gap`: scores are computed anew from the topics"
    )
    found, wanted = str(layout.partitions), str(partitions)
    return [Finding(topic.name, "partitions", found, wanted, remedy, stops_worker=True)]


def _config_findings(topic: Topic, configs: Mapping[str, str], brokers: int) -> list[Finding]:
    wanted = dict(_own(topic))
    if not topic.is_compacted and not _at_least(configs.get("retention.ms"), topic.retention_ms):
        wanted["retention.ms"] = str(topic.retention_ms)
    if topic in OWN and not _at_least(configs.get("max.message.bytes"), MESSAGE_BYTES):
        wanted["max.message.bytes"] = str(MESSAGE_BYTES)
    if brokers >= REPLICAS and not _at_least(configs.get("min.insync.replicas"), INSYNC_REPLICAS):
        wanted["min.insync.replicas"] = str(INSYNC_REPLICAS)
    remedy = "`leadline topics apply` sets it"
    return [
        Finding(
            topic.name,
            name,
            configs.get(name, "unknown"),
            value,
            remedy,
            by_apply=True,
            stops_worker=topic.is_compacted and name == "cleanup.policy",
        )
        for name, value in wanted.items()
        if configs.get(name) != value
    ]


def _own(topic: Topic) -> Mapping[str, str]:
    """What a topic of ours is set to, exactly."""
    if topic.is_compacted:
        return {"cleanup.policy": "compact"}
    return {"cleanup.policy": "delete", "retention.bytes": FOREVER}


def configs_of(topic: Topic) -> Mapping[str, str]:
    """What a topic is set to when it is made; in a cluster, `min.insync.replicas`, too."""
    configs = dict(_own(topic))
    configs |= (
        {"segment.bytes": str(SEGMENT_BYTES)} if topic.is_compacted else {"retention.ms": str(topic.retention_ms)}
    )
    if topic in OWN:
        configs["max.message.bytes"] = str(MESSAGE_BYTES)
    return configs


def _replica_findings(topic: Topic, layout: _Layout, brokers: int) -> list[Finding]:
    if brokers < REPLICAS or layout.replicas >= REPLICAS:
        return []
    remedy = "add replicas with kafka-reassign-partitions.sh"
    return [Finding(topic.name, "replicas", str(layout.replicas), str(REPLICAS), remedy)]


def _at_least(found: str | None, wanted: int) -> bool:
    return found is not None and (found == FOREVER or int(found) >= wanted)


async def _layouts(admin: AIOKafkaAdminClient) -> dict[str, _Layout]:
    return {
        topic["topic"]: _Layout(
            len(topic["partitions"]),
            min((len(partition["replicas"]) for partition in topic["partitions"]), default=0),
        )
        for topic in await admin.describe_topics()
        if topic["error_code"] == 0
    }


async def _brokers(admin: AIOKafkaAdminClient) -> int:
    return len((await admin.describe_cluster())["brokers"])


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Every configuration entry of these topics, defaults of the brokers included."""
    entries = await _entries(admin, names)
    return {name: {key: value for key, value, _ in found} for name, found in entries.items()}


async def _entries(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, list[tuple[str, str, int]]]:
    """(name, value, source) of every configuration entry, by topic."""
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    entries = {}
    for response in await admin.describe_configs(resources):
        for code, message, _, name, found in response.resources:
            _raise_for(code, f"{name}: {message}")
            entries[name] = [(key, value, source) for key, value, _, source, *_ in found]
    return entries


async def _make(admin: AIOKafkaAdminClient, topics: Sequence[Topic], partitions: int) -> None:
    brokers = await _brokers(admin)
    ours = {"min.insync.replicas": str(INSYNC_REPLICAS)} if brokers >= REPLICAS else {}
    response = await admin.create_topics(
        [
            NewTopic(
                topic.name,
                partitions,
                min(REPLICAS, brokers),
                topic_configs={**configs_of(topic), **ours},
            )
            for topic in topics
        ]
    )
    for name, code, message in response.topic_errors:
        if code != TopicAlreadyExistsError.errno:
            _raise_for(code, f"{name}: {message}")


async def _settle(admin: AIOKafkaAdminClient, partitions: int, repaired: Sequence[Finding]) -> None:
    """Wait until the brokers tell what was done: they hear of it from their controller."""
    while True:
        if set(repaired).isdisjoint(await _differences(admin, partitions)):
            return
        await asyncio.sleep(LOOK_AGAIN_S)


async def _configure(admin: AIOKafkaAdminClient, name: str, wanted: Mapping[str, str]) -> None:
    """Set these entries. Kafka's request replaces all of a topic's own entries, so the others go along."""
    entries = (await _entries(admin, [name]))[name]
    own = {key: value for key, value, source in entries if source == SET_ON_TOPIC}
    resource = ConfigResource(ConfigResourceType.TOPIC, name, {**own, **wanted})
    for response in await admin.alter_configs([resource]):
        for code, message, *_ in response.resources:
            _raise_for(code, f"{name}: {message}")


def _raise_for(code: int, text: str) -> None:
    if code:
        raise for_code(code)(text)
