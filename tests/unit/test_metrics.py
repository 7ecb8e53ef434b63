"""What a worker tells Prometheus: the page as a whole, and each gauge as a function of facts."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from schemas.rejected import Reason
from streams.facts import Danger, Inside, LaneCount, LaneFacts, RedisFacts, TopicFacts, Work, WorkerFacts
from streams.metrics import NAMES, Metrics, new_metrics, show
from streams.metrics.read import BadPage, read_page
from tests.benchmarks.exposition import Exposition
from tests.support.servers.prometheus import promtool

WORK = Work("m-1", 1_700_000_000_500, 61.5, 2.5, 7, 3.25, True, 20, {})
TOPIC = TopicFacts(lag_records=3, lag_s=1.5, silent_s=0.25, withheld_s=9.0)
FACTS = WorkerFacts(
    6,
    (
        LaneFacts(0, WORK, topics={"email.opens": TOPIC, "engagements": TOPIC._replace(lag_records=None)}),
        LaneFacts(4, None, halted="email.opens/4: 12 records are gone"),
    ),
    RedisFacts(is_up=True, inside=Inside(50, 100, frozenset({Danger.EVICTS}))),
    {0: LaneCount({"cold": 5, "hot": 2}, timers=2)},
)


def a_worker(facts: Callable[[], WorkerFacts] = lambda: FACTS) -> Metrics:
    """The metrics of a worker in which this is so."""
    metrics = new_metrics()
    show(metrics, facts)
    return metrics


def page(metrics: Metrics) -> str:
    """As Prometheus reads it."""
    return metrics.page()[0].decode()


def samples(text: str) -> set[str]:
    """The lines that are no comments."""
    return {line for line in text.splitlines() if not line.startswith("#")}


def test_each_gauge_shows_its_fact() -> None:
    """Of a lane that works, of one that does not, of a topic whose end is unknown, of Redis, of a count."""
    assert samples(page(a_worker())) >= {
        "leadline_partitions 6.0",
        'leadline_lane_working{partition="0"} 1.0',
        'leadline_lane_working{partition="4"} 0.0',
        'leadline_lane_halted{partition="4"} 1.0',
        'leadline_model_info{partition="0",version="m-1"} 1.0',
        'leadline_stream_time_seconds{partition="0"} 1.7000000005e+09',
        'leadline_stream_time_behind_seconds{partition="0"} 61.5',
        'leadline_timer_late_seconds{partition="0"} 2.5',
        'leadline_outbox_entries{partition="0"} 7.0',
        'leadline_outbox_oldest_seconds{partition="0"} 3.25',
        'leadline_outbox_full{partition="0"} 1.0',
        'leadline_cached_leads{partition="0"} 20.0',
        'leadline_lag_records{partition="0",topic="email.opens"} 3.0',
        'leadline_lag_seconds{partition="0",topic="email.opens"} 1.5',
        'leadline_kafka_silent_seconds{partition="0",topic="engagements"} 0.25',
        'leadline_withheld_seconds{partition="0",topic="engagements"} 9.0',
        "leadline_redis_up 1.0",
        "leadline_redis_memory_bytes 50.0",
        "leadline_redis_memory_limit_bytes 100.0",
        'leadline_redis_unsafe{danger="evicts"} 1.0',
        'leadline_redis_unsafe{danger="append_failed"} 0.0',
        'leadline_leads{band="hot",partition="0"} 2.0',
        'leadline_timers{partition="0"} 2.0',
    }


def test_what_is_not_known_is_not_shown() -> None:
    """No lag without an end, no memory of a Redis that is away, no work of a lane that has not taken over."""
    known = samples(page(a_worker(lambda: replace(FACTS, redis=RedisFacts(is_up=False)))))
    assert "leadline_redis_up 0.0" in known
    for absent in (
        r'leadline_lag_\w+\{partition="0",topic="engagements"',
        r"leadline_redis_(memory|unsafe)",
        r'leadline_(outbox|stream|model)\w*\{partition="4"',
    ):
        assert not [line for line in known if re.match(absent, line)]


def test_a_redis_that_is_full_still_tells_its_memory() -> None:
    """It answers a look, and takes nothing of the lanes: how full it is says why."""
    full = FACTS.redis._replace(is_up=False)
    known = samples(page(a_worker(lambda: replace(FACTS, redis=full))))
    assert known >= {"leadline_redis_up 0.0", "leadline_redis_memory_bytes 50.0"}


def test_a_lane_that_is_given_away_is_gone_from_the_page() -> None:
    """An alert of a halted lane ends where another worker has taken it."""
    now = [FACTS]
    metrics = a_worker(lambda: now[0])
    assert 'partition="4"' in page(metrics)
    now[0] = replace(FACTS, lanes=FACTS.lanes[:1])
    assert 'partition="4"' not in page(metrics)


def test_reasons_of_refusal_begin_at_zero() -> None:
    """Prometheus sees no increase in a series that begins at 1."""
    assert Exposition(page(a_worker())).by("leadline_rejected_total", "reason") == dict.fromkeys(Reason, 0.0)


def test_an_exemplar_is_told_to_who_asks_for_openmetrics() -> None:
    """The change that took so long, by its id; the plain format has no place for it."""
    metrics = a_worker()
    metrics.event_to_change_seconds.observe(0.02, {"change_id": "c" * 32})
    told, content_type = metrics.page("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert f'# {{change_id="{"c" * 32}"}} 0.02'.encode() in told
    assert "change_id" not in page(metrics)


def test_every_name_of_the_page_is_one_that_operators_may_name() -> None:
    """What alerts, dashboards and pages are held to is all that there is, and nothing else."""
    ours = {name for name in read_page(page(a_worker())).names if not name.startswith("process_")}
    assert ours == NAMES


def test_promtool_finds_no_fault_with_the_page() -> None:
    """Names, types and help texts are as Prometheus's own linter wants them."""
    checked = subprocess.run(
        [promtool(), "check", "metrics"], input=page(a_worker()), capture_output=True, text=True, timeout=30
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@pytest.mark.parametrize("text", ["", "<html>", "leadline_lag_records{", "leadline_x one"])
def test_what_is_no_page_of_metrics_is_told_so(text: str) -> None:
    """A proxy's page, a broken line, nothing."""
    with pytest.raises(BadPage):
        read_page(text)


def test_metrics_without_a_worker_have_no_gauges() -> None:
    """A rebuild counts, and shows nothing."""
    names = {family.name for family in Metrics(CollectorRegistry()).registry.collect()}
    assert "leadline_records" in names
    assert "leadline_lane_halted" not in names
