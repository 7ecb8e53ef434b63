"""The peers' rule does what the comparison says it does."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.codec import decode_object
from schemas.instants import format_ms
from tests.benchmarks.generator import Workload, events
from tests.benchmarks.peers.rule import BANDS, DAY_MS, IDS, Invalid, State, apply, score

START_MS = 1_795_000_000_000


def _event(number: int, at_ms: int) -> dict[str, Any]:
    return {"id": f"e-{number}", "lead_id": "L", "occurred_at": format_ms(at_ms)}


def _after(*steps: tuple[str, int]) -> tuple[State, list[str]]:
    """The lead after events of these topics at these days, and the bands that it came to."""
    state: State | None = None
    bands = []
    for number, (topic, day) in enumerate(steps):
        state, change = apply(state, topic, _event(number, START_MS + day * DAY_MS))
        bands += [change["to"]] if change else []
    assert state is not None
    return state, bands


def test_points_fade_by_half_lives() -> None:
    """An open is worth 2, and 1 after a week, when another one comes."""
    assert score(_after(("email.opens", 0), ("email.opens", 7))[0]) == pytest.approx(3.0)


def test_groups_are_clamped() -> None:
    """Six clicks are 36 points: 25 for mail, and 10 for a busy week."""
    assert score(_after(*[("email.clicks", 0)] * 6)[0]) == pytest.approx(35.0)


def test_a_band_holds_between_its_lines() -> None:
    """Entered at 40, it is left below 32 only."""
    two = [("webinar.signups", 0)] * 2
    assert _after(*two, ("email.opens", 5))[1] == ["warm"]
    assert _after(*two, ("email.opens", 60))[1] == ["warm", "cold"]


def test_a_repeat_counts_once() -> None:
    """Among the newest ids; one that was forgotten counts again."""
    state, _ = _after(*[("email.opens", 0)] * (IDS + 1))
    assert apply(state, "email.opens", _event(IDS, START_MS)) == (None, None)
    assert apply(state, "email.opens", _event(0, START_MS))[0] is not None


@pytest.mark.parametrize("wrong", [{"id": ""}, {"lead_id": 7}, {"occurred_at": "2026-01-01T00:00:00"}])
def test_what_cannot_be_scored_is_refused(wrong: dict[str, Any]) -> None:
    """An empty id, another type, an instant without a zone."""
    with pytest.raises(Invalid):
        apply(None, "email.opens", _event(1, START_MS) | wrong)


def test_the_benchmarks_events_make_changes_of_all_bands() -> None:
    """Some leads come to each band, and some leave again."""
    leads: dict[str, State] = {}
    bands = set()
    for event in events(Workload(end_ms=START_MS, events=20_000, leads=1_000, partitions=1)):
        members = decode_object(event.value)
        lead, change = apply(leads.get(str(members["lead_id"])), event.topic, members)
        if lead is not None:
            leads[str(members["lead_id"])] = lead
        bands |= {change["to"]} if change else set()
    assert bands == set(BANDS)
