"""What the department sends in a month: a plan of messages and webinars, in waves.

Every weekday brings a brief, Tuesdays a newsletter; one product launch has three mails; each webinar has two
invitations and an hour at which it is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY_MS = 86_400_000
HOUR_MS = 3_600_000

SITE = "https://www.brightdesk.example"
PRICING_URL = f"{SITE}/pricing"

LAUNCH_PULL = 1.4
"""A launch is opened more than a brief."""

WEBINAR_EVERY_DAYS = 8
"""A webinar is held about once a week, so that a month has three or four."""

INVITED_DAYS_BEFORE = (5, 1)
"""When the two invitations of a webinar go out."""

SATURDAY = 5
TUESDAY = 1


@dataclass(frozen=True, slots=True)
class Webinar:
    """One webinar: its id on the wire and when it begins."""

    webinar_id: str
    begins_ms: int


@dataclass(frozen=True, slots=True)
class Message:
    """One mailing to everybody on the list. `pull` multiplies how often it is opened."""

    message_id: str
    campaign: str
    sent_ms: int
    url: str
    pull: float = 1.0
    webinar: Webinar | None = None


def plan(from_ms: int, to_ms: int) -> list[Message]:
    """The messages sent from `from_ms` to `to_ms`, in order of time."""
    messages = [*_letters(from_ms, to_ms), *_launch(from_ms, to_ms), *_invitations(from_ms, to_ms)]
    return sorted(
        (message for message in messages if from_ms <= message.sent_ms < to_ms),
        key=lambda message: (message.sent_ms, message.message_id),
    )


def webinar_message(webinar: Webinar, sent_ms: int, ordinal: int) -> Message:
    """The `ordinal`-th invitation to a webinar."""
    return Message(
        message_id=f"{webinar.webinar_id}-invitation-{ordinal}",
        campaign=f"webinar-{webinar.webinar_id}",
        sent_ms=sent_ms,
        url=f"{SITE}/webinars/{webinar.webinar_id}",
        webinar=webinar,
    )


def _letters(from_ms: int, to_ms: int) -> Iterator[Message]:
    for day in _days(from_ms, to_ms):
        label = day.strftime("%m%d")
        if day.weekday() < SATURDAY:
            yield Message(f"brief-{label}", "daily-brief", _at(day, 8), f"{SITE}/blog/{label}")
        if day.weekday() == TUESDAY:
            yield Message(f"news-{label}", "newsletter", _at(day, 10), f"{SITE}/news/{label}", pull=1.2)


def _launch(from_ms: int, to_ms: int) -> Iterator[Message]:
    """Teaser, launch and reminder, around the middle of the time."""
    middle = _day((from_ms + to_ms) // 2)
    for ordinal, days in enumerate((-2, 0, 5), start=1):
        day = middle + timedelta(days=days)
        yield Message(f"launch-{ordinal}", "fall-launch", _at(day, 14), f"{SITE}/new", pull=LAUNCH_PULL)


def _invitations(from_ms: int, to_ms: int) -> Iterator[Message]:
    first = _day(from_ms) + timedelta(days=4)
    count = (to_ms - from_ms) // (WEBINAR_EVERY_DAYS * DAY_MS) + 1
    for number in range(count):
        day = first + timedelta(days=number * WEBINAR_EVERY_DAYS)
        webinar = Webinar(f"w-{number + 1}", _at(day, 15))
        for ordinal, days in enumerate(INVITED_DAYS_BEFORE, start=1):
            yield webinar_message(webinar, _at(day - timedelta(days=days), 11), ordinal)


def _days(from_ms: int, to_ms: int) -> Iterator[datetime]:
    day = _day(from_ms)
    while _at(day, 0) < to_ms:
        yield day
        day += timedelta(days=1)


def _day(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _at(day: datetime, hour: int) -> int:
    return int(day.timestamp() * 1000) + hour * HOUR_MS
