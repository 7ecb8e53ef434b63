"""Rolling counts: how many signals came since some hour or day.

A series is an array of 64-bit words, one for each hour or day in which something came, ascending:
`stamp << COUNT_BITS | how many came up to and including it`. So a count since any stamp is one search and one
subtraction, the array is its own encoding, and nothing has to expire: what is old is merely never asked for,
and dropped in bulk.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

from scoring.bounds import DROP_AT_ONCE, HOUR_COUNT_MAX

COUNT_BITS = 40
"""Room for a million signals a second over 12 days, and for stamps of hours until the year 3000."""

TOTAL = (1 << COUNT_BITS) - 1


def new_series() -> array[int]:
    """A series of nothing."""
    return array("Q")


def add(series: array[int], stamp: int, how_many: int = 1, most: int = HOUR_COUNT_MAX) -> bool:
    """So many more at `stamp`, up to `most`. True when that is a new entry."""
    if not series:
        series.append(stamp << COUNT_BITS | how_many)
        return True
    last = series[-1]
    if last >> COUNT_BITS == stamp:
        before = series[-2] & TOTAL if len(series) > 1 else 0
        series[-1] = min(last + how_many, stamp << COUNT_BITS | before + most)
        return False
    if last >> COUNT_BITS < stamp:
        series.append(stamp << COUNT_BITS | (last & TOTAL) + how_many)
        return True
    return _add_to_old(series, stamp, how_many, most)


def _add_to_old(series: array[int], stamp: int, how_many: int, most: int) -> bool:
    place = bisect_left(series, stamp << COUNT_BITS)
    before = series[place - 1] & TOTAL if place else 0
    is_new = series[place] >> COUNT_BITS != stamp
    if is_new:
        series.insert(place, stamp << COUNT_BITS | before)
    how_many = min(how_many, most - (series[place] & TOTAL) + before)
    for later in range(place, len(series)):
        series[later] += how_many
    return is_new


def take_away(series: array[int], stamp: int, how_many: int = 1) -> bool:
    """So many fewer at `stamp`, if they are still counted there. True when that empties the entry."""
    place = bisect_left(series, stamp << COUNT_BITS)
    if place == len(series) or series[place] >> COUNT_BITS != stamp:
        return False
    before = series[place - 1] & TOTAL if place else 0
    left = (series[place] & TOTAL) - before - how_many
    if left < 0:
        return False
    for later in range(place, len(series)):
        series[later] -= how_many
    if left == 0:
        del series[place]
    return left == 0


def first_stamp_of(series: array[int]) -> int:
    """The hour or day of the oldest entry."""
    return series[0] >> COUNT_BITS


def count_since(series: array[int], first_stamp: int) -> int:
    """How many came at `first_stamp` or later."""
    place = bisect_left(series, first_stamp << COUNT_BITS)
    if place == len(series):
        return 0
    before = series[place - 1] & TOTAL if place else 0
    return (series[-1] & TOTAL) - before


def count_between(series: array[int], first_stamp: int, end_stamp: int) -> int:
    """How many came at `first_stamp` or later, but before `end_stamp`."""
    return count_since(series, first_stamp) - count_since(series, end_stamp)


def entries_since(series: array[int], first_stamp: int) -> list[tuple[int, int]]:
    """(stamp, how many came at it), from `first_stamp` on."""
    place = bisect_left(series, first_stamp << COUNT_BITS)
    before = series[place - 1] & TOTAL if place else 0
    entries = []
    for word in series[place:]:
        entries.append((word >> COUNT_BITS, (word & TOTAL) - before))
        before = word & TOTAL
    return entries


def drop_first(series: array[int], how_many: int) -> None:
    """Forget the oldest entries."""
    gone = series[how_many - 1] & TOTAL
    del series[:how_many]
    for place in range(len(series)):
        series[place] -= gone


def drop_old(series: array[int], first_stamp: int) -> int:
    """Forget what is older than `first_stamp`, once that is DROP_AT_ONCE entries. How many were dropped."""
    if len(series) <= DROP_AT_ONCE or series[DROP_AT_ONCE - 1] >> COUNT_BITS >= first_stamp:
        return 0
    old = bisect_left(series, first_stamp << COUNT_BITS)
    drop_first(series, old)
    return old


def merge(first: array[int], second: array[int], first_stamp: int) -> array[int]:
    """The series of all that is in either, from `first_stamp` on."""
    counts: dict[int, int] = {}
    for series in (first, second):
        for stamp, count in entries_since(series, first_stamp):
            counts[stamp] = counts.get(stamp, 0) + count
    merged, total = new_series(), 0
    for stamp in sorted(counts):
        total += min(counts[stamp], HOUR_COUNT_MAX)
        merged.append(stamp << COUNT_BITS | total)
    return merged
