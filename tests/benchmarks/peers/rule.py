"""What every peer does with an event: checks, duplicates, three decayed sums, hours, clamps, a band that holds.

It imports nothing but the standard library, since a peer's environment has nothing of ours. The Java peer has the
same rule in Rule.java. A lead is one dict of plain JSON values, as a user of these tools would keep it.
"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

PLACES = {"email.opens": 0, "email.clicks": 1, "webinar.signups": 2}
"""The sum that an event of a topic adds to."""

CHANGES = "peer.changes"
"""The topic that a peer publishes to."""

POINTS = (2.0, 6.0, 25.0)
HALF_LIVES_MS = (7 * DAY_MS, 14 * DAY_MS, 30 * DAY_MS)
MAIL_MAX, EVENTS_MAX, SCORE_MAX = 25.0, 40.0, 100.0

WEEK_HOURS = 7 * 24
BUSY = ((6, 10.0), (3, 5.0))
"""Points for so many clicks within a week."""

BANDS = ("cold", "warm", "hot")
ENTER, LEAVE = (0.0, 40.0, 70.0), (0.0, 32.0, 60.0)

IDS = 64
"""The newest ids of a lead, against repeats."""

ID_LENGTH_MAX = 200
EARLIEST_MS = 946_684_800_000
TELL_EVERY = 2_000
"""Events between two lines that tell how far a program is."""

State = dict[str, Any]
Change = dict[str, Any]


class Invalid(Exception):
    """An event that cannot be scored; the text names the member."""


def apply(state: State | None, topic: str, event: dict[str, Any]) -> tuple[State | None, Change | None]:
    """The lead after an event, and its change of band. A repeat gives (None, None): there is nothing to save."""
    event_id, lead_id, occurred_ms = _checked(event, "id"), _checked(event, "lead_id"), _instant(event)
    if state is None:
        state = {"at": occurred_ms, "sums": [0.0, 0.0, 0.0], "ids": [], "hours": {}, "band": 0}
    elif event_id in state["ids"]:
        return None, None
    _remember(state["ids"], event_id)
    at_ms = _advance(state, occurred_ms)
    place = PLACES[topic]
    state["sums"][place] += 2.0 ** (-(at_ms - occurred_ms) / HALF_LIVES_MS[place])
    _count(state["hours"], at_ms // HOUR_MS, occurred_ms // HOUR_MS if place == 1 else None)
    return state, _settle(state, lead_id)


def score(state: State) -> float:
    """Points of the sums, clamped by group and in all."""
    opens, clicks, signups = (points * weight for points, weight in zip(POINTS, state["sums"], strict=True))
    week = sum(state["hours"].values())
    busy = next((points for at_least, points in BUSY if week >= at_least), 0.0)
    total = min(opens + clicks, MAIL_MAX) + min(signups, EVENTS_MAX) + busy
    return round(min(total, SCORE_MAX), 6)


def _checked(event: dict[str, Any], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= ID_LENGTH_MAX:
        raise Invalid(name)
    return value


def _instant(event: dict[str, Any]) -> int:
    try:
        instant = datetime.fromisoformat(event["occurred_at"])
    except (KeyError, TypeError, ValueError):
        raise Invalid("occurred_at") from None
    if instant.tzinfo is None or (occurred_ms := int(instant.timestamp() * 1_000)) < EARLIEST_MS:
        raise Invalid("occurred_at")
    return occurred_ms


def _remember(ids: list[str], event_id: str) -> None:
    ids.append(event_id)
    if len(ids) > IDS:
        del ids[0]


def _advance(state: State, occurred_ms: int) -> int:
    """Let the sums fade up to the event; a late one finds the lead where it is."""
    passed_ms = occurred_ms - state["at"]
    if passed_ms > 0:
        state["sums"] = [
            weight * 2.0 ** (-passed_ms / half_life_ms)
            for weight, half_life_ms in zip(state["sums"], HALF_LIVES_MS, strict=True)
        ]
        state["at"] = occurred_ms
    return int(state["at"])


def _count(hours: dict[str, int], now: int, clicked: int | None) -> None:
    """The clicks of the last week, by hour."""
    for old in [hour for hour in hours if int(hour) <= now - WEEK_HOURS]:
        del hours[old]
    if clicked is not None and clicked > now - WEEK_HOURS:
        hours[str(clicked)] = hours.get(str(clicked), 0) + 1


def _settle(state: State, lead_id: str) -> Change | None:
    before, points = state["band"], score(state)
    band = before
    while band + 1 < len(BANDS) and points >= ENTER[band + 1]:
        band += 1
    if band == before:
        while band > 0 and points < LEAVE[band]:
            band -= 1
    if band == before:
        return None
    state["band"] = band
    return {
        "lead_id": lead_id,
        "from": BANDS[before],
        "to": BANDS[band],
        "score": points,
        "occurred_ms": state["at"],
    }


class Teller:
    """Tells on standard output how far a program is."""

    def __init__(self) -> None:
        self.events = 0
        self.changes = 0

    def note(self, change: Change | None) -> None:
        """One more event is done."""
        self.events += 1
        self.changes += change is not None
        if self.events == 1 or self.events % TELL_EVERY == 0:
            sys.stdout.write(f"{self.events} {self.changes}\n")
            sys.stdout.flush()
