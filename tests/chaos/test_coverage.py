"""The checker sees every record that is lost or counted twice, and every gap, else a green run shows nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.coverage import Coverage, Jumps, cover
from tests.support.journal import Entry
from tests.support.workers import Place

TOPIC = "email.opens"


def entry(start: int, end: int, *places: int) -> Entry:
    """A commit from one position to another that has applied the records at these places."""
    return Entry({TOPIC: (start, end)}, [(TOPIC, place, 0) for place in places])


def covered(entries: list[Entry], end: int = 4, **further: Any) -> Coverage:
    """A partition of records 0 to `end`."""
    there: list[Place] = [(TOPIC, 0, place) for place in range(end)]
    return cover(0, entries, there, ends={TOPIC: end}, **further)


def test_a_whole_journal_covers_its_topic() -> None:
    """Timers are not records."""
    fired = Entry({TOPIC: (2, 4)}, [("timer", "L-1", 0), (TOPIC, 2, 0), (TOPIC, 3, 0)])
    assert covered([entry(0, 2, 0, 1), fired]) == Coverage()


def test_a_record_that_was_not_applied_is_lost() -> None:
    """Though the positions have no gap."""
    coverage = covered([entry(0, 4, 0, 1, 3)])
    assert (coverage.lost, coverage.twice) == (1, 0)
    assert coverage.problems == ["('email.opens', 0, 2) was applied 0 times"]


def test_a_record_that_was_applied_again_is_counted_twice() -> None:
    """By a commit that begins before the last one has ended."""
    coverage = covered([entry(0, 2, 0, 1), entry(1, 4, 1, 2, 3)])
    assert (coverage.lost, coverage.twice) == (0, 1)
    assert "email.opens/0: 1 to 4 after 2" in coverage.problems


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([entry(0, 1, 0), entry(2, 4, 2, 3)], "email.opens/0: 2 to 4 after 1"),
        ([entry(0, 3, 0, 1, 2)], "email.opens/0 ends at 4, and the journal at 3"),
        ([entry(0, 4, 0, 1, 2, 3, 7)], "email.opens/0: 7 outside of (0, 4)"),
        ([entry(0, 4, 0, 1, 2, 3), entry(4, 2)], "email.opens/0: 4 to 2 after 4"),
    ],
)
def test_positions_that_do_not_fit_are_told(entries: list[Entry], problem: str) -> None:
    """Gaps, journals that stop early, records from elsewhere, steps back."""
    assert problem in covered(entries).problems


def test_a_record_set_aside_is_to_be_applied_nowhere_else() -> None:
    """A misplaced record that was scored where it stood is counted twice."""
    aside: list[Place] = [(TOPIC, 0, 2)]
    assert covered([entry(0, 4, 0, 1, 3)], aside=aside) == Coverage()
    assert covered([entry(0, 4, 0, 1, 2, 3)], aside=aside).twice == 1


def test_what_was_given_up_may_be_jumped_over_and_nothing_else() -> None:
    """From the very position to the very position that the operator has accepted."""
    jumps: Jumps = {(TOPIC, 0): (1, 3)}
    aside: list[Place] = [(TOPIC, 0, 1), (TOPIC, 0, 2)]
    assert covered([entry(0, 1, 0), entry(3, 4, 3)], jumps=jumps, aside=aside) == Coverage()
    further = covered([entry(0, 1, 0), entry(4, 4)], jumps=jumps, aside=aside)
    assert (further.lost, further.problems[0]) == (1, "email.opens/0: 4 to 4 after 1")
