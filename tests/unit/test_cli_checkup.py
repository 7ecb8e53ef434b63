"""`leadline doctor` judges the servers: Redis's memory, saving and clock, the group, producers, retention."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from schemas.instants import DAY_MS, HOUR_MS, parse_ms
from schemas.topics import COMMANDS, INPUT_NAMES
from streams.cli.checkup import LEADLINE, MEMORY, MIB, judge_group, judge_redis, judge_retention, judge_samples
from streams.cli.diagnosis import LaneReading, Level, Verdict
from streams.kafka.group import Group
from streams.kafka.samples import Sample
from streams.lane.ports import Bounds
from streams.store import Condition, Counts

NOW_MS = parse_ms("2026-11-23T09:30:00Z")
OPENS, CLICKS = INPUT_NAMES[:2]
GOOD = Condition(
    address="redis-1:6379/0",
    version="7.0.15",
    clock_ms=NOW_MS,
    used_bytes=100 * MIB,
    limit_bytes=1_000 * MIB,
    machine_bytes=8_000 * MIB,
    eviction="noeviction",
    saves=True,
    writes_log=True,
    fsync="everysec",
    failed=(),
)

Told = list[tuple[Level, str, int]]


def lane(leads: int = 50_000, *, behind_ms: int = 0, end: int = 50, state_format: str = "1") -> LaneReading:
    """A lane that has read 50 records of two topics, so long ago."""
    meta = {"format": state_format, "stream_time": f"{NOW_MS - behind_ms}"}
    meta |= {f"offset:{topic}": "50" for topic in (OPENS, CLICKS)}
    return LaneReading(0, meta, Counts(leads, 0, 0), {OPENS: Bounds(0, end), CLICKS: Bounds(0, 50)})


def told(verdicts: Iterable[Verdict]) -> Told:
    """What is not in order: level, about, exit code."""
    return [(each.level, each.about, each.exit_code) for each in verdicts if each.level is not Level.OK]


def texts(verdicts: Iterable[Verdict]) -> str:
    """All that is said."""
    return "\n".join(f"{each.about}: {each.what} -> {each.remedy}" for each in verdicts)


def test_a_redis_in_order_tells_its_version_and_for_how_many_leads_it_has_room() -> None:
    """100 MiB hold 50,000; 900 MiB are left."""
    verdicts = list(judge_redis([GOOD], [lane()], NOW_MS))
    assert told(verdicts) == []
    assert f"versions: leadline {LEADLINE}, Redis 7.0.15, states of format 1" in texts(verdicts)
    assert "holds 50,000 leads in 100 MiB, 10% of the 1,000 MiB of maxmemory; room for 450,000 more" in texts(
        verdicts
    )


@pytest.mark.parametrize(
    ("used_mib", "level", "code"), [(749, Level.OK, 0), (750, Level.WARNING, 0), (950, Level.ERROR, 1)]
)
def test_memory_is_told_before_it_is_full(used_mib: int, level: Level, code: int) -> None:
    """From three quarters on a warning, at the end an error; the few leads of these lanes leave room to rebuild."""
    verdicts = judge_redis([GOOD._replace(used_bytes=used_mib * MIB)], [lane(5), *[lane(2_000)] * 9], NOW_MS)
    (memory,) = [each for each in verdicts if each.about == MEMORY]
    assert (memory.level, memory.exit_code) == (level, code)
    assert ("raise maxmemory" in memory.remedy) is (level is not Level.OK)


def test_without_maxmemory_the_machine_is_the_bound() -> None:
    """What to do is then another thing."""
    unlimited = GOOD._replace(limit_bytes=0, machine_bytes=1_000 * MIB)
    verdicts = judge_redis([unlimited._replace(used_bytes=800 * MIB)], [], NOW_MS)
    assert "80% of the 1,000 MiB of its machine, for it has no maxmemory -> set maxmemory below" in texts(verdicts)
    assert told(judge_redis([unlimited._replace(machine_bytes=0)], [], NOW_MS)) == []


def test_a_lane_that_could_not_be_rebuilt_is_told() -> None:
    """A rebuild keeps it twice: 600 MiB hold one large lane."""
    full = GOOD._replace(used_bytes=600 * MIB)
    assert told(judge_redis([full], [lane(60_000)], NOW_MS)) == [(Level.WARNING, MEMORY, 0)]
    assert told(judge_redis([full], [lane(30_000), lane(30_000)], NOW_MS)) == []


def test_what_failed_to_be_saved_is_unsafe() -> None:
    """Each attempt that Redis says has failed."""
    failed = GOOD._replace(failed=("aof_last_write_status",))
    assert told(judge_redis([failed], [], NOW_MS)) == [(Level.ERROR, "Redis", 5)]
    assert "the last write to its append-only file failed" in texts(judge_redis([failed], [], NOW_MS))


@pytest.mark.parametrize(
    ("condition", "what"),
    [(GOOD._replace(writes_log=False, fsync=""), "last snapshot"), (GOOD._replace(fsync="no"), "appendfsync no")],
)
def test_a_redis_that_may_lose_more_than_a_second_is_told(condition: Condition, what: str) -> None:
    """A warning: scores are computed again."""
    verdicts = list(judge_redis([condition], [], NOW_MS))
    assert told(verdicts) == [(Level.WARNING, "Redis", 0)]
    assert what in texts(verdicts)


def test_states_of_a_newer_format_are_unsafe() -> None:
    """The older leadline refuses them; the remedy is the newer one."""
    assert told(judge_redis([GOOD], [lane(state_format="2")], NOW_MS)) == [(Level.ERROR, "lanes", 5)]


def test_a_clock_that_differs_is_told_with_its_side() -> None:
    """This host's against Redis's; what a time service leaves is nothing."""
    assert told(judge_redis([GOOD], [], NOW_MS + 4_000)) == []
    assert "this host's clock is 7 s ahead of Redis's" in texts(judge_redis([GOOD], [], NOW_MS + 7_000))
    assert "this host's clock is 7 s behind Redis's" in texts(judge_redis([GOOD], [], NOW_MS - 7_000))


def test_of_several_servers_the_worst_is_told_by_its_address() -> None:
    """The fullest, the one whose clock differs most, and each that does not save; all hold the leads."""
    small = GOOD._replace(address="redis-2:6379/0", version="7.2.4", used_bytes=300 * MIB, limit_bytes=400 * MIB)
    late = GOOD._replace(address="redis-3:6379/0", clock_ms=NOW_MS - 9_000, failed=("rdb_last_bgsave_status",))
    verdicts = list(judge_redis([GOOD, small, late], [lane(5_000)] * 10, NOW_MS + 1_000))
    assert told(verdicts) == [
        (Level.ERROR, "Redis at redis-3:6379/0", 5),
        (Level.WARNING, MEMORY, 0),
        (Level.WARNING, "clocks", 0),
    ]
    assert "Redis 7.0.15 and 7.2.4" in texts(verdicts)
    assert "50,000 leads in 500 MiB, the fullest server, redis-2:6379/0, 75% of the 400 MiB" in texts(verdicts)
    assert "10 s ahead of that of Redis at redis-3:6379/0" in texts(verdicts)


def test_the_group_is_told_by_who_is_in_it() -> None:
    """Nobody, too many, somebody who comes and goes; before the first worker nothing is wrong."""
    taken = [lane()]
    assert told(judge_group(Group("Empty", 0), 6, taken)) == [(Level.WARNING, "workers", 0)]
    assert told(judge_group(Group("Dead", 0), 6, [LaneReading(0, {}, Counts(0, 0, 0))])) == []
    assert "7 are in the group, and there are 6 lanes" in texts(judge_group(Group("Stable", 7), 6, taken))
    assert "1 worker in the group share" in texts(judge_group(Group("PreparingRebalance", 1), 6, taken))
    assert texts(judge_group(Group("Stable", 1), 6, taken)) == "workers: 1 worker for 6 lanes -> "
    assert list(judge_group(None, 6, taken)) == []


def test_producers_are_told_by_where_their_records_lie() -> None:
    """With librdkafka's default most lie elsewhere; the remedy is its setting."""
    wrong = {
        OPENS: Sample(records=50, misplaced=41, newest_ms=NOW_MS),
        CLICKS: Sample(records=50, newest_ms=NOW_MS),
    }
    assert told(judge_samples(wrong, NOW_MS)) == [(Level.WARNING, f"topic {OPENS}", 0)]
    assert "41 of 50 records" in texts(judge_samples(wrong, NOW_MS))
    assert "partitioner=murmur2_random" in texts(judge_samples(wrong, NOW_MS))
    right = {OPENS: Sample(records=50, newest_ms=NOW_MS), CLICKS: Sample()}
    assert texts(judge_samples(right, NOW_MS)) == "producers: 50 records looked at lie where their keys belong -> "


def test_records_without_a_key_are_told_but_for_commands() -> None:
    """A model command has none: it is for every lane."""
    keyless = Sample(records=3, keyless=3, newest_ms=NOW_MS)
    assert told(judge_samples({OPENS: keyless}, NOW_MS)) == [(Level.WARNING, f"topic {OPENS}", 0)]
    assert list(judge_samples({COMMANDS.name: keyless}, NOW_MS)) == []


def test_a_producer_whose_clock_is_ahead_is_told() -> None:
    """By its newest record against Redis's clock; without Redis there is nothing to compare with."""
    ahead = {OPENS: Sample(records=1, newest_ms=NOW_MS + 2 * HOUR_MS)}
    assert told(judge_samples(ahead, NOW_MS)) == [(Level.WARNING, f"topic {OPENS}", 0)]
    assert "2 hours ahead of Redis's clock" in texts(judge_samples(ahead, NOW_MS))
    assert told(judge_samples(ahead, None)) == []


@pytest.mark.parametrize(
    ("hours", "told_level", "code"), [(11, None, 0), (12, Level.WARNING, 0), (22, Level.ERROR, 5)]
)
def test_a_lane_that_may_lose_what_it_has_not_read_is_told(hours: int, told_level: Level | None, code: int) -> None:
    """Half of the retention is a warning, nearly all of it is unsafe."""
    found = told(judge_retention([lane(behind_ms=hours * HOUR_MS, end=80)], {OPENS: DAY_MS, CLICKS: None}, NOW_MS))
    assert found == ([] if told_level is None else [(told_level, "lane 0", code)])


def test_a_lane_that_has_read_all_loses_nothing() -> None:
    """However long ago; and one without a position has nothing to compare."""
    idle = lane(behind_ms=30 * DAY_MS)
    assert list(judge_retention([idle], {OPENS: DAY_MS}, NOW_MS)) == []
    new = replace(lane(end=80), meta={"offset:" + OPENS: "0"})
    assert list(judge_retention([new], {OPENS: DAY_MS}, NOW_MS)) == []
