"""Section 2: instants are UTC to the millisecond, here always a whole number of ms since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

SECOND_MS = 1_000
HOUR_MS = 3_600 * SECOND_MS
DAY_MS = 24 * HOUR_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_UNIT_MS = {"s": SECOND_MS, "m": 60 * SECOND_MS, "h": HOUR_MS, "d": DAY_MS}
_DURATION = re.compile(r"([0-9]+)([smhd])")
_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


class NotAnInstant(ValueError):
    """The text names no instant: `reason` is `no_zone` (a time of day somewhere) or `bad_instant`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def duration_ms(text: object) -> int:
    """`"7d"`, `"24h"`, `"30m"`, `"45s"` in milliseconds; a day is 86,400 s. Raises ValueError."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[1]) == 0:
        raise ValueError(f"not a duration: {text!r}")
    return int(match[1]) * _UNIT_MS[match[2]]


def instant_ms(text: str) -> int:
    """An ISO-8601 date, time and zone; digits finer than the millisecond are cut. Raises NotAnInstant."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise NotAnInstant("bad_instant")
    year, month, day, hour, minute, second = (int(match[i]) for i in range(1, 7))
    ms = int((match[7] or "0").ljust(3, "0")[:3])
    try:
        wall = datetime(year, month, day, hour, minute, second, ms * 1000, tzinfo=_zone(match[8] or "Z"))
        instant = (wall - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError) as error:
        raise NotAnInstant("bad_instant") from error
    if match[8] is None:
        raise NotAnInstant("no_zone")
    return instant


def iso(instant: int) -> str:
    """The instant with `Z`; milliseconds are written only when they are not zero."""
    whole = (_EPOCH + timedelta(milliseconds=instant)).replace(tzinfo=None)
    timespec = "milliseconds" if instant % SECOND_MS else "seconds"
    return whole.isoformat(timespec=timespec) + "Z"


def floor_to(instant: int, unit_ms: int) -> int:
    """The last whole hour or UTC day at or before the instant."""
    return instant - instant % unit_ms


def local_day(instant: int, zone: tzinfo) -> str:
    """The calendar day of the instant in a time zone."""
    return _local(instant, zone).date().isoformat()


def local_week(instant: int, zone: tzinfo) -> str:
    """The ISO week of the instant in a time zone."""
    year, week, _ = _local(instant, zone).isocalendar()
    return f"{year}-W{week:02}"


def _local(instant: int, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(milliseconds=instant)).astimezone(zone)


def _zone(text: str) -> tzinfo:
    if text in "Zz":
        return UTC
    sign = -1 if text[0] == "-" else 1
    hours, minutes = int(text[1:3]), int(text[4:6])
    if minutes > 59:
        raise ValueError(text)
    return timezone(sign * timedelta(hours=hours, minutes=minutes))
