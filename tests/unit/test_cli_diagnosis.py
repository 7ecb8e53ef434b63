"""`leadline doctor` judges: what is unsafe, what is behind, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from schemas.instants import parse_ms
from schemas.topics import CHANGES, INPUT_NAMES
from streams.cli.diagnosis import LaneReading, Level, Verdict, judge_lanes, judge_topics
from streams.cli.examination import Examination
from streams.kafka.topics import Finding
from streams.lane.gaps import Gap, Way
from streams.lane.ports import Bounds
from streams.settings import Settings
from streams.store import Counts

NOW_MS = parse_ms("2026-11-23T09:30:00Z")
SETTINGS = Settings(partitions=2)
OPENS = INPUT_NAMES[0]
META = {
    "layout": "2:murmur2", "environment": "default", "ver": "9", "model_version": "default-1",
    "stream_time": f"{NOW_MS - 600_000}", **{f"offset:{topic}": "50" for topic in INPUT_NAMES},
}  # fmt: skip


def lane(
    partition: int = 0, *, meta: Mapping[str, str] = META, outbox: int = 0, end: int = 50, beginning: int = 0
) -> LaneReading:
    """A lane that has read all of every topic, unless said otherwise of the first."""
    bounds = {topic: Bounds(0, 50) for topic in INPUT_NAMES} | {OPENS: Bounds(beginning, end)}
    return LaneReading(partition, meta, Counts(100, 3, outbox), bounds)


def judged(*lanes: LaneReading) -> list[Verdict]:
    """What is said of these lanes."""
    return list(judge_lanes(lanes, SETTINGS, NOW_MS))


def test_nothing_is_said_of_lanes_in_order() -> None:
    """An idle lane's stream time stands still: that alone is nothing."""
    assert judged(lane(0), lane(1)) == []


def test_a_lane_that_nobody_took_is_a_warning() -> None:
    """A new installation has no worker yet."""
    (verdict,) = judged(lane(0), LaneReading(1, {}, Counts(0, 0, 0)))
    assert (verdict.level, verdict.exit_code) == (Level.WARNING, 0)
    assert verdict.what == "no worker has ever taken lane 1"


@pytest.mark.parametrize(("field", "value"), [("layout", "6:murmur2"), ("environment", "staging")])
def test_scores_of_another_installation_are_unsafe(field: str, value: str) -> None:
    """Once for all lanes, with both sides of the difference."""
    other = {**META, field: value}
    (verdict,) = judged(lane(0, meta=other), lane(1, meta=other))
    assert (verdict.level, verdict.exit_code) == (Level.ERROR, 5)
    assert f"the {field} {value}, the settings say" in verdict.what


def test_a_halted_lane_is_told_with_what_goes_on() -> None:
    """By the words of the lane itself, and the command; how far it is behind does not matter then."""
    gap = Gap(0, OPENS, "10 records were removed.", Way("goes on without them", {}))
    (verdict,) = judged(replace(lane(0, end=80), gaps=[gap]), lane(1))
    assert (verdict.about, verdict.exit_code) == ("lane 0", 5)
    assert verdict.what == "is halted: 10 records were removed."
    assert verdict.remedy == f"`leadline accept-gap --partition 0 --topic {OPENS}` goes on without them."


def test_an_unfinished_rebuild_is_told() -> None:
    """Before its end and at its end."""
    closed, drafted = judged(lane(0, meta={**META, "rebuild": "2"}), replace(lane(1), has_draft=True))
    assert (closed.what, closed.exit_code) == ("is taken from its worker, to be rebuilt", 0)
    assert "`leadline rebuild --partition 0` finishes what it has begun" in closed.remedy
    assert "`leadline rebuild --partition 1` goes on with it, --drop removes it" in drafted.remedy


def test_a_full_outbox_is_an_error_and_a_half_full_one_a_warning() -> None:
    """At the bound the lane has stopped."""
    limit = SETTINGS.outbox_limit
    full, half = judged(lane(0, outbox=limit), lane(1, outbox=limit // 2))
    assert (full.level, full.exit_code, half.level) == (Level.ERROR, 1, Level.WARNING)


def test_a_lane_that_is_behind_is_told_with_what_waits() -> None:
    """It has records to read, and stands ten minutes back."""
    (verdict,) = judged(lane(0, end=80), lane(1))
    assert verdict.what == "30 records wait, and it has come to 2026-11-23T09:20:00Z"
    near = {**META, "stream_time": f"{NOW_MS - 1_000}"}
    assert judged(lane(0, meta=near, end=80), lane(1)) == []


def test_different_models_are_told() -> None:
    """Which, and on which lanes; and one that is being put in force."""
    changing = {**META, "next_model_version": "m-2"}
    other = {**META, "model_version": "m-2"}
    words = [verdict.what for verdict in judged(lane(0, meta=changing), lane(1, meta=other))]
    assert words == ["model m-2 is being put in force", "have different models in force: default-1 on 0; m-2 on 1"]


def test_topics_that_stop_a_worker_are_unsafe_and_others_are_not() -> None:
    """A retention that is too short is told with what it costs."""
    stops = Finding(OPENS, "partitions", "3", "2", "decide", stops_worker=True)
    short = Finding(OPENS, "retention.ms", "3600000", "9", "apply", by_apply=True)
    output = Finding(CHANGES.name, "retention.ms", "3600000", "9", "apply", by_apply=True)
    verdicts = list(judge_topics([stops, short, output]))
    assert [(verdict.level, verdict.exit_code) for verdict in verdicts] == [
        (Level.ERROR, 5), (Level.WARNING, 0), (Level.WARNING, 0)
    ]  # fmt: skip
    assert [("computed again" in verdict.what) for verdict in verdicts] == [False, True, False]


def test_the_exit_code_is_that_of_the_worst() -> None:
    """Unsafe is worse than away, away is worse than wrong; warnings are 0."""

    def code(*codes: int) -> int:
        return Examination(tuple(Verdict(Level.ERROR, "", "", exit_code=each) for each in codes), ()).exit_code

    assert (code(), code(0, 0), code(1, 3), code(3, 5, 1)) == (0, 0, 3, 5)
