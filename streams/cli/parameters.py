"""Arguments and options that several commands take: leads, instants, durations."""

from __future__ import annotations

import re

import click

from schemas.instants import DAY_MS, HOUR_MS, LATEST_MS, MINUTE_MS, SECOND_MS, NotAnInstant, NoZone, parse_ms
from streams.clock import SystemClock

UNITS_MS = {"s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")
"""As in a scoring model: a whole number and a unit."""


class _Instant(click.ParamType):
    """An instant, in milliseconds since 1970."""

    name = "instant"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return min(parse_ms(value), LATEST_MS)
        except NotAnInstant:
            self.fail(f"{value!r} is no instant; write such as 2026-11-23T09:30:00Z", param, ctx)
        except NoZone:
            self.fail(f"{value!r} has no time zone; write such as {value}Z", param, ctx)


class _Duration(click.ParamType):
    """A duration, in milliseconds."""

    name = "duration"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = DURATION.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is no duration; write a whole number and s, m, h or d, such as 14d", param, ctx)
        return int(found[1]) * UNITS_MS[found[2]]


class _Moment(click.ParamType):
    """An instant, or a duration counted from the present: forward (+1) or back (-1)."""

    name = "instant or duration"

    def __init__(self, direction: int) -> None:
        self._direction = direction

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if DURATION.fullmatch(value):
            offset_ms = _Duration().convert(value, param, ctx)
            return min(SystemClock().now_ms() + self._direction * offset_ms, LATEST_MS)
        return _Instant().convert(value, param, ctx)


INSTANT = _Instant()
DURATION_MS = _Duration()
MOMENT_AHEAD = _Moment(+1)
MOMENT_PAST = _Moment(-1)

lead_argument = click.argument("lead_id", metavar="ID")
"""The lead that a command is about."""
