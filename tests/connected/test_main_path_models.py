"""Random models and leads: the stream, `leadline score` on its journal, and the slow reference agree.

Each partition is a world of its own: its own model, put in force by a command in that partition alone, and its
own leads, whose names are chosen so that their keys belong there. So one worker streams all of them at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import count, repeat
from multiprocessing import get_context
from pathlib import Path
from random import Random
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
import yaml
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from click.testing import CliRunner

from schemas.changes import Cause
from schemas.instants import YEAR_2000_MS, format_ms, parse_ms
from schemas.topics import COMMANDS, INPUT_NAMES, PLACE
from scoring.document import BadModel, default_text, read_model
from scoring.offline import TIMER
from scoring.plan import Plan, TooLarge
from streams.cli import main
from streams.clock import SystemClock
from streams.kafka.placement import partition_of
from streams.kafka.producer import RecordProducer
from tests.conftest import FreshTopics
from tests.support.generate import Acts, Mix, model_yaml, random_history, random_model
from tests.support.journal import LaneRun, Run, read_run
from tests.support.reference import differences, score
from tests.support.traffic import model_command
from tests.support.workers import Site

ROUNDS, PARTITIONS, LEADS = 4, 25, 100
"""100 models in all; so many lanes are what one worker takes over at once within seconds."""

LINES_PER_LEAD = 3
"""Mean of the signals of a lead; profiles and commands come to them."""

PROCESSES = 2
"""A world takes a fifth of a second to make and the slow reference one to score: half as long on two cores."""

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
            keyless = is_model(line)
            yield line["topic"], None if keyless else key, content, parse_ms(line["timestamp"])


def world(number: int, partition: int, now_ms: int) -> World:
    """A model and a history in the past, of this round; every other one has a second model on its way."""
    for attempt in count():
        rng = Random(f"{number}-{partition}-{attempt}")
        model = random_model(rng, whole=True)
        mix = Mix(lines_per_lead=LINES_PER_LEAD, timers=0, commands=partition % 2, acts=Acts())
        history = [line for line in random_history(rng, model, LEADS, mix) if is_of_our_time(line)]
        lines = renamed(history, partition)
        if fits(lines, model) and max(parse_ms(line["timestamp"]) for line in lines) < now_ms:
            break
    first_ms = min(parse_ms(line["timestamp"]) for line in lines) - 1
    value = json.loads(model_command(model_yaml(model), model["version"], first_ms))
    begin = {"topic": COMMANDS.name, "timestamp": format_ms(first_ms), "value": value}
    ordered = sorted(lines, key=lambda line: (parse_ms(line["timestamp"]), PLACE[line["topic"]]))
    return World(partition, [begin, *ordered])


def is_of_our_time(line: Line) -> bool:
    """A record, and none so old that the model that must come before it would be refused."""
    return line["topic"] != TIMER and parse_ms(line["timestamp"]) > YEAR_2000_MS


def is_model(line: Line) -> bool:
    """Whether the line puts a model in force: such a record has no key."""
    value = line["value"]
    return line["topic"] == COMMANDS.name and isinstance(value, dict) and value.get("command") == "model"


def fits(lines: list[Line], model: dict[str, Any]) -> bool:
    """Whether the product takes the model and those after it: some that are valid could make too large states."""
    bodies = [line["value"]["body"] for line in lines if is_model(line)]
    try:
        for body in (model_yaml(model), *bodies):
            Plan(read_model(body))
    except (BadModel, TooLarge):
        return False
    return True


def renamed(lines: list[Line], partition: int) -> list[Line]:
    """The same lines about leads whose keys belong to the partition."""
    ids = (f"L-{number}" for number in count())
    here = (lead_id for lead_id in ids if partition_of(lead_id.encode(), PARTITIONS) == partition)
    names = {f"L-{number}": next(here) for number in range(LEADS)}
    return [line | {"value": _renamed(line["value"], names)} for line in lines]


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """A value that was spoiled may not name its lead."""
    lead_id = value.get("lead_id") if isinstance(value, dict) else None
    return value | {"lead_id": names[lead_id]} if isinstance(lead_id, str) and lead_id in names else value


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    """Processes for what takes a core for long."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as executor:
        yield executor


@pytest.fixture
async def site(fresh_topics: FreshTopics, redis_url: str, prefix: str, tmp_path: Path) -> Site:
    """Topics that keep histories of any age."""
    site = Site(await fresh_topics(PARTITIONS), redis_url, prefix, tmp_path, PARTITIONS)
    await keep_for_ever(site.kafka)
    return site


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


def checked(one: World, run: Run, as_of_ms: int) -> list[str]:
    """What is wrong with a lane, which is the only one in this run. For a process of its own."""
    (lane,) = run.lanes
    texts = list(run.lines(lane))
    lines = [json.loads(text) for text in texts]
    found = run.uncovered(lane) + run.differences(lane)
    if plain(lines) != plain(one.lines):
        found.append("the journal is not what was sent")
    told = score(lines, yaml.safe_load(default_text()), as_of_ms)
    return (found + differences(told, scored(texts, as_of_ms)))[:5]


def scored(texts: list[bytes], as_of_ms: int) -> dict[str, Any]:
    """What `leadline score` prints for these lines."""
    with NamedTemporaryFile(suffix=".ndjson") as file:
        file.write(b"\n".join(texts))
        file.flush()
        done = CliRunner().invoke(main, ["score", file.name, "--as-of", format_ms(as_of_ms), "--json"])
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


def plain(lines: list[Line]) -> list[Line]:
    """The lines that are records, without their places."""
    return [{name: line[name] for name in ("topic", "timestamp", "value")} for line in lines if "value" in line]


@pytest.mark.parametrize("number", range(ROUNDS))
async def test_stream_score_and_reference_agree(number: int, processes: Executor, site: Site) -> None:
    """25 random models, 100 random leads each, with profiles and commands: all that is told is the same."""
    now_ms = SystemClock().now_ms()
    worlds = list(processes.map(world, repeat(number), range(PARTITIONS), repeat(now_ms)))
    await send(site, worlds)
    worker = site.start()
    await site.caught_up(worker)
    assert worker.stop() == 0
    run = await read_run(site)
    assert min(len(lane.states) for lane in run.lanes) > LEADS // 2
    lanes = [lane_alone(run, lane) for lane in run.lanes]
    found = list(processes.map(checked, worlds, lanes, repeat(SystemClock().now_ms())))
    assert [one for one in found if one] == []
    expect_everything_happened(run)


def lane_alone(run: Run, lane: LaneRun) -> Run:
    """The lane with its own records, which is all that another process needs."""
    here = {place: record for place, record in run.records.items() if place[1] == lane.partition}
    return Run([lane], here, run.ends)


def expect_everything_happened(run: Run) -> None:
    """Bands, flags, surges and erasures, by every cause."""
    changes = [change for lane in run.lanes for change in lane.changes]
    assert len(changes) > PARTITIONS * LEADS // 4
    assert {change["kind"] for change in changes} == {"band", "flag", "surge"}
    assert {change["cause"] for change in changes} == {cause.value for cause in Cause} - {Cause.REBUILD}
    assert sum(len(lane.tombstones) for lane in run.lanes) > PARTITIONS
