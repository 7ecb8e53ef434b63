"""Limits: at most so many signals of one bucket count for a rule.

A rule's table is an array of up to 32 words, `bucket << 16 | how many counted`, in the order of their last use. A
bucket is the number of a day or week, 0 for ever, or 40 bits of the hash of an attribute's value as JSON text.
"""

from __future__ import annotations

from array import array

import msgspec
import xxhash

from schemas.accepted import Json, is_blank
from scoring.arrays import append_word, remove_words, word_at
from scoring.bounds import BUCKETS_MAX
from scoring.layout import BUCKET_AT, COUNTED

_encode_json = msgspec.json.Encoder().encode


def offer(table: array[int], bucket: int, times: int) -> bool:
    """Whether one more counts in this bucket; that it was offered is a use of the bucket in any case."""
    counted, length = 0, len(table)
    place = length - 1
    while place >= 0 and word_at(table, place) >> BUCKET_AT != bucket:
        place -= 1
    if place >= 0:
        counted = word_at(table, place) & COUNTED
        remove_words(table, place, 1)
    elif length == BUCKETS_MAX:
        remove_words(table, 0, 1)
    counts = counted < times
    append_word(table, bucket << BUCKET_AT | counted + counts)
    return counts


def take_back(table: array[int], bucket: int) -> None:
    """One that counted in this bucket has not; the bucket keeps its place in the order of use."""
    for place, word in enumerate(table):
        if word >> BUCKET_AT == bucket and word & COUNTED:
            table[place] = word - 1


def attribute_bucket(value: Json) -> int:
    """The bucket of an attribute's value; a missing or blank one has that of the empty value."""
    text = b"" if is_blank(value) else _encode_json(value)
    return xxhash.xxh3_64_intdigest(text) >> 24
