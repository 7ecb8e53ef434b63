"""The time between two commits of a lane, from looks at how many it has made."""

from __future__ import annotations

import pytest

from tests.benchmarks.progress import Lane
from tests.benchmarks.rhythm import rhythm


def test_commits_between_two_looks_are_evenly_spaced() -> None:
    """Three within 0.3 s are 0.1 s apart; one that took a second is the longest."""
    looks = [(Lane(1, 10),), (Lane(4, 40),), (Lane(4, 40),), (Lane(5, 50),), (Lane(6, 60),)]
    told = rhythm([0.0, 0.3, 0.8, 1.3, 1.4], looks)
    assert told.commits == 5
    assert (told.p50_s, told.p99_s, told.max_s) == pytest.approx((0.1, 1.0, 1.0))


def test_a_lane_without_work_does_not_count() -> None:
    """What comes before its first commit and after its last record is no interval."""
    looks = [
        (Lane(0, 0), Lane(1, 5)),
        (Lane(1, 10), Lane(2, 10)),
        (Lane(2, 20), Lane(2, 10)),
        (Lane(3, 20), Lane(3, 10)),
    ]
    told = rhythm([0.0, 5.0, 5.1, 9.0], looks)
    assert told.commits == 2
    assert told.max_s == pytest.approx(5.0)


def test_no_commits_give_no_figures() -> None:
    """All is 0."""
    assert rhythm([0.0, 1.0], [(Lane(0, 0),), (Lane(0, 0),)]).commits == 0
