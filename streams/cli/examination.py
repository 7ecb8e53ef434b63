"""Reads the facts that a diagnosis needs, from Kafka and Redis at once: neither hides what the other has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from schemas.topics import INPUT_NAMES
from streams.cli.checkup import SAMPLED, judge_group, judge_redis, judge_retention, judge_samples, worst_skew
from streams.cli.diagnosis import LaneReading, Level, Verdict, judge_lanes, judge_topics
from streams.cli.errors import UNREACHABLE, UNSAFE
from streams.cli.gap_search import find_gaps
from streams.clock import Clock
from streams.kafka.cluster import Cluster
from streams.kafka.ends import Place, log_bounds
from streams.kafka.errors import KafkaFault, KafkaUnreachable
from streams.kafka.group import Group, group_of
from streams.kafka.samples import Sample, sample
from streams.kafka.topics import plan, retentions
from streams.lane.gaps import Gap
from streams.lane.ports import Bounds, Halted, StoreRefused, StoreUnavailable
from streams.settings import Settings
from streams.store import Condition, Reader, Store


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found, and the lanes that could be read."""

    verdicts: tuple[Verdict, ...]
    lanes: tuple[LaneReading, ...]

    @property
    def exit_code(self) -> int:
        """That of the worst finding; what is unsafe is worse than what is away."""
        return max((verdict.exit_code for verdict in self.verdicts), default=0)


async def examine(given: Settings, clock: Clock) -> Examination:
    """Look at everything that these settings name. What is away is a finding, not an error."""
    kafka, redis = await asyncio.gather(_look_at_kafka(given), _look_at_redis(given, clock))
    bounds = kafka.bounds
    gaps, halting = await _find_gaps(given) if bounds and any(lane.meta for lane in redis.lanes) else ((), ())
    lanes = tuple(
        replace(
            lane,
            bounds=_of_lane(bounds, lane.partition),
            gaps=[gap for gap in gaps if gap.partition == lane.partition],
        )
        for lane in redis.lanes
    )
    verdicts = [*kafka.verdicts, *redis.verdicts, *halting, *judge_lanes(lanes, given, clock.now_ms())]
    verdicts += _of_both(kafka, redis, lanes, given, clock.now_ms())
    return Examination(tuple(verdicts), lanes)


def _of_both(
    kafka: _Kafka, redis: _Redis, lanes: Sequence[LaneReading], given: Settings, now_ms: int
) -> Iterator[Verdict]:
    """What needs facts of one beside those of the other."""
    if redis.conditions:
        yield from judge_redis(redis.conditions, lanes, redis.asked_ms)
    yield from judge_group(kafka.group, given.partitions, lanes)
    yield from judge_samples(kafka.samples, now_ms - redis.host_ahead_ms if redis.conditions else None)
    yield from judge_retention(lanes, kafka.retentions, now_ms)


@dataclass(frozen=True, slots=True)
class _Kafka:
    verdicts: Sequence[Verdict]
    bounds: Mapping[Place, Bounds] = field(default_factory=dict)
    samples: Mapping[str, Sample] = field(default_factory=dict)
    retentions: Mapping[str, int | None] = field(default_factory=dict)
    group: Group | None = None


@dataclass(frozen=True, slots=True)
class _Redis:
    """`asked_ms`: by this host's clock, when the servers said how they are."""

    verdicts: Sequence[Verdict]
    lanes: tuple[LaneReading, ...] = ()
    conditions: Sequence[Condition] = ()
    asked_ms: int = 0

    @property
    def host_ahead_ms(self) -> int:
        """By how much this host's clock is ahead of that server's from which it differs most."""
        return worst_skew(self.conditions, self.asked_ms)[1]


async def _look_at_kafka(given: Settings) -> _Kafka:
    about, kafka = f"Kafka at {given.kafka}", Cluster.of(given)
    try:
        findings = await plan(kafka, given.partitions)
        verdicts = [Verdict(Level.OK, about, "answers"), *judge_topics(findings)]
        if not findings:
            verdicts.append(Verdict(Level.OK, "topics", f"are there, each with {given.partitions} partitions"))
        if any(finding.stops_worker for finding in findings):
            return _Kafka(verdicts)
        return _Kafka(
            verdicts,
            await log_bounds(kafka, INPUT_NAMES, given.partitions),
            await sample(kafka, SAMPLED, given.partitions),
            await retentions(kafka, INPUT_NAMES),
            await group_of(kafka, given.group),
        )
    except KafkaUnreachable as error:
        return _Kafka((Verdict(Level.ERROR, about, str(error), exit_code=UNREACHABLE),))
    except KafkaFault as error:
        return _Kafka((Verdict(Level.ERROR, about, str(error), exit_code=UNSAFE),))


async def _look_at_redis(given: Settings, clock: Clock) -> _Redis:
    about = f"Redis at {_address(given.redis)}"
    try:
        async with _store(given) as store:
            refused = await _refusal(store)
            lanes = await _read_lanes(store.reader(), given.partitions)
            asked_ms = clock.now_ms()
            seen = await store.reader().look()
            asked_ms = (asked_ms + clock.now_ms()) // 2
    except StoreUnavailable as error:
        return _Redis((Verdict(Level.ERROR, about, str(error), exit_code=UNREACHABLE),))
    except StoreRefused as error:
        return _Redis((Verdict(Level.ERROR, about, str(error), exit_code=UNSAFE),))
    safe = "answers; that a restart of it may lose scores was accepted" if given.volatile else "answers, and saves"
    verdict = Verdict(Level.ERROR, about, refused, exit_code=UNSAFE) if refused else Verdict(Level.OK, about, safe)
    return _Redis((verdict,), lanes, seen.conditions, asked_ms)


async def _find_gaps(given: Settings) -> tuple[Sequence[Gap], Sequence[Verdict]]:
    """What halts lanes; and what does not let that be found. Of another installation's lanes others tell."""
    try:
        async with _store(given) as store:
            return (await find_gaps(given, store))[1], ()
    except StoreRefused:
        return (), ()
    except (KafkaUnreachable, StoreUnavailable) as error:
        return (), (Verdict(Level.ERROR, "lanes", str(error), exit_code=UNREACHABLE),)
    except (KafkaFault, Halted) as error:
        return (), (Verdict(Level.ERROR, "lanes", str(error), exit_code=UNSAFE),)


@asynccontextmanager
async def _store(given: Settings) -> AsyncIterator[Store]:
    store = await Store.of(given)
    try:
        yield store
    finally:
        await store.close()


async def _refusal(store: Store) -> str:
    """Why scores may not be kept there; empty if they may."""
    try:
        await store.check()
    except StoreRefused as error:
        return str(error)
    return ""


async def _read_lanes(reader: Reader, partitions: int) -> tuple[LaneReading, ...]:
    lanes = [
        LaneReading(
            number,
            await reader.meta(number),
            await reader.counts(number),
            has_draft=await reader.has_draft(number),
        )
        for number in range(partitions)
    ]
    return tuple(lanes)


def _of_lane(bounds: Mapping[Place, Bounds], partition: int) -> dict[str, Bounds]:
    return {topic: found for (topic, number), found in bounds.items() if number == partition}


def _address(url: str) -> str:
    """Without user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
