"""Calendar days and ISO weeks, where summer time and the turn of the year are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.instants import EPOCH, LATEST_MS, YEAR_2000_MS, parse_ms
from scoring.calendar import day_of, week_of_day
from tests.laws.profile import times

ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Pacific/Auckland", "Pacific/Apia"),
    *("Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati", "Africa/Cairo"),
)


@times(3)
@given(st.sampled_from(ZONES), st.integers(YEAR_2000_MS, LATEST_MS - 1))
def test_day_and_week_are_those_of_the_calendar(zone: str, instant_ms: int) -> None:
    """In any zone at any instant: the number of the day, and weeks that change when the ISO week does."""
    local = (EPOCH + timedelta(milliseconds=instant_ms)).astimezone(ZoneInfo(zone))
    day = day_of(zone)(instant_ms)
    assert day == local.toordinal()
    next_week = datetime.fromordinal(day + 1).isocalendar()[:2] != local.isocalendar()[:2]
    assert (week_of_day(day + 1) - week_of_day(day) == 1) == next_week


@pytest.mark.parametrize(
    ("zone", "before", "after", "days"),
    [
        ("UTC", "2026-03-01T23:59:59.999Z", "2026-03-02T00:00:00Z", 1),
        # Newfoundland is 3 h 30 min behind, 2 h 30 min in summer.
        ("America/St_Johns", "2026-01-15T03:29:59.999Z", "2026-01-15T03:30:00Z", 1),
        ("America/St_Johns", "2026-07-15T02:29:59.999Z", "2026-07-15T02:30:00Z", 1),
        ("America/St_Johns", "2026-01-15T00:00:00Z", "2026-01-15T03:29:59Z", 0),
        # Europe's clocks go ahead on 29 March 2026 and back on 25 October: days of 23 and of 25 hours.
        ("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", 0),
        ("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 1),
        ("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", 0),
        ("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 1),
        # Samoa had no 30 December 2011.
        ("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-30T10:00:00Z", 2),
    ],
)
def test_days_change_at_local_midnight(zone: str, before: str, after: str, days: int) -> None:
    """The last millisecond of a day and the first of the next, on the wall clock of the zone."""
    day = day_of(zone)
    assert day(parse_ms(after)) - day(parse_ms(before)) == days


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2026-12-28", "2027-01-03", True),  # Monday to Sunday of week 53 of 2026
        ("2027-01-03", "2027-01-04", False),
        ("2024-12-30", "2025-01-05", True),  # week 1 of 2025
        ("2024-12-29", "2024-12-30", False),
        ("2023-01-01", "2022-12-26", True),  # week 52 of 2022
    ],
)
def test_weeks_run_through_the_turn_of_the_year(first: str, second: str, same: bool) -> None:
    """An ISO week belongs to one year, its days to two."""
    weeks = [week_of_day(day_of("UTC")(parse_ms(f"{day}T12:00:00Z"))) for day in (first, second)]
    assert (weeks[0] == weeks[1]) is same
    iso = [datetime.fromisoformat(day).replace(tzinfo=UTC).isocalendar()[:2] for day in (first, second)]
    assert (iso[0] == iso[1]) is same
