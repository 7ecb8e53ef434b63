"""What is to be said of the servers and the group, beside the lanes: pure, and in the operator's words.

Each judgement ends with what to do. Nothing here stops a worker; `diagnosis` has what does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version

from schemas.instants import MINUTE_MS
from schemas.topics import COMMANDS, INPUT_NAMES, REKEYED
from scoring.state import STATE_FORMAT
from streams.cli.diagnosis import LaneReading, Level, Verdict
from streams.cli.errors import CRASH, UNSAFE
from streams.cli.pictures import span
from streams.kafka.group import Group
from streams.kafka.samples import Sample
from streams.store import ATTEMPTS, Condition

SAMPLED = tuple(name for name in INPUT_NAMES if name != REKEYED.name)
"""What producers of others write; leadline itself places what it re-keys."""

SKEW_MS = 5_000
"""Two clocks that a time server sets differ by milliseconds; the reading itself may take a second."""

AHEAD_MS = MINUTE_MS
"""A Kafka timestamp so far after Redis's clock is a wrong clock, and no delay."""

FULL_SHARE, NEARLY_FULL_SHARE = 0.95, 0.75
"""Of Redis's memory: the last tenth goes in an hour of a backlog, a quarter leaves the time to act."""

LATE_SHARE, NEARLY_LATE_SHARE = 0.9, 0.5
"""Of a topic's retention: so old is the oldest record that a lane has still to read."""

LEADS_FOR_A_MEAN = 1_000
"""With fewer leads Redis's own megabyte is most of what it holds."""

LEADLINE = version("leadline")
MIB = 1024 * 1024
MEMORY = "memory of Redis"


def judge_redis(conditions: Sequence[Condition], lanes: Sequence[LaneReading], asked_ms: int) -> Iterator[Verdict]:
    """Of one server, or of each shard of a cluster: version, format of the states, saving, memory, clock.

    `asked_ms`: by this host's clock, when they said so.
    """
    formats = {int(lane.meta["format"]) for lane in lanes if lane.meta.get("format", "").isdecimal()}
    newest = max(formats, default=STATE_FORMAT)
    if newest > STATE_FORMAT:
        what = f"states have format {newest}, this leadline knows {STATE_FORMAT}"
        yield Verdict(Level.ERROR, "lanes", what, "install the leadline that wrote them, or a newer one", UNSAFE)
    redis = " and ".join(sorted({condition.version for condition in conditions}))
    yield Verdict(Level.OK, "versions", f"leadline {LEADLINE}, Redis {redis}, states of format {newest}")
    for condition in conditions:
        yield from _saving(condition, "Redis" if len(conditions) == 1 else f"Redis at {condition.address}")
    yield from _memory(conditions, lanes)
    address, host_ahead_ms = worst_skew(conditions, asked_ms)
    if abs(host_ahead_ms) > SKEW_MS:
        side = "ahead of" if host_ahead_ms > 0 else "behind"
        whose = "Redis's" if len(conditions) == 1 else f"that of Redis at {address}"
        what = f"this host's clock is {abs(host_ahead_ms) / 1_000:.0f} s {side} {whose}"
        remedy = (
            "check the time service on both: scores go by Redis's clock, but what `leadline top` and `lead` tell "
            "of now goes by this host's"
        )
        yield Verdict(Level.WARNING, "clocks", what, remedy)


def worst_skew(conditions: Sequence[Condition], asked_ms: int) -> tuple[str, int]:
    """The server from whose clock this host's differs most, and by how much it is ahead of that one, in ms."""
    skews = [(condition.address, asked_ms - condition.clock_ms) for condition in conditions]
    return max(skews, key=lambda skew: abs(skew[1]), default=("", 0))


def judge_group(group: Group | None, partitions: int, lanes: Sequence[LaneReading]) -> Iterator[Verdict]:
    """Whether workers are there, come and go, or are more than there are lanes."""
    if group is None:
        return
    if group.members == 0:
        if any(lane.meta for lane in lanes):
            yield Verdict(Level.WARNING, "workers", "none is in the group", "start `leadline worker`")
    elif group.state != "Stable":
        what = f"{_count(group.members, 'worker')} in the group share the lanes anew ({group.state})"
        remedy = "look again in half a minute; if it stays so, one comes and goes: see the workers' logs"
        yield Verdict(Level.WARNING, "workers", what, remedy)
    elif group.members > partitions:
        what = f"{group.members} are in the group, and there are {partitions} lanes: the others have nothing to do"
        yield Verdict(Level.WARNING, "workers", what, f"{partitions} are enough")
    else:
        yield Verdict(Level.OK, "workers", f"{_count(group.members, 'worker')} for {_count(partitions, 'lane')}")


def judge_samples(samples: Mapping[str, Sample], redis_ms: int | None) -> Iterator[Verdict]:
    """Where producers put their records, and which time they give them."""
    for topic, sample in samples.items():
        about = f"topic {topic}"
        if sample.misplaced:
            what = (
                f"{sample.misplaced} of {sample.keyed} records looked at lie in a partition where their key does "
                "not belong: each is re-keyed, and read twice"
            )
            remedy = (
                "give its producer the partitioner of Kafka's Java client: with librdkafka (confluent-kafka and "
                "others) partitioner=murmur2_random"
            )
            yield Verdict(Level.WARNING, about, what, remedy)
        if sample.keyless and topic != COMMANDS.name:
            what = f"{sample.keyless} of {sample.records} records looked at have no key, and are refused"
            yield Verdict(Level.WARNING, about, what, "its producer must key them by the lead's id")
        if redis_ms is not None and sample.newest_ms is not None and sample.newest_ms > redis_ms + AHEAD_MS:
            what = f"its newest record is {span(sample.newest_ms - redis_ms)} ahead of Redis's clock"
            remedy = "set the clock of its producer, or Redis's: until then such a record counts as of now"
            yield Verdict(Level.WARNING, about, what, remedy)
    seen = sum(sample.keyed for sample in samples.values())
    if seen and not any(sample.misplaced for sample in samples.values()):
        yield Verdict(Level.OK, "producers", f"{seen:,} records looked at lie where their keys belong")


def judge_retention(
    lanes: Sequence[LaneReading], retentions: Mapping[str, int | None], now_ms: int
) -> Iterator[Verdict]:
    """Of each lane that is so far behind that Kafka may remove what it has still to read."""
    for lane in lanes:
        kept = [
            (retention_ms, topic)
            for topic, retention_ms in retentions.items()
            if retention_ms is not None
            and topic in lane.bounds
            and lane.bounds[topic].end > lane.next_offset(topic)
        ]
        if not kept or lane.stream_time_ms is None:
            continue
        (kept_ms, topic), behind_ms = min(kept), now_ms - lane.stream_time_ms
        if behind_ms < NEARLY_LATE_SHARE * kept_ms:
            continue
        is_late = behind_ms >= LATE_SHARE * kept_ms
        what = f"stands {span(behind_ms)} back, and {topic} keeps {span(kept_ms)}: what is older is lost unread"
        remedy = f"lengthen retention.ms of {topic} now, then find out why the lane is behind"
        yield Verdict(
            Level.ERROR if is_late else Level.WARNING,
            f"lane {lane.partition}",
            what,
            remedy,
            UNSAFE if is_late else 0,
        )


def _saving(condition: Condition, about: str) -> Iterator[Verdict]:
    for failed in condition.failed:
        remedy = "see its log, and whether its disk is full: what it holds now would be lost with it"
        yield Verdict(Level.ERROR, about, f"{ATTEMPTS[failed]} failed", remedy, UNSAFE)
    if not condition.writes_log:
        what = "writes no append-only file: a restart goes back to the last snapshot"
        remedy = "set appendonly yes; until then leadline computes the difference again from Kafka"
        yield Verdict(Level.WARNING, about, what, remedy)
    elif condition.fsync == "no":
        what = "leaves it to the system when its append-only file is written (appendfsync no)"
        yield Verdict(Level.WARNING, about, what, "set appendfsync everysec")


def _memory(conditions: Sequence[Condition], lanes: Sequence[LaneReading]) -> Iterator[Verdict]:
    """Of several servers the fullest one decides: the lanes there wait when it is full, the others do not."""
    fullest = max(conditions, key=_share)
    leads, used = sum(lane.counts.leads for lane in lanes), sum(condition.used_bytes for condition in conditions)
    holds = f"holds {leads:,} leads in {used / MIB:,.0f} MiB"
    each = used / leads if leads >= LEADS_FOR_A_MEAN else None
    if not fullest.bound_bytes:
        yield Verdict(Level.OK, MEMORY, holds)
        return
    what = f"{holds}, {_fullness(fullest, is_one_of_several=len(conditions) > 1)}"
    remedy = (
        "give Redis more memory and raise maxmemory: when it is full it refuses commits, and every lane waits"
        if fullest.limit_bytes
        else "set maxmemory below what the machine has: else the system kills Redis when it is full"
    )
    if _share(fullest) >= FULL_SHARE:
        yield Verdict(Level.ERROR, MEMORY, what, remedy, CRASH)
        return
    free = [condition.bound_bytes - condition.used_bytes for condition in conditions]
    if _share(fullest) >= NEARLY_FULL_SHARE:
        yield Verdict(Level.WARNING, MEMORY, what, remedy)
    elif each is not None:
        yield Verdict(Level.OK, MEMORY, f"{what}; room for {sum(free) / each:,.0f} more like them")
    else:
        yield Verdict(Level.OK, MEMORY, what)
    largest = max((lane.counts.leads for lane in lanes), default=0)
    if each is not None and largest * each > min(free):
        what = f"has no room for a rebuild, which keeps one lane twice: {largest * each / MIB:,.0f} MiB"
        yield Verdict(Level.WARNING, MEMORY, what, "give Redis more memory before a `leadline rebuild`")


def _share(condition: Condition) -> float:
    return condition.used_bytes / condition.bound_bytes if condition.bound_bytes else 0.0


def _fullness(condition: Condition, *, is_one_of_several: bool) -> str:
    limit = "maxmemory" if condition.limit_bytes else "its machine, for it has no maxmemory"
    share = f"{_share(condition):.0%} of the {condition.bound_bytes / MIB:,.0f} MiB of {limit}"
    return f"the fullest server, {condition.address}, {share}" if is_one_of_several else share


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
