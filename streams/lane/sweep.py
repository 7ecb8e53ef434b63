"""Lets dormant leads sink on the board: bounds that were written long ago are lowered to what they are now.

A bound on the board stays true for as long as nothing comes, but scores fade away under it, and a ranking would
have to look at every lead that once was high. So an idle lane goes over its board from the top, a page at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scoring.lead import Lead
from scoring.plan import Plan
from scoring.score import Curve

SWEEP_EVERY_S = 2.0
PAGE_LEADS = 200
"""Of one look: some milliseconds of work. A lane of 100,000 leads is gone over in a quarter of an hour."""

WORTH_POINTS = 0.5
"""A bound is written again only where it has fallen by so much."""

SUNK = 1.0
"""Below this no ranking looks: the sweep begins again at the top."""


def lowered(
    plan: Plan, page: Sequence[tuple[str, float]], leads: Mapping[str, Lead], at_ms: int
) -> dict[str, float]:
    """The bounds of these leads from an instant on, those that have fallen."""
    found = {}
    for lead_id, bound in page:
        lead = leads.get(lead_id)
        if lead is not None:
            now = Curve(plan, lead).ceiling(max(at_ms, lead.as_of))
            if now < bound - WORTH_POINTS:
                found[lead_id] = now
    return found


def next_rank(rank: int, page: Sequence[tuple[str, float]]) -> int:
    """Where the next page begins: below this one, or at the top again."""
    if len(page) < PAGE_LEADS or page[-1][1] < SUNK:
        return 0
    return rank + len(page)
