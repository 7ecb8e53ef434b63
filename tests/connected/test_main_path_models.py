"""Random models and leads: the stream, `leadline score` on its journal, and the slow reference agree.

Each partition is a world of its own: its own model, put in force by a command in that partition alone, and its
own leads, whose names are chosen so that their keys belong there. So one worker streams all of them at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from click.testing import CliRunner

from schemas.instants import format_ms, parse_ms
from schemas.topics import COMMANDS, INPUT_NAMES, PLACE
from scoring.document import BadModel, default_text, read_model
from scoring.plan import Plan, TooLarge
from streams.cli import main
from streams.clock import SystemClock
from streams.kafka.placement import partition_of
from streams.kafka.producer import RecordProducer
from tests.conftest import FreshTopics
from tests.support.generate import Mix, model_yaml, random_history, random_model
from tests.support.journal import read_run
from tests.support.reference import differences, score
from tests.support.traffic import model_command
from tests.support.workers import Site

MODELS, LEADS = 20, 200
LINES_PER_LEAD = 5
SEED = 3

Line = dict[str, Any]

pytestmark = [pytest.mark.timeout(300), pytest.mark.real_kafka]


@dataclass(frozen=True)
class World:
    """What one partition is sent: the lines in the order in which a lane applies them."""

    partition: int
    lines: list[Line]

    def records(self) -> Iterator[tuple[str, bytes | None, bytes, int]]:
        """Topic, key, value and Kafka timestamp of each line."""
        for line in self.lines:
            value = line["value"]
            lead_id = value.get("lead_id") if isinstance(value, dict) else None
            key = lead_id.encode() if isinstance(lead_id, str) else b"any"
            content = json.dumps(value, ensure_ascii=False).encode()
            keyless = line["topic"] == COMMANDS.name
            yield line["topic"], None if keyless else key, content, parse_ms(line["timestamp"])


def world(partition: int, now_ms: int) -> World:
    """A model and a history in the past; every other one has a second model in force on its way."""
    for attempt in count():
        rng = Random(f"{SEED}-{partition}-{attempt}")
        model = random_model(rng)
        mix = Mix(lines_per_lead=LINES_PER_LEAD, timers=0, commands=partition % 2)
        lines = renamed(random_history(rng, model, LEADS, mix), partition)
        if fits(lines, model) and max(parse_ms(line["timestamp"]) for line in lines) < now_ms:
            break
    first_ms = min(parse_ms(line["timestamp"]) for line in lines) - 1
    value = json.loads(model_command(model_yaml(model), model["version"], first_ms))
    begin = {"topic": COMMANDS.name, "timestamp": format_ms(first_ms), "value": value}
    ordered = sorted(lines, key=lambda line: (parse_ms(line["timestamp"]), PLACE[line["topic"]]))
    return World(partition, [begin, *ordered])


def fits(lines: list[Line], model: dict[str, Any]) -> bool:
    """Whether the product takes the model and those after it: some that are valid could make too large states."""
    bodies = [line["value"]["body"] for line in lines if line["topic"] == COMMANDS.name]
    try:
        for body in (model_yaml(model), *bodies):
            Plan(read_model(body))
    except (BadModel, TooLarge):
        return False
    return True


def renamed(lines: list[Line], partition: int) -> list[Line]:
    """The same lines about leads whose keys belong to the partition."""
    ids = (f"L-{number}" for number in count())
    here = (lead_id for lead_id in ids if partition_of(lead_id.encode(), MODELS) == partition)
    names = {f"L-{number}": next(here) for number in range(LEADS)}
    return [line | {"value": _renamed(line["value"], names)} for line in lines]


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """A value that was spoiled may not name its lead."""
    lead_id = value.get("lead_id") if isinstance(value, dict) else None
    return value | {"lead_id": names[lead_id]} if isinstance(lead_id, str) and lead_id in names else value


async def keep_for_ever(bootstrap: str) -> None:
    """Histories may be older than the topics keep their records."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        config = {"retention.ms": "-1"}
        await admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, topic, config) for topic in INPUT_NAMES]
        )
    finally:
        await admin.close()


async def send(site: Site, worlds: list[World]) -> None:
    """Every record into the partition of its world."""
    async with RecordProducer(site.kafka, linger_ms=50) as producer:
        for one in worlds:
            for topic, key, value, at_ms in one.records():
                await producer.send(topic, key=key, value=value, partition=one.partition, timestamp_ms=at_ms)
        await producer.flush()


def scored(lines: list[bytes], as_of_ms: int, path: Path) -> dict[str, Any]:
    """What `leadline score` prints for these lines."""
    path.write_bytes(b"\n".join(lines))
    done = CliRunner().invoke(main, ["score", str(path), "--as-of", format_ms(as_of_ms), "--json"])
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


def plain(lines: list[Line]) -> list[Line]:
    """The lines that are records, without their places."""
    return [{name: line[name] for name in ("topic", "timestamp", "value")} for line in lines if "value" in line]


async def test_stream_score_and_reference_agree(
    fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """20 random models with 200 random leads each: states, changes, scores, windows and refusals are the same."""
    site = Site(await fresh_topics(MODELS), redis_url, prefix, tmp_path, MODELS)
    await keep_for_ever(site.kafka)
    now_ms = SystemClock().now_ms()
    worlds = [world(partition, now_ms) for partition in range(MODELS)]
    await send(site, worlds)
    worker = site.start()
    await site.caught_up(worker)
    assert worker.stop() == 0
    run = await read_run(site)
    as_of_ms = SystemClock().now_ms()
    default = yaml.safe_load(default_text())
    moved = 0
    for one, lane in zip(worlds, run.lanes, strict=True):
        assert len(lane.states) > LEADS // 2
        assert run.uncovered(lane) == []
        assert run.differences(lane)[:5] == []
        texts = list(run.lines(lane))
        lines = [json.loads(text) for text in texts]
        assert plain(lines) == plain(one.lines)
        answer = scored(texts, as_of_ms, tmp_path / "journal.ndjson")
        assert differences(score(lines, default, as_of_ms), answer)[:5] == []
        moved += len(lane.changes)
    assert moved > MODELS * LEADS // 4
