"""How the words of a lead are packed into bytes, and read back.

A number is 7 bits a byte, the lowest first, the top bit set while more follow; one that may be negative is doubled,
and odd if it was below zero. So the small numbers, which most are, take a byte. What is known to be spread evenly
(hashes, doubles) takes its bytes as they are, the lowest first.

Apart from the state because there the order of things is decided, and here what each kind of thing looks like.

This file is plain Python. With packing.pxd, which gives its numbers the types of C, it is compiled where there is a
compiler, and is then many times as fast. Both write the same bytes.
"""

from __future__ import annotations

from array import array

from scoring.bounds import ID_BYTES
from scoring.layout import (
    ALERT_TIMES,
    BUCKET_AT,
    COUNT_BITS,
    COUNTED,
    DAY_TOTALS,
    EARLIER_GAINS,
    FACT_MASK,
    FACT_MASK_AT,
    FACT_POINTS_AT,
    FACT_SLOT,
    GAIN_AT,
    GAIN_POINTS,
    GAIN_SLOT_AT,
    LIMIT_TABLE,
    LIMIT_VALUES,
    TOTAL,
)
from scoring.lead import NEVER

IS_COMPILED = not __file__.endswith(".py")

WORD_BYTES = 12
"""No word takes more, whatever it is."""

_DISTANCE_END = 1 << 50
"""Instants are less apart than so many milliseconds: 35,000 years."""

_FACT_POINTS_END = 1 << 12
_STAMPS_END, _GAINS_END_MS, _BUCKET_BYTES_MAX = 1 << 24, 1 << 48, 6
"""What there is room for in a word besides a running total, points, how many counted."""


class Writer:
    """Writes words into `out` up to `at`, which has WORD_BYTES for each. Instants as distances from `as_of`."""

    __slots__ = ("as_of", "at", "out", "tables_end", "tables_start", "words")

    def __init__(self, words: array[int], out: bytearray, as_of: int) -> None:
        self.words = words
        self.out = out
        self.at = 0
        self.as_of = as_of
        self.tables_start = self.tables_end = 0

    def number(self, value: int) -> None:
        """A number from 0 on, below 2^64."""
        while value > 0x7F:
            self.byte(value & 0x7F | 0x80)
            value >>= 7
        self.byte(value)

    def byte(self, value: int) -> None:
        """A number below 256."""
        self.out[self.at] = value
        self.at += 1

    def distance(self, distance: int) -> None:
        """A number that may be negative."""
        self.number(distance << 1 if distance >= 0 else ~distance << 1 | 1)

    def instant(self, instant: int) -> None:
        """An instant, or NEVER as 0."""
        if instant == NEVER:
            self.number(0)
        else:
            behind = self.as_of - instant
            self.number((behind << 1 if behind >= 0 else ~behind << 1 | 1) + 1)

    def fixed(self, word: int, size_bytes: int) -> None:
        """The lowest bytes of a word."""
        for _ in range(size_bytes):
            self.byte(word & 0xFF)
            word >>= 8

    def counts(self, rules: int) -> None:
        """Which of the first words are not zero, eight a byte; then these."""
        for first in range(0, rules, 8):
            used = 0
            for slot in range(first, min(first + 8, rules)):
                if self.words[slot]:
                    used |= 1 << (slot - first)
            self.byte(used)
        for slot in range(rules):
            if self.words[slot]:
                self.fixed(self.words[slot], 8)

    def log(self, start: int, ids: int, newest: int) -> None:
        """Ids; arrivals from the newest on, by their distance; how late each of the newest came; their facts."""
        for place in range(start, start + ids):
            self.fixed(self.words[place], ID_BYTES)
        end = start + 2 * ids
        later = self.as_of
        for back in range(1, ids + 1):
            self.distance(later - self.words[end - back])
            later = self.words[end - back]
        for place in range(end, end + newest):
            self.distance(self.words[place - newest] - self.words[place])
        self.facts(end + newest, end + 2 * newest)

    def facts(self, start: int, end: int) -> None:
        """How far back the same fact stands; or 0, and the fact."""
        for place in range(start, end):
            fact, same = self.words[place], place - 1
            while same >= start and self.words[same] != fact:
                same -= 1
            if same >= start:
                self.number(place - same)
                continue
            self.number(0)
            self.number(fact & FACT_SLOT)
            self.number(fact >> FACT_MASK_AT & FACT_MASK)
            self.number(fact >> FACT_POINTS_AT)

    def part(self, tag: int, start: int, end: int) -> None:
        """A part with its tag and its length. Tables of limits come before the values that stand in them."""
        self.number(tag)
        self.number(end - start)
        if tag < LIMIT_TABLE or tag == DAY_TOTALS:
            self.series(start, end)
        elif tag < ALERT_TIMES:
            self.table(start, end)
        elif tag == LIMIT_VALUES:
            self.values(start, end)
        else:
            for place in range(start, end):
                if tag == ALERT_TIMES:
                    self.instant(self.words[place])
                elif tag == EARLIER_GAINS:
                    self.gain(self.words[place])
                else:
                    raise ValueError(f"no part has the tag {tag}")

    def series(self, start: int, end: int) -> None:
        """How far each hour or day is from the one before, and how much came in it."""
        before = 0
        for place in range(start, end):
            word = self.words[place]
            self.number((word >> COUNT_BITS) - (before >> COUNT_BITS))
            self.number((word & TOTAL) - (before & TOTAL))
            before = word

    def table(self, start: int, end: int) -> None:
        """How many bytes the widest bucket takes; the buckets in so many, and how many counted in each."""
        width = 0
        for place in range(start, end):
            while self.words[place] >> BUCKET_AT >> 8 * width:
                width += 1
        self.number(width)
        for place in range(start, end):
            self.fixed(self.words[place] >> BUCKET_AT, width)
            self.number(self.words[place] & COUNTED)
        if self.tables_end == 0:
            self.tables_start = start
        self.tables_end = end

    def values(self, start: int, end: int) -> None:
        """Where each bucket stands in the tables, counted from 1; or 0, and the bucket."""
        for place in range(start, end):
            bucket, found = self.words[place], self.tables_start
            while found < self.tables_end and self.words[found] >> BUCKET_AT != bucket:
                found += 1
            if found < self.tables_end:
                self.number(found - self.tables_start + 1)
            else:
                self.number(0)
                self.number(bucket)

    def gain(self, word: int) -> None:
        """When an earlier signal with points occurred, its kind, its points."""
        self.distance(self.as_of - (word >> GAIN_AT))
        self.number(word >> GAIN_SLOT_AT & FACT_SLOT)
        self.number(word & GAIN_POINTS)


class Reader:
    """Reads into `words` what a Writer wrote. Raises IndexError at the end, ValueError for what none writes."""

    __slots__ = ("as_of", "at", "packed", "tables_end", "tables_start", "words")

    def __init__(self, packed: bytes) -> None:
        self.packed = packed
        self.at = 0
        self.as_of = 0
        self.tables_start = self.tables_end = 0
        self.words = array("Q")

    def number(self) -> int:
        """A number from 0 on."""
        byte = self.packed[self.at]
        self.at += 1
        value = byte & 0x7F
        shift = 0
        while byte & 0x80:
            byte = self.packed[self.at]
            self.at += 1
            shift += 7
            if shift > 63 or (shift == 63 and byte > 1):
                raise ValueError("a number has no end")
            value |= (byte & 0x7F) << shift
        return value

    def number_below(self, end: int) -> int:
        """A number that has to be lower than another."""
        value = self.number()
        if value >= end:
            raise ValueError(f"{value} is not below {end}")
        return value

    def count(self) -> int:
        """A number of things that a lead has or is."""
        return self.number_below(_DISTANCE_END)

    def length(self) -> int:
        """How many rules, ids or words there are; more than bits are left cannot be."""
        return self.number_below(8 * len(self.packed) + 1)

    def start(self) -> int:
        """The instant from which all others are told."""
        self.as_of = self.number_below(_DISTANCE_END)
        return self.as_of

    def distance(self) -> int:
        """A number that may be negative."""
        value = self.number_below(_DISTANCE_END)
        return ~(value >> 1) if value & 1 else value >> 1

    def instant(self) -> int:
        """An instant, or NEVER."""
        value = self.number_below(_DISTANCE_END)
        if value == 0:
            return NEVER
        value -= 1
        return self.before(self.as_of, ~(value >> 1) if value & 1 else value >> 1)

    def before(self, instant: int, distance: int) -> int:
        """The instant that is so far before another."""
        if not 0 <= instant - distance < _DISTANCE_END:
            raise ValueError(f"{instant - distance} is no instant")
        return instant - distance

    def fixed(self, size_bytes: int) -> int:
        """A word of which the lowest bytes are given."""
        word = 0
        for place in range(size_bytes):
            byte = self.packed[self.at + place]
            word |= byte << 8 * place
        self.at += size_bytes
        return word

    def counts(self, rules: int) -> None:
        """The first words: those that are not zero, by the bits in front of them."""
        bits_at = self.at
        self.at += (rules + 7) // 8
        for slot in range(rules):
            if self.packed[bits_at + slot // 8] >> slot % 8 & 1:
                self.words[slot] = self.fixed(8)

    def log(self, start: int, ids: int, newest: int) -> None:
        """Ids, arrivals, when the newest occurred, their facts."""
        for place in range(start, start + ids):
            self.words[place] = self.fixed(ID_BYTES)
        end = start + 2 * ids
        later = self.as_of
        for back in range(1, ids + 1):
            later = self.before(later, self.distance())
            self.words[end - back] = later
        for place in range(end, end + newest):
            self.words[place] = self.before(self.words[place - newest], self.distance())
        self.facts(end + newest, end + 2 * newest)

    def facts(self, start: int, end: int) -> None:
        """Facts, each as one before it or by itself."""
        for place in range(start, end):
            back = self.number_below(place - start + 1)
            if back:
                self.words[place] = self.words[place - back]
                continue
            slot = self.number_below(FACT_SLOT + 1)
            mask = self.number_below(FACT_MASK + 1)
            self.words[place] = slot | mask << FACT_MASK_AT | self.number_below(_FACT_POINTS_END) << FACT_POINTS_AT

    def part(self, tag: int, start: int, end: int) -> None:
        """The words of the part with this tag."""
        if tag < LIMIT_TABLE or tag == DAY_TOTALS:
            self.series(start, end)
        elif tag < ALERT_TIMES:
            self.table(start, end)
        else:
            for place in range(start, end):
                if tag == ALERT_TIMES:
                    self.words[place] = self.instant()
                elif tag == EARLIER_GAINS:
                    self.words[place] = self.gain()
                elif tag == LIMIT_VALUES:
                    self.words[place] = self.value()
                else:
                    raise ValueError(f"no part has the tag {tag}")

    def series(self, start: int, end: int) -> None:
        """Hours or days with running totals, both ascending."""
        stamp, total = 0, 0
        for place in range(start, end):
            stamp += self.number_below(_STAMPS_END)
            total += self.number_below(TOTAL + 1)
            if stamp >= _STAMPS_END or total > TOTAL:
                raise ValueError("a series runs out of its range")
            self.words[place] = stamp << COUNT_BITS | total

    def table(self, start: int, end: int) -> None:
        """The buckets of a limit, in the order of their last use."""
        width = self.number_below(_BUCKET_BYTES_MAX + 1)
        for place in range(start, end):
            bucket = self.fixed(width)
            self.words[place] = bucket << BUCKET_AT | self.number_below(COUNTED + 1)
        if self.tables_end == 0:
            self.tables_start = start
        self.tables_end = end

    def value(self) -> int:
        """A bucket, by its place in the tables or by itself."""
        found = self.number_below(self.tables_end - self.tables_start + 1)
        return self.words[self.tables_start + found - 1] >> BUCKET_AT if found else self.number()

    def gain(self) -> int:
        """An earlier signal with points."""
        occurred_ms = self.before(self.as_of, self.distance())
        slot = self.number_below(FACT_SLOT + 1)
        if occurred_ms >= _GAINS_END_MS:
            raise ValueError(f"{occurred_ms} is no instant of a signal")
        return occurred_ms << GAIN_AT | slot << GAIN_SLOT_AT | self.number_below(GAIN_POINTS + 1)
