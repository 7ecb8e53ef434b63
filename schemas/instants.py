"""Instants: UTC, to the millisecond, as milliseconds since 1970.

Apart from the codec because the scoring of a file, the lane and the command line all read and write instants.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEAR_2000_MS = 946_684_800_000
LATEST_MS = 4_102_444_800_000
"""2100-01-01. What a state keeps of an instant has room until 2248; no input is that far ahead."""


class NotAnInstant(ValueError):
    """The text is no ISO 8601 date and time."""


class NoZone(ValueError):
    """The text is a date and time, but of no time zone."""


def parse_ms(text: str) -> int:
    """Milliseconds since 1970 of an ISO 8601 date and time with a zone; finer digits are cut off.

    Raises NotAnInstant or NoZone.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotAnInstant(text[:64]) from error
    if moment.tzinfo is None:
        raise NoZone(text[:64])
    since: timedelta = moment - EPOCH
    return since.days * DAY_MS + since.seconds * SECOND_MS + since.microseconds // 1000


def format_ms(instant_ms: int) -> str:
    """`2026-11-23T09:30:00Z`; with three more digits only where the milliseconds are not zero."""
    moment = EPOCH + timedelta(milliseconds=instant_ms)
    precision = "milliseconds" if instant_ms % SECOND_MS else "seconds"
    return moment.isoformat(timespec=precision).removesuffix("+00:00") + "Z"
