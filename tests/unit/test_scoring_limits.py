"""Limits: so many in a bucket, and only the buckets that were used last are remembered."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.bounds import BUCKETS_MAX
from scoring.limits import attribute_bucket, offer

MANY = BUCKETS_MAX + 8


@given(st.lists(st.integers(0, MANY), max_size=200), st.integers(1, 3))
def test_limit_is_that_of_a_plain_least_recently_used(buckets: list[int], times: int) -> None:
    """The same answers as an ordered dict that forgets the bucket that was offered to longest ago."""
    table, plain = array("Q"), OrderedDict[int, int]()
    for bucket in buckets:
        counted = plain.pop(bucket, 0)
        plain[bucket] = counted + (counted < times)
        if len(plain) > BUCKETS_MAX:
            plain.popitem(last=False)
        assert offer(table, bucket, times) == (counted < times)
        assert len(table) == len(plain) <= BUCKETS_MAX


def test_refused_offer_is_a_use() -> None:
    """A bucket that is asked for again and again is not forgotten, though nothing counts in it any more."""
    table = array("Q")
    assert offer(table, 0, 1)
    for bucket in range(1, 2 * BUCKETS_MAX):
        assert offer(table, bucket, 1)
        assert not offer(table, 0, 1)


def test_forgotten_bucket_is_a_fresh_one() -> None:
    """After 32 others a bucket counts from nothing."""
    table = array("Q")
    for bucket in range(BUCKETS_MAX + 1):
        assert offer(table, bucket, 1)
    assert offer(table, 0, 1)
    assert not offer(table, BUCKETS_MAX, 1)


@pytest.mark.parametrize("bucket", [0, 1, 800_000, (1 << 48) - 1])
def test_bucket_of_any_size_fits(bucket: int) -> None:
    """A day, a week, `ever` or 48 bits of a hash; up to 1000 times."""
    table = array("Q")
    assert all(offer(table, bucket, 1000) for _ in range(1000))
    assert not offer(table, bucket, 1000)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (None, "", True),
        (None, "  ", True),
        ("a", "a", True),
        ("a", "A", False),
        (1, "1", False),
        (1, True, False),
        (True, "true", False),
        ("", "null", False),
        ([1, 2], [1, 2], True),
        ([1, 2], [2, 1], False),
        ({"a": 1}, {"a": 1}, True),
        (10**30, 10**30, True),
        ("é", "e\u0301", False),
    ],
)
def test_buckets_are_json_texts(first: Any, second: Any, same: bool) -> None:
    """One bucket for each value as it is written; none, null and blank share the empty one."""
    assert (attribute_bucket(first) == attribute_bucket(second)) is same
    assert 0 <= attribute_bucket(first) < 1 << 40
