"""What is looked up when somebody asks: gauges of the lanes held here, of Redis, and of the build."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from scoring import fold
from streams.facts import Danger, LaneCount, LaneFacts, RedisFacts, TopicFacts, Work, WorkerFacts

BUILD = {
    "version": version("leadline"),
    "python": platform.python_version(),
    "compiled": "no" if fold.__file__.endswith(".py") else "yes",
}
"""Looked up once: the version is in a file."""

NOTHING = WorkerFacts(partitions=0, lanes=(), redis=RedisFacts(is_up=False))


class Shown(Collector):
    """The gauges of a worker: `facts` is asked at each page."""

    def __init__(self, facts: Callable[[], WorkerFacts]) -> None:
        self._facts = facts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every gauge, as it is now."""
        return families(self._facts())

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Their names, without looking anything up."""
        return families(NOTHING)


def families(worker: WorkerFacts) -> Iterator[GaugeMetricFamily]:
    """Every gauge of a worker."""
    yield _built()
    yield _single("partitions", "Partitions of every topic, as set: as many lanes work", worker.partitions)
    yield from _of_lanes(worker.lanes)
    yield from _of_topics(worker.lanes)
    yield from _of_redis(worker.redis)
    yield from _counted(worker.counts.items())


class _OfWork(NamedTuple):
    name: str
    meaning: str
    value: Callable[[Work], float]


WORK = (
    _OfWork(
        "stream_time_seconds", "Stream time of a lane, as a Unix time", lambda work: work.stream_time_ms / 1000
    ),
    _OfWork(
        "stream_time_behind_seconds",
        "How far a lane's time stands behind Redis's clock; an idle lane's by the grace",
        lambda work: work.behind_s,
    ),
    _OfWork("timer_late_seconds", "How late a lane is with its earliest timer", lambda work: work.timer_late_s),
    _OfWork("outbox_entries", "Entries not yet known to be in Kafka", lambda work: work.outbox_entries),
    _OfWork(
        "outbox_oldest_seconds",
        "Age of the oldest of these entries; of one taken over, since then",
        lambda work: work.outbox_oldest_s,
    ),
    _OfWork(
        "outbox_full", "1 while a lane reads nothing because its outbox has no room", lambda work: work.outbox_full
    ),
    _OfWork("cached_leads", "Leads kept in memory", lambda work: work.cached_leads),
)
"""Gauges of a lane that has taken over."""


def _of_lanes(lanes: Iterable[LaneFacts]) -> Iterator[GaugeMetricFamily]:
    working = _gauge(
        "lane_working", "1 for a lane that has taken over and scores, 0 for one that has not", "partition"
    )
    halted = _gauge("lane_halted", "1 while a lane waits for the operator", "partition")
    model = _gauge("model_info", "1 for the model in force on a lane", "partition", "version")
    for lane in lanes:
        working.add_metric([str(lane.partition)], lane.work is not None)
        halted.add_metric([str(lane.partition)], bool(lane.halted))
        if lane.work is not None:
            model.add_metric([str(lane.partition), lane.work.model], 1)
    yield from (working, halted, model)
    for name, meaning, value in WORK:
        family = _gauge(name, meaning, "partition")
        for lane in lanes:
            if lane.work is not None:
                family.add_metric([str(lane.partition)], value(lane.work))
        yield family


class _OfTopic(NamedTuple):
    name: str
    meaning: str
    value: Callable[[TopicFacts], float | None]


TOPIC = (
    _OfTopic("lag_records", "Records in Kafka that a lane has not committed", lambda topic: topic.lag_records),
    _OfTopic(
        "lag_seconds",
        "Age of the oldest of these records; of one not fetched yet, since when it is known",
        lambda topic: None if topic.lag_records is None else topic.lag_s,
    ),
    _OfTopic(
        "kafka_silent_seconds", "How long Kafka has told a lane nothing of a topic", lambda topic: topic.silent_s
    ),
    _OfTopic(
        "withheld_seconds",
        "How long records have waited in Kafka behind a producer's open transaction",
        lambda topic: topic.withheld_s,
    ),
)
"""Gauges of a topic of a lane; None is not shown."""


def _of_topics(lanes: Iterable[LaneFacts]) -> Iterator[GaugeMetricFamily]:
    for name, meaning, value in TOPIC:
        family = _gauge(name, meaning, "topic", "partition")
        for lane in lanes:
            for topic, facts in lane.topics.items():
                if (known := value(facts)) is not None:
                    family.add_metric([topic, str(lane.partition)], known)
        yield family


def _of_redis(redis: RedisFacts) -> Iterator[GaugeMetricFamily]:
    yield _single("redis_up", "1 while Redis serves the lanes, and answers a look at it", redis.is_up)
    inside = redis.inside
    yield _single("redis_memory_bytes", "Memory that Redis uses", inside and inside.memory_used_bytes)
    yield _single("redis_memory_limit_bytes", "Its maxmemory; 0: no limit", inside and inside.memory_max_bytes)
    unsafe = _gauge("redis_unsafe", "1 for what makes Redis unsafe for scores", "danger")
    if inside is not None:
        for danger in Danger:
            unsafe.add_metric([danger.value], danger in inside.dangers)
    yield unsafe


def _counted(counts: Iterable[tuple[int, LaneCount]]) -> Iterator[GaugeMetricFamily]:
    leads = _gauge("leads", "Leads by the band that they are in, as last counted", "partition", "band")
    timers = _gauge("timers", "Leads whose band may change without an input, as last counted", "partition")
    for partition, count in counts:
        timers.add_metric([str(partition)], count.timers)
        for band, number in count.bands.items():
            leads.add_metric([str(partition), band], number)
    yield from (leads, timers)


def _built() -> GaugeMetricFamily:
    built = _gauge("build_info", "1; what this worker is", *BUILD)
    built.add_metric(list(BUILD.values()), 1)
    return built


def _gauge(name: str, meaning: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"leadline_{name}", meaning, labels=labels)


def _single(name: str, meaning: str, value: float | None) -> GaugeMetricFamily:
    family = _gauge(name, meaning)
    if value is not None:
        family.add_metric([], value)
    return family
