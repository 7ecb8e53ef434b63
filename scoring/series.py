"""Rolling counts: how many signals came since some hour or day.

A series is an array of 64-bit words, one for each hour or day in which something came, ascending:
`stamp << COUNT_BITS | how many came up to and including it`. So a count since any stamp is one search and one
subtraction, the array is its own encoding, and nothing has to expire: what is old is merely never asked for,
and dropped in bulk.
"""

from __future__ import annotations

from array import array
from typing import TypeAlias

from scoring.arrays import (
    append_word,
    first_place_from,
    insert_word,
    put_word,
    remove_words,
    word_at,
)
from scoring.bounds import DROP_AT_ONCE, HOUR_COUNT_MAX
from scoring.layout import COUNT_BITS, TOTAL

Series: TypeAlias = "array[int]"
Parts: TypeAlias = "dict[int, array[int]]"


def new_series() -> Series:
    """A series of nothing."""
    return array("Q")


def add(series: Series, stamp: int, how_many: int = 1, most: int = HOUR_COUNT_MAX) -> bool:
    """So many more at `stamp`, up to `most`. True when that is a new entry."""
    length = len(series)
    if length == 0:
        append_word(series, stamp << COUNT_BITS | how_many)
        return True
    last = word_at(series, length - 1)
    if last >> COUNT_BITS < stamp:
        append_word(series, stamp << COUNT_BITS | (last & TOTAL) + how_many)
        return True
    if last >> COUNT_BITS > stamp:
        return _add_to_old(series, stamp, how_many, most)
    full = stamp << COUNT_BITS | _total_before(series, length - 1) + most
    put_word(series, length - 1, last + how_many if last + how_many < full else full)
    return False


def _add_to_old(series: Series, stamp: int, how_many: int, most: int) -> bool:
    place = first_place_from(series, stamp << COUNT_BITS)
    before = _total_before(series, place)
    is_new = word_at(series, place) >> COUNT_BITS != stamp
    if is_new:
        insert_word(series, place, stamp << COUNT_BITS | before)
    room = most - (word_at(series, place) & TOTAL) + before
    _add_from(series, place, how_many if how_many < room else room)
    return is_new


def take_away(series: Series, stamp: int, how_many: int = 1) -> bool:
    """So many fewer at `stamp`, if they are still counted there. True when that empties the entry."""
    place = first_place_from(series, stamp << COUNT_BITS)
    if place == len(series) or word_at(series, place) >> COUNT_BITS != stamp:
        return False
    left = (word_at(series, place) & TOTAL) - _total_before(series, place) - how_many
    if left < 0:
        return False
    _add_from(series, place, -how_many)
    if left == 0:
        remove_words(series, place, 1)
    return left == 0


def first_stamp_of(series: Series) -> int:
    """The hour or day of the oldest entry."""
    return word_at(series, 0) >> COUNT_BITS


def count_since(series: Series, first_stamp: int) -> int:
    """How many came at `first_stamp` or later."""
    length = len(series)
    place = first_place_from(series, first_stamp << COUNT_BITS)
    return 0 if place == length else (word_at(series, length - 1) & TOTAL) - _total_before(series, place)


def count_between(series: Series, first_stamp: int, end_stamp: int) -> int:
    """How many came at `first_stamp` or later, but before `end_stamp`."""
    return count_since(series, first_stamp) - count_since(series, end_stamp)


def entries_since(series: Series, first_stamp: int) -> list[tuple[int, int]]:
    """(stamp, how many came at it), from `first_stamp` on."""
    place = first_place_from(series, first_stamp << COUNT_BITS)
    before, entries = _total_before(series, place), []
    for word in series[place:]:
        entries.append((word >> COUNT_BITS, (word & TOTAL) - before))
        before = word & TOTAL
    return entries


def drop_first(series: Series, how_many: int) -> None:
    """Forget the oldest entries."""
    gone = _total_before(series, how_many)
    remove_words(series, 0, how_many)
    _add_from(series, 0, -gone)


def drop_old(series: Series, first_stamp: int) -> int:
    """Forget what is older than `first_stamp`, once that is DROP_AT_ONCE entries. How many were dropped."""
    if len(series) <= DROP_AT_ONCE or word_at(series, DROP_AT_ONCE - 1) >> COUNT_BITS >= first_stamp:
        return 0
    old = first_place_from(series, first_stamp << COUNT_BITS)
    drop_first(series, old)
    return old


def _total_before(series: Series, place: int) -> int:
    return word_at(series, place - 1) & TOTAL if place else 0


def _add_from(series: Series, place: int, how_many: int) -> None:
    """So many more, or fewer, in each running total from a place on."""
    for later in range(place, len(series)):
        put_word(series, later, word_at(series, later) + how_many)


def merge(first: Series, second: Series, first_stamp: int) -> Series:
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
