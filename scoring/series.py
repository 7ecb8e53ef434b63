"""Rolling counts: how many signals came since some hour or day.

A series is an array of 64-bit words, one for each hour or day in which something came, ascending:
`stamp << 32 | how many came up to and including it`. So a count since any stamp is one search and one
subtraction, the array is its own encoding, and nothing has to expire: what is old is merely never asked for,
and dropped in bulk.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

_COUNT = 0xFFFF_FFFF

DROP_AT_ONCE = 16
"""Old entries are dropped this many at a time: each drop rewrites the rest."""


def new_series() -> array[int]:
    """A series of nothing."""
    return array("Q")


def add_one(series: array[int], stamp: int) -> bool:
    """One more at `stamp`. True when that is a new entry."""
    if not series:
        series.append(stamp << 32 | 1)
        return True
    last = series[-1]
    if last >> 32 == stamp:
        series[-1] = last + 1
        return False
    if last >> 32 < stamp:
        series.append(stamp << 32 | (last & _COUNT) + 1)
        return True
    return _add_late(series, stamp)


def _add_late(series: array[int], stamp: int) -> bool:
    place = bisect_left(series, stamp << 32)
    is_new = series[place] >> 32 != stamp
    if is_new:
        before = series[place - 1] & _COUNT if place else 0
        series.insert(place, stamp << 32 | before)
    for later in range(place, len(series)):
        series[later] += 1
    return is_new


def count_since(series: array[int], first_stamp: int) -> int:
    """How many came at `first_stamp` or later."""
    place = bisect_left(series, first_stamp << 32)
    if place == len(series):
        return 0
    before = series[place - 1] & _COUNT if place else 0
    return (series[-1] & _COUNT) - before


def entries_since(series: array[int], first_stamp: int) -> list[tuple[int, int]]:
    """(stamp, how many came at it), from `first_stamp` on."""
    place = bisect_left(series, first_stamp << 32)
    before = series[place - 1] & _COUNT if place else 0
    entries = []
    for word in series[place:]:
        entries.append((word >> 32, (word & _COUNT) - before))
        before = word & _COUNT
    return entries


def drop_first(series: array[int], how_many: int) -> None:
    """Forget the oldest entries."""
    gone = series[how_many - 1] & _COUNT
    del series[:how_many]
    for place in range(len(series)):
        series[place] -= gone


def drop_old(series: array[int], first_stamp: int) -> int:
    """Forget what is older than `first_stamp`, once that is DROP_AT_ONCE entries. How many were dropped."""
    if len(series) <= DROP_AT_ONCE or series[DROP_AT_ONCE - 1] >> 32 >= first_stamp:
        return 0
    old = bisect_left(series, first_stamp << 32)
    drop_first(series, old)
    return old


def merge(first: array[int], second: array[int]) -> array[int]:
    """The series of all that is in either."""
    counts: dict[int, int] = {}
    for series in (first, second):
        for stamp, count in entries_since(series, 0):
            counts[stamp] = counts.get(stamp, 0) + count
    merged, total = new_series(), 0
    for stamp in sorted(counts):
        total += counts[stamp]
        merged.append(stamp << 32 | total)
    return merged
