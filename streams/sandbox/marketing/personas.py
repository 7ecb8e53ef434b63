"""Who the leads are: a persona with its habits, and an interest that comes and goes.

The personas are the hidden truth that scoring is to find: a champion wants the product, an evaluator has a
project for some days, a student reads everything and buys nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

DAY_MS = 86_400_000

SCANNED_SHARE = 0.45
"""Share of leads behind a mail filter that opens every message by itself, seconds after it was sent."""

FAREWELL_SHARE = 0.06
"""Share of leads who leave the mailing list during a month: most unsubscribe, some addresses die."""

BOUNCE_SHARE = 0.3
"""Share of the farewells that are dead addresses."""


class Course(StrEnum):
    """How a persona's interest runs over time."""

    STEADY = "steady"
    PROJECT = "project"  # low, and full while a project lasts
    FADING = "fading"  # full, and then next to nothing


@dataclass(frozen=True, slots=True)
class Persona:
    """Habits at full interest: each is a probability, `browses` the page visits of a day.

    `opens` is for a message, `clicks` for an open, `pricing` for a click that goes on to the pricing page,
    `signs_up` for an invitation opened, `attends` for a sign-up; `acts_now` weighs how often the persona is
    seen acting in a burst in live traffic.
    """

    name: str
    share: float
    course: Course
    opens: float
    clicks: float
    pricing: float
    signs_up: float
    attends: float
    browses: float
    acts_now: float


PERSONAS: tuple[Persona, ...] = (
    Persona("champion", 0.02, Course.STEADY, 0.60, 0.35, 0.20, 0.55, 0.85, 0.40, 3.0),
    Persona("evaluator", 0.10, Course.PROJECT, 0.60, 0.35, 0.15, 0.33, 0.75, 0.30, 3.0),
    Persona("student", 0.12, Course.STEADY, 0.50, 0.15, 0.00, 0.07, 0.60, 0.10, 1.0),
    Persona("tire-kicker", 0.34, Course.STEADY, 0.25, 0.10, 0.03, 0.02, 0.40, 0.05, 0.5),
    Persona("gone-quiet", 0.42, Course.FADING, 0.40, 0.15, 0.03, 0.05, 0.50, 0.10, 0.2),
)
"""The shares sum to 1. They are chosen so that the default model finds most leads cold and a few hot."""

LOW_INTEREST = {Course.STEADY: 1.0, Course.PROJECT: 0.2, Course.FADING: 0.02}
"""Interest outside a person's days of full interest."""

PROJECT_DAYS = (5.0, 14.0)
"""How long an evaluator's project lasts, at least and at most."""


@dataclass(frozen=True, slots=True)
class Person:
    """One lead: full interest from `wakes_ms` to `tires_ms`; on the mailing list until `leaves_ms`."""

    lead_id: str
    persona: Persona
    scanned: bool
    wakes_ms: int
    tires_ms: int
    leaves_ms: int
    bounces: bool

    def interest(self, at_ms: int) -> float:
        """From 0 (none) to 1 (full)."""
        return 1.0 if self.wakes_ms <= at_ms < self.tires_ms else LOW_INTEREST[self.persona.course]


def people(random: Random, count: int, from_ms: int, to_ms: int) -> list[Person]:
    """`count` leads whose projects, tiredness and farewells lie around the time from `from_ms` to `to_ms`."""
    personas = random.choices(PERSONAS, [persona.share for persona in PERSONAS], k=count)
    return [
        _person(random, f"L-{number:05}", persona, from_ms, to_ms)
        for number, persona in enumerate(personas, start=1)
    ]


def _person(random: Random, lead_id: str, persona: Persona, from_ms: int, to_ms: int) -> Person:
    wakes_ms, tires_ms = _full_interest(random, persona.course, from_ms, to_ms)
    # The farewells of the month: everyone else stays on the list for as long as we look.
    stays = random.random() >= FAREWELL_SHARE
    leaves_ms = to_ms + 365 * DAY_MS if stays else random.randrange(from_ms, to_ms)
    return Person(
        lead_id=lead_id,
        persona=persona,
        scanned=random.random() < SCANNED_SHARE,
        wakes_ms=wakes_ms,
        tires_ms=tires_ms,
        leaves_ms=leaves_ms,
        bounces=random.random() < BOUNCE_SHARE,
    )


def _full_interest(random: Random, course: Course, from_ms: int, to_ms: int) -> tuple[int, int]:
    match course:
        case Course.STEADY:
            return from_ms, from_ms  # its low interest is full as well
        case Course.FADING:
            return from_ms, from_ms + int((to_ms - from_ms) * random.random())
        case Course.PROJECT:
            wakes_ms = random.randrange(from_ms - 7 * DAY_MS, to_ms)
            return wakes_ms, wakes_ms + int(random.uniform(*PROJECT_DAYS) * DAY_MS)
