"""Rolling counts: the array against a plain count."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from scoring.bounds import DROP_AT_ONCE
from scoring.series import (
    add,
    count_since,
    drop_first,
    drop_old,
    entries_since,
    merge,
    new_series,
)

stamps = st.lists(st.integers(0, 60), max_size=80)


def counted(given_stamps: list[int]) -> tuple[Counter[int], list[tuple[int, int]]]:
    """How many of each stamp, and the same in ascending order."""
    counts = Counter(given_stamps)
    return counts, sorted(counts.items())


@given(stamps, st.integers(-1, 62))
def test_counts_are_those_of_a_plain_count(given_stamps: list[int], first: int) -> None:
    """In any order of arrival, from any stamp on."""
    series = new_series()
    seen: set[int] = set()
    for stamp in given_stamps:
        assert add(series, stamp) == (stamp not in seen)
        seen.add(stamp)
    expected = [(stamp, count) for stamp, count in counted(given_stamps)[1] if stamp >= first]
    assert entries_since(series, max(first, 0)) == expected
    assert count_since(series, max(first, 0)) == sum(count for _, count in expected)


@given(stamps, st.integers(0, 62))
def test_old_entries_go_in_bulk_and_nothing_else(given_stamps: list[int], first: int) -> None:
    """What is asked for stays; what is older goes once there are enough of it."""
    series = new_series()
    for stamp in given_stamps:
        add(series, stamp)
    old = sum(stamp < first for stamp in counted(given_stamps)[0])
    kept = entries_since(series, first)
    dropped = drop_old(series, first)
    assert dropped == (old if old >= DROP_AT_ONCE else 0)
    assert entries_since(series, first) == kept
    assert len(series) == len(counted(given_stamps)[0]) - dropped


@given(stamps, st.integers(0, 60))
def test_first_entries_are_forgotten(given_stamps: list[int], wanted: int) -> None:
    """The oldest stamps with all that came at them; later counts stay what they are."""
    series = new_series()
    for stamp in given_stamps:
        add(series, stamp)
    entries = counted(given_stamps)[1]
    how_many = min(wanted, len(entries))
    if how_many:
        drop_first(series, how_many)
    assert entries_since(series, 0) == entries[how_many:]


@given(stamps, stamps, st.integers(0, 62))
def test_merged_series_count_both(first: list[int], second: list[int], since: int) -> None:
    """The series of two kinds that have become one, as far as anybody still asks."""
    merged = [new_series(), new_series()]
    for series, given_stamps in zip(merged, (first, second), strict=True):
        for stamp in given_stamps:
            add(series, stamp)
    alive = [(stamp, count) for stamp, count in counted(first + second)[1] if stamp >= since]
    assert entries_since(merge(*merged, since), 0) == alive


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), max_size=30))
def test_an_entry_is_full_at_its_most(added: list[tuple[int, int]]) -> None:
    """What is too much for one stamp is not counted, in any order of arrival; other stamps are as they were."""
    series, plain = new_series(), Counter[int]()
    for stamp, how_many in added:
        add(series, stamp, how_many, 9)
        plain[stamp] = min(plain[stamp] + how_many, 9)
    assert entries_since(series, 0) == sorted(plain.items())


def test_an_entry_holds_millions() -> None:
    """A bot's hour does not run into the next one."""
    series = new_series()
    add(series, 7)
    series[0] += 5_000_000
    add(series, 8)
    assert entries_since(series, 0) == [(7, 5_000_001), (8, 1)]
