"""Instants: one spelling out, ISO 8601 with a zone in."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.instants import DAY_MS, EPOCH, LATEST_MS, YEAR_2000_MS, NotAnInstant, NoZone, format_ms, parse_ms
from tests.support.reference.instants import NotAnInstant as ReferenceRefuses
from tests.support.reference.instants import instant_ms

NEAR = (
    r"[12][09][0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]"
    r"(:[0-6][0-9](\.[0-9]{1,9})?)?(Z|[+-][0-2][0-9]:[0-6][0-9])?"
)
"""Most of what it matches is an instant."""

instants_ms = st.integers(YEAR_2000_MS - 40_000 * DAY_MS, LATEST_MS)


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2000-01-01T00:00:00Z", YEAR_2000_MS),
        ("2100-01-01T00:00:00Z", LATEST_MS),
        ("2026-11-23T09:30:00Z", 1_795_426_200_000),
        ("2026-11-23T09:30:00.250Z", 1_795_426_200_250),
        ("2026-11-23T09:30:00.2509999Z", 1_795_426_200_250),
        ("2026-11-23T09:30:00.9Z", 1_795_426_200_900),
        ("2026-11-23T10:30:00+01:00", 1_795_426_200_000),
        ("2026-11-23T06:00:00-03:30", 1_795_426_200_000),
        ("2026-11-23 09:30:00+00:00", 1_795_426_200_000),
        ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
        ("1969-12-31T23:59:59.999Z", -1),
    ],
)
def test_parses(text: str, expected_ms: int) -> None:
    """Each form that means an instant, to the millisecond; what is finer is cut off."""
    assert parse_ms(text) == expected_ms


@pytest.mark.parametrize("text", ["2026-11-23T09:30:00", "2026-11-23T09:30:00.250", "2026-11-23 09:30"])
def test_needs_a_zone(text: str) -> None:
    """A time of day without a zone is no instant."""
    with pytest.raises(NoZone):
        parse_ms(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1795426200",
        "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-11-23T25:00:00Z",
        "Z" * 300,
    ],
)
def test_refuses_what_is_no_instant(text: str) -> None:
    """Words, numbers, days that do not exist."""
    with pytest.raises(NotAnInstant):
        parse_ms(text)


@given(instants_ms)
def test_there_and_back(instant_ms: int) -> None:
    """What is written is read again as the same instant."""
    assert parse_ms(format_ms(instant_ms)) == instant_ms


@given(instants_ms, st.integers(-24 * 60 + 1, 24 * 60 - 1))
def test_any_zone_means_the_same(instant_ms: int, offset_min: int) -> None:
    """An instant on the wall clock of any zone is the same instant."""
    zone = timezone(timedelta(minutes=offset_min))
    wall = (EPOCH + timedelta(milliseconds=instant_ms)).astimezone(zone)
    assert parse_ms(wall.isoformat()) == instant_ms


@pytest.mark.parametrize(
    ("instant_ms", "text"),
    [(0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.001Z"), (1_795_426_200_250, "2026-11-23T09:30:00.250Z")],
)
def test_writes_milliseconds_only_where_there_are_some(instant_ms: int, text: str) -> None:
    """With Z, and three more digits only where they say something."""
    assert format_ms(instant_ms) == text


@given(st.one_of(st.text("0123456789-:+.TZ é", max_size=30), st.from_regex(NEAR, fullmatch=True)))
def test_nothing_else_is_raised(text: str) -> None:
    """Any text is an instant or refused as none; where the reference too knows it as one, it is the same."""
    try:
        parsed = parse_ms(text)
    except (NotAnInstant, NoZone):
        return
    try:
        assert parsed == instant_ms(text)
    except ReferenceRefuses:
        return
