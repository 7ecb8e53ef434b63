"""Law 7: a lead's state is bounded, whatever comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.accepted import Signal
from scoring.fold import apply_signal
from scoring.lead import Lead
from scoring.plan import STATE_MAX_BYTES, Plan, TooLarge
from scoring.state import decode_lead, encode_lead
from tests.laws.cases import Case, cases
from tests.laws.drive import Told, plan_of, step
from tests.laws.profile import IN_CI, law, times
from tests.support.extremes import largest_lead
from tests.support.generate import random_model
from tests.support.generate.strategies import START_MS
from tests.support.generate.words import KINDS, UNKNOWN_KINDS
from tests.support.reference.instants import DAY_MS, HOUR_MS
from tests.support.states import members, packaged_plan

MINUTE_MS = 60_000

BOT_EVENTS = 1_000_000 if IN_CI else 100_000
"""A million takes two minutes."""

GREEDY: dict[str, Any] = {
    "version": "greedy",
    "rules": [
        {"id": "hourly", "kind": list(KINDS), "points": 1, "fades_over": "7d"},
        {"id": "daily", "kind": list(KINDS), "points": 1, "expires_after": "90d"},
        *(
            {"id": f"limited-{n}", "kind": [kind], "points": 1, "limit": {"times": 9, "per": "message_id"}}
            for n, kind in enumerate(KINDS[:3])
        ),
    ],
    "bands": [{"name": f"band-{n}", "enter": 10 + n, "leave": 2 + n, "alert": True} for n in range(8)],
}
"""All that a state can hold much of, in one model: about as much as is allowed."""


def bot(rng: Random, events: int, gaps_ms: list[int]) -> Iterator[tuple[Signal, int]]:
    """Signals of one lead that never rests, with the Kafka timestamps of their records; one in twenty is late."""
    record_ms = START_MS
    for number in range(events):
        record_ms += rng.choice(gaps_ms)
        late_ms = rng.randrange(40 * DAY_MS) if rng.random() < 0.05 else 0
        kind = rng.choice(rng.choices([KINDS[:2], KINDS, UNKNOWN_KINDS], [8, 1, 1])[0])
        attributes = {"message_id": rng.randrange(100), "url": "https://x.example/pricing"}
        yield Signal(f"e-{number}", "L", kind, record_ms - late_ms, False, attributes), record_ms


def largest(plan: Plan, signals: Iterator[tuple[Signal, int]], every: int) -> int:
    """The largest that the state ever was, looked at every so many signals, where it comes back from its bytes."""
    lead: Lead | None = None
    size_bytes = 0
    for number, (signal, timestamp_ms) in enumerate(signals):
        lead, _ = apply_signal(plan, lead, signal, timestamp_ms, [])
        if number % every == 0 and lead is not None:
            state = encode_lead(lead)
            size_bytes = max(size_bytes, len(state))
            lead = decode_lead(state)
    return size_bytes


@pytest.mark.timeout(900)
def test_bot_stays_small(record_property: Callable[[str, object], None]) -> None:
    """An event each five minutes, for ten years in CI, under the default model."""
    plan = packaged_plan()
    size_bytes = largest(plan, bot(Random(1), BOT_EVENTS, [0, MINUTE_MS, 5 * MINUTE_MS, 14 * MINUTE_MS]), every=499)
    record_property("the state of a bot's lead, bytes", size_bytes)
    record_property("the largest state under the packaged model, bytes", plan.state_worst_bytes)
    assert 2_000 < size_bytes <= plan.state_worst_bytes <= STATE_MAX_BYTES


@pytest.mark.parametrize("gaps_ms", [[MINUTE_MS], [HOUR_MS // 4], [HOUR_MS], [HOUR_MS, 5 * HOUR_MS], [DAY_MS]])
def test_no_pace_outgrows_the_worst_case(gaps_ms: list[int]) -> None:
    """Under a model that keeps as much as is allowed, at each pace from a minute to a day."""
    plan = plan_of(GREEDY)
    size_bytes = largest(plan, bot(Random(len(gaps_ms)), 6_000, gaps_ms), every=1)
    assert size_bytes <= plan.state_worst_bytes <= STATE_MAX_BYTES


@law
@given(cases)
def test_law_7_state_is_never_above_its_worst_case(case: Case) -> None:
    """After each line the state is at most what the model was accepted for."""
    plan, told = plan_of(case[0]), Told(None, [], [])
    for line in case[1]:
        told = step(plan, told, line)
        if told.lead is not None:
            assert len(encode_lead(told.lead)) <= plan.state_worst_bytes <= STATE_MAX_BYTES


@times(0.2)
@given(st.integers(0, 1 << 32), st.sampled_from([MINUTE_MS, HOUR_MS // 2, 90 * MINUTE_MS, DAY_MS]))
def test_law_7_bots_under_any_model(seed: int, gap_ms: int) -> None:
    """A thousand events of a bot under a random model."""
    rng = Random(seed)
    try:
        plan = plan_of(random_model(rng))
    except TooLarge:
        return
    assert largest(plan, bot(rng, 1_000, [0, gap_ms, 2 * gap_ms]), every=20) <= plan.state_worst_bytes


def test_model_with_too_large_states_is_refused() -> None:
    """One more rule by the hour than fits: refused, with both sizes and what to do."""
    hourly = [{"id": f"r{n}", "kind": "a.b", "points": 1, "expires_after": "7d"} for n in range(12)]
    with pytest.raises(TooLarge, match=r"could grow to \d+ bytes, more than 16384; use fewer rules"):
        plan_of({"version": "v", "rules": hourly})


@pytest.mark.parametrize("is_greedy", [False, True])
def test_worst_case_is_that_of_the_largest_lead(is_greedy: bool) -> None:
    """With each number as long as it gets the state is as large as was told, within a tenth."""
    plan = plan_of(GREEDY) if is_greedy else packaged_plan()
    lead = largest_lead(plan)
    packed = encode_lead(lead)
    assert members(decode_lead(packed)) == members(lead) | {"buckets": decode_lead(packed).buckets}
    assert 0.9 * plan.state_worst_bytes < len(packed) <= plan.state_worst_bytes
