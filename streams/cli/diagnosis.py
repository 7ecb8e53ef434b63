"""What is wrong with an installation, from facts that were read of it: pure, and in the operator's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from schemas.instants import MINUTE_MS, format_ms
from schemas.topics import INPUT_NAMES
from streams.cli.errors import CRASH, UNSAFE
from streams.kafka.topics import Finding
from streams.lane.gaps import Gap
from streams.lane.ports import Bounds
from streams.settings import Settings
from streams.store import Counts
from streams.store.keys import layout

BEHIND_MS = 5 * MINUTE_MS
"""A lane that has something to read and stands further back than this is not keeping up, or has no worker."""

OUTBOX_SHARE = 0.5
"""Of its bound: an outbox is empty as a rule, and one half full is about to stop its lane."""


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One finding: what about, what is so, what to do; `exit_code` is 0 unless it is an error."""

    level: Level
    about: str
    what: str
    remedy: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class LaneReading:
    """What was read of one lane: its meta hash, how much it holds, the bounds of its topics (none: unknown).

    `gaps` is what halts it; `has_draft`: a rebuild has begun to compute it anew.
    """

    partition: int
    meta: Mapping[str, str]
    counts: Counts
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    gaps: Sequence[Gap] = ()
    has_draft: bool = False

    @property
    def model(self) -> str:
        """The label of the model in force."""
        return self.meta.get("model_version", "")

    @property
    def next_model(self) -> str:
        """The label of the model that is being put in force."""
        return self.meta.get("next_model_version", "")

    @property
    def stream_time_ms(self) -> int | None:
        """To which instant the lane has been brought."""
        return int(self.meta["stream_time"]) if "stream_time" in self.meta else None

    @property
    def behind(self) -> int | None:
        """Records that wait in Kafka, None where its bounds are unknown."""
        if not self.bounds:
            return None
        return sum(max(0, bounds.end - self.next_offset(topic)) for topic, bounds in self.bounds.items())

    def next_offset(self, topic: str) -> int:
        """Where the lane reads on: the beginning of a topic that it has never read."""
        return int(self.meta.get(f"offset:{topic}", self.bounds[topic].beginning))


def judge_topics(findings: Iterable[Finding]) -> Iterator[Verdict]:
    """Of each difference between the topics and what they should be."""
    for finding in findings:
        what = f"{finding.what} is {finding.found}, should be {finding.wanted}"
        if finding.what == "retention.ms" and finding.topic in INPUT_NAMES:
            what += "; scores can be computed again only from what Kafka still has"
        level, code = (Level.ERROR, UNSAFE) if finding.stops_worker else (Level.WARNING, 0)
        yield Verdict(level, f"topic {finding.topic}", what, finding.remedy, code)


def judge_lanes(lanes: Sequence[LaneReading], given: Settings, now_ms: int) -> Iterator[Verdict]:
    """Of all lanes together, and of each that stands out."""
    taken = [lane for lane in lanes if lane.meta]
    untaken = [str(lane.partition) for lane in lanes if not lane.meta]
    if untaken:
        what = f"no worker has ever taken lane {', '.join(untaken)}"
        yield Verdict(Level.WARNING, "lanes", what, "start `leadline worker`")
    yield from _identity(taken, given)
    yield from _models(taken)
    for lane in taken:
        yield from _gaps(lane) if lane.gaps else _pace(lane, now_ms)
        yield from _rebuild(lane)
        yield from _outbox(lane, given.outbox_limit)


def _identity(lanes: Sequence[LaneReading], given: Settings) -> Iterator[Verdict]:
    for name, ours, variables in (
        ("layout", layout(given.partitions), "LEADLINE_PARTITIONS"),
        ("environment", given.environment, "LEADLINE_ENVIRONMENT"),
    ):
        for found in sorted({lane.meta.get(name, "") for lane in lanes} - {ours}):
            what = f"scores belong to the {name} {found}, the settings say {ours}"
            remedy = f"correct {variables}, LEADLINE_REDIS or LEADLINE_PREFIX: no worker starts on these scores"
            yield Verdict(Level.ERROR, "lanes", what, remedy, UNSAFE)


def _models(lanes: Sequence[LaneReading]) -> Iterator[Verdict]:
    by_version: dict[str, list[str]] = {}
    for lane in lanes:
        by_version.setdefault(lane.model, []).append(str(lane.partition))
        if lane.next_model:
            what = f"model {lane.next_model} is being put in force"
            yield Verdict(Level.WARNING, f"lane {lane.partition}", what, "wait: a million leads take a minute")
    if len(by_version) > 1:
        which = "; ".join(f"{version} on {', '.join(lanes)}" for version, lanes in by_version.items())
        remedy = "a lane follows as soon as it reads on: check that workers run"
        yield Verdict(Level.WARNING, "lanes", f"have different models in force: {which}", remedy)


def _gaps(lane: LaneReading) -> Iterator[Verdict]:
    for gap in lane.gaps:
        yield Verdict(Level.ERROR, f"lane {lane.partition}", f"is halted: {gap.what}", gap.remedy, UNSAFE)


def _rebuild(lane: LaneReading) -> Iterator[Verdict]:
    command = f"`leadline rebuild --partition {lane.partition}`"
    if "rebuild" in lane.meta:
        what = "is taken from its worker, to be rebuilt"
        remedy = f"wait; if no `leadline rebuild` runs any more, {command} finishes what it has begun"
    elif lane.has_draft:
        what = "is being computed anew beside its scores, or that was broken off"
        remedy = f"wait; if no `leadline rebuild` runs any more, {command} goes on with it, --drop removes it"
    else:
        return
    yield Verdict(Level.WARNING, f"lane {lane.partition}", what, remedy)


def _outbox(lane: LaneReading, limit: int) -> Iterator[Verdict]:
    waiting, remedy = lane.counts.outbox, "check the worker's log for what Kafka answers to its records"
    if waiting >= limit:
        what = f"{waiting} changes wait for Kafka, so it has stopped reading"
        yield Verdict(Level.ERROR, f"lane {lane.partition}", what, remedy, CRASH)
    elif waiting >= limit * OUTBOX_SHARE:
        what = f"{waiting} changes wait for Kafka; at {limit} it stops reading"
        yield Verdict(Level.WARNING, f"lane {lane.partition}", what, remedy)


def _pace(lane: LaneReading, now_ms: int) -> Iterator[Verdict]:
    stands_ms = lane.stream_time_ms
    if lane.behind and stands_ms is not None and now_ms - stands_ms > BEHIND_MS:
        what = f"{lane.behind} records wait, and it has come to {format_ms(stands_ms)}"
        remedy = "check that a worker runs; while a backlog is scored this is as it should be"
        yield Verdict(Level.WARNING, f"lane {lane.partition}", what, remedy)
