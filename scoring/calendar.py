"""Calendar days and ISO weeks of a time zone, as numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from schemas.instants import DAY_MS, MINUTE_MS, SECOND_MS

_EPOCH_ORDINAL = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
_MINUTES_KEPT = 4096
"""Signals come close together: the days of the last minutes asked for are kept. No zone changes within one."""


def day_of(timezone: str) -> Callable[[int], int]:
    """A function from an instant in milliseconds to the number of its calendar day in this zone."""
    if timezone == "UTC":
        return utc_day
    zone = ZoneInfo(timezone)

    @lru_cache(maxsize=_MINUTES_KEPT)
    def day_of_minute(minute: int) -> int:
        return datetime.fromtimestamp(minute * MINUTE_MS // SECOND_MS, zone).toordinal()

    def day(instant_ms: int) -> int:
        return day_of_minute(instant_ms // MINUTE_MS)

    return day


def week_of_day(day: int) -> int:
    """The number of the ISO week (from Monday) of a numbered day: day 1 was a Monday."""
    return (day - 1) // 7


def utc_day(instant_ms: int) -> int:
    """The number of the day of an instant in UTC."""
    return instant_ms // DAY_MS + _EPOCH_ORDINAL
