"""What grows is told: memory by its slope, outboxes and workers by their bounds."""

from __future__ import annotations

from typing import Any, cast

from tests.chaos.memory import REDIS, Growth, Sample, grown, growths
from tests.chaos.watch import OUTBOX_MAX, RESIDENT_MAX_KB, Watch


def series(slope_mb: float, first_minute: int = 0, last_minute: int = 20) -> list[Sample]:
    """100 MB at the start, and so much more each minute; ten samples a minute."""
    tenths = range(first_minute * 10, last_minute * 10 + 1)
    return [Sample(tenth / 10, 100 + slope_mb * tenth / 10) for tenth in tenths]


def test_a_slope_is_told_of_the_second_half() -> None:
    """The warm-up counts for nothing."""
    warm_up = [Sample(minute / 10, 10 * minute) for minute in range(100)]
    (growth,) = growths({"worker-1": [*warm_up, *series(0.0, 10)]})
    assert (growth.name, growth.first_mb, growth.last_mb, round(growth.slope_mb, 9)) == ("worker-1", 100, 100, 0)


def test_a_process_that_was_not_there_throughout_tells_nothing() -> None:
    """It was killed, or came late."""
    samples = {"worker-1": series(0.0), "worker-2": series(9.0, 0, 15), "worker-3": series(9.0, 15)}
    assert [growth.name for growth in growths(samples)] == ["worker-1"]


def test_what_grows_by_more_than_a_megabyte_a_minute_is_told() -> None:
    """Less passes."""
    found = [Growth("worker-1", 100, 109, 0.9), Growth(REDIS, 2, 13, 1.1)]
    assert grown(found) == [f"{REDIS} grows by 1.10 MB a minute, more than 1"]


def test_without_a_worker_nothing_is_known() -> None:
    """A soak whose workers were all replaced has shown nothing of their memory."""
    assert grown([Growth(REDIS, 2, 2, 0.0)]) != []


def test_what_is_beyond_its_bound_is_told() -> None:
    """Of outboxes and of workers."""
    watch = Watch(cast(Any, None), cast(Any, None), OUTBOX_MAX, RESIDENT_MAX_KB)
    assert watch.grown() == []
    watch.outbox_max, watch.resident_max_kb = OUTBOX_MAX + 1, RESIDENT_MAX_KB + 1
    assert [problem.split()[1] for problem in watch.grown()] == ["outbox", "worker"]
