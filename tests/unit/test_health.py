"""Whether a worker is ready, and why not: a function of facts."""

from __future__ import annotations

from dataclasses import replace

from streams.facts import LaneFacts, RedisFacts, TopicFacts, Work, WorkerFacts
from streams.health import why_not_ready

WORK = Work("m-1", 0, 60.0, 0.0, 0, 0.0, False, 0, {})
READ = TopicFacts(lag_records=3, lag_s=0.2, silent_s=0.0, withheld_s=0.0)
LANE = LaneFacts(3, WORK, topics={"email.opens": READ})
READY = WorkerFacts(6, (LANE,), RedisFacts(is_up=True))


def why(facts: WorkerFacts) -> list[str]:
    """Each reason."""
    return list(why_not_ready(facts))


def test_a_worker_whose_lanes_work_is_ready_also_with_a_backlog() -> None:
    """Lag is no reason: a worker that is taken away because it lags lags more."""
    assert why(READY) == []


def test_a_worker_without_lanes_says_whether_kafka_has_decided() -> None:
    """Before the first assignment it is another thing than to be one worker too many."""
    nobody = replace(READY, lanes=())
    assert why(nobody) == ["no partition is assigned to this worker: other workers hold them all"]
    (reason,) = why(replace(nobody, is_rebalancing=True))
    assert reason == "no partition is assigned to this worker: Kafka has not yet said which it holds"


def test_each_lane_says_for_itself_why_it_does_not_score() -> None:
    """Halted with the lane's own words, not taken over, or without news of how far there is to read."""
    lanes = (
        replace(LANE, partition=0, work=None, halted="email.opens/0: 12 records are gone"),
        replace(LANE, partition=1, work=None),
        replace(LANE, partition=2, topics={"email.opens": READ._replace(lag_records=None)}),
        LANE,
    )
    assert why(replace(READY, lanes=lanes)) == [
        "lane 0 is halted: email.opens/0: 12 records are gone",
        "lane 1 has not taken over yet",
        "lane 2 does not know yet how far there is to read",
    ]


def test_a_redis_that_does_not_answer_comes_first() -> None:
    """It is why lanes have not taken over."""
    down = replace(READY, redis=RedisFacts(is_up=False), lanes=(replace(LANE, work=None),))
    assert why(down) == [
        "Redis does not answer, or takes nothing: the log says which",
        "lane 3 has not taken over yet",
    ]
    named, _ = why(replace(down, redis=RedisFacts(is_up=False, away=("redis-2:6379/0", "redis-3:6379/0"))))
    assert named == "Redis at redis-2:6379/0, redis-3:6379/0 does not answer, or takes nothing: the log says which"
