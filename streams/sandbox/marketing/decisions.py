"""What sales says and decides of leads: a doubt now and then, a call, a deal, an end.

People decide by what they have heard, not by a score: the simulation knows none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from streams.sandbox.marketing.personas import DAY_MS, Person
from streams.sandbox.marketing.wire import HOUR_MS, Act, Member, instant

COMMANDS = "lead.commands"

DOUBTED_SHARE = 0.012
"""Leads that sales flags within a month."""

CALLED_SHARE = {"champion": 0.6, "evaluator": 0.25, "student": 0.02, "tire-kicker": 0.03, "gone-quiet": 0.02}
"""Whom sales speaks to within a month, by persona."""

DECIDED_SHARE = 0.3
"""Calls after which it is known what becomes of the lead; a third of these buy."""

BOUGHT_SHARE = 1 / 3

DEALS = (1_000, 20_000, 500)
"""What a deal is worth: from, to, in steps of."""

SELLERS = ("sales:kim", "sales:noor", "sales:theo")
DOUBTS = ("doubt", "competitor", "wrong-person")
DOUBT_DAYS = (3, 21)
DOUBT_CAP = 20
"""While somebody doubts, a lead may be watched, and is not called."""


def decisions(random: Random, people: Iterable[Person], from_ms: int, to_ms: int) -> Iterator[Act]:
    """What sales did in a month."""
    for person in people:
        if random.random() < DOUBTED_SHARE:
            at_ms = random.randrange(from_ms, to_ms)
            yield doubted(random, person, at_ms)
            if random.random() < 0.5:  # half of the doubts are settled before they end by themselves
                yield trusted(random, person, random.randrange(at_ms, to_ms))
        if random.random() < CALLED_SHARE[person.persona.name]:
            at_ms = random.randrange(from_ms, to_ms)
            yield called(random, person, at_ms)
            if random.random() < DECIDED_SHARE:
                yield decided(random, person, min(at_ms + random.randrange(HOUR_MS, 7 * DAY_MS), to_ms))


def doubted(random: Random, person: Person, at_ms: int) -> Act:
    """A red flag, for some days."""
    members: dict[str, Member] = {
        "command": "flag",
        "reason": DOUBTS[0] if random.random() < 0.6 else random.choice(DOUBTS),
        "by": random.choice(SELLERS),
        "cap": DOUBT_CAP,
        "until": instant(at_ms + random.randrange(*DOUBT_DAYS) * DAY_MS),
    }
    return Act(COMMANDS, person.lead_id, at_ms, members)


def trusted(random: Random, person: Person, at_ms: int) -> Act:
    """The commonest doubt, settled."""
    verdict = "wrong" if random.random() < 0.7 else "right"
    members = {"command": "unflag", "reason": DOUBTS[0], "by": random.choice(SELLERS), "verdict": verdict}
    return Act(COMMANDS, person.lead_id, at_ms, members)


def called(random: Random, person: Person, at_ms: int) -> Act:
    """Sales has spoken to the lead."""
    members = {"command": "contacted", "by": random.choice(SELLERS), "note": "called"}
    return Act(COMMANDS, person.lead_id, at_ms, members)


def decided(random: Random, person: Person, at_ms: int) -> Act:
    """A deal, or no deal."""
    if random.random() < BOUGHT_SHARE:
        worth = random.randrange(*DEALS)
        return Act(COMMANDS, person.lead_id, at_ms, {"command": "outcome", "result": "converted", "value": worth})
    return Act(COMMANDS, person.lead_id, at_ms, {"command": "outcome", "result": "dead"})
