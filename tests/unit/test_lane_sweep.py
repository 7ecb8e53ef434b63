"""The sweep of the board: bounds sink as scores fade, and stay bounds."""

from __future__ import annotations

import pytest

from schemas.accepted import Signal
from schemas.instants import DAY_MS, parse_ms
from scoring.document import read_model
from scoring.fold import apply_signal
from scoring.lead import Lead
from scoring.plan import Plan
from scoring.score import Curve
from streams.lane.sweep import PAGE_LEADS, lowered, next_rank

NOON_MS = parse_ms("2026-03-02T12:00:00Z")
PLAN = Plan(read_model("rules: [{id: click, kind: email.clicked, points: 40, half_life: 7d}]"))


def clicked() -> Lead:
    """A lead that clicked once at noon."""
    signal = Signal("e", "L", "email.clicked", NOON_MS, False, {})
    lead, _ = apply_signal(PLAN, None, signal, NOON_MS, [])
    assert lead is not None
    return lead


@pytest.mark.parametrize("days", [0, 1, 7, 70])
def test_a_lowered_bound_is_never_below_the_score(days: int) -> None:
    """At any later time the lead's score is at most the bound that the sweep wrote."""
    lead, at_ms = clicked(), NOON_MS + days * DAY_MS
    bound = lowered(PLAN, [("L", 40.0)], {"L": lead}, at_ms).get("L", 40.0)
    for later_ms in (0, 1, DAY_MS, 30 * DAY_MS):
        assert Curve(PLAN, lead).score(at_ms + later_ms) <= bound


def test_only_what_has_fallen_is_written() -> None:
    """A fresh bound is left alone; after a half-life it is halved; a lead that is gone is passed over."""
    lead = clicked()
    assert lowered(PLAN, [("L", 40.0)], {"L": lead}, NOON_MS) == {}
    assert lowered(PLAN, [("L", 40.0), ("gone", 9.0)], {"L": lead}, NOON_MS + 7 * DAY_MS) == {"L": 20.0}


def test_the_sweep_begins_again_where_nobody_ranks() -> None:
    """After a page that is not full, or that ends among leads of next to nothing."""
    full = [(f"L-{number}", 50.0) for number in range(PAGE_LEADS)]
    assert next_rank(0, full) == PAGE_LEADS
    assert next_rank(400, full[:-1]) == 0
    assert next_rank(400, [*full[:-1], ("L", 0.5)]) == 0
