"""A lead's state: its bytes are the lead, and few."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.instants import DAY_MS, HOUR_MS
from schemas.signals import Signal
from scoring.document import default_text, read_model
from scoring.fold import apply_signal
from scoring.lead import Lead
from scoring.memory import pack_facts, unpack_facts
from scoring.plan import Plan
from scoring.state import STATE_FORMAT, UnknownFormat, decode_lead, encode_lead
from tests.laws.cases import Case, cases
from tests.laws.drive import Told, plan_of, step
from tests.laws.profile import times
from tests.support.generate.strategies import START_MS

TYPICAL_MAX_BYTES = 700
"""It is 671 now. A million leads of this size are 0.7 GB."""


def members(lead: Lead) -> dict[str, object]:
    """All that the lead is."""
    return {name: getattr(lead, name) for name in Lead.__slots__}


@times(1.5)
@given(cases)
def test_state_comes_back_from_its_bytes(case: Case) -> None:
    """Every state that is reached is the same after a turn through bytes, and has the same bytes again."""
    plan, told = plan_of(case[0]), Told(None, [], [])
    for line in case[1]:
        told = step(plan, told, line)
        if told.lead is not None:
            state = encode_lead(told.lead)
            again = decode_lead(state)
            assert members(again) == members(told.lead)
            assert encode_lead(again) == state


def a_lead() -> Lead:
    """A lead of one signal under the default model."""
    plan = Plan(read_model(default_text()))
    signal = Signal("e", "L", "email.clicked", START_MS, False, {"url": "/pricing"})
    lead, _ = apply_signal(plan, None, signal, START_MS, [])
    assert lead is not None
    return lead


@pytest.mark.parametrize("format_number", [0, STATE_FORMAT + 1, 255])
def test_unknown_format_is_refused(format_number: int) -> None:
    """A state of a newer leadline is not guessed at: refused, with both numbers."""
    state = bytes([format_number]) + encode_lead(a_lead())[1:]
    with pytest.raises(UnknownFormat, match=f"format {format_number}, this leadline knows {STATE_FORMAT}"):
        decode_lead(state)


def test_typical_lead_is_small(record_property: pytest.RecordProperty) -> None:
    """12 signals over 30 days under the default model: opens, clicks, page views and a signup."""
    plan = Plan(read_model(default_text()))
    rng = Random(12)
    lead: Lead | None = None
    for number, kind in enumerate(
        ["email.opened"] * 6 + ["email.clicked"] * 3 + ["page.viewed"] * 2 + ["webinar.signed_up"]
    ):
        at_ms = START_MS + number * 60 * HOUR_MS + rng.randrange(HOUR_MS)
        attributes = {"message_id": f"m-{number}", "webinar_id": "w-1", "url": "https://x.example/pricing"}
        lead, _ = apply_signal(plan, lead, Signal(f"e-{number}", "L", kind, at_ms, False, attributes), at_ms, [])
    assert lead is not None
    assert lead.as_of - START_MS < 30 * DAY_MS
    size_bytes = len(encode_lead(lead))
    record_property("typical_state_bytes", size_bytes)
    assert size_bytes <= TYPICAL_MAX_BYTES, size_bytes


@given(st.integers(946_684_800_000, 4_102_444_800_000), st.integers(0, 16), st.integers(0, (1 << 16) - 1))
def test_facts_of_a_signal_fit_in_a_word(occurred_ms: int, kind_slot: int, rules: int) -> None:
    """When it occurred, its kind and the rules that it counted for come back from 64 bits."""
    word = pack_facts(occurred_ms, kind_slot, rules)
    assert word < 1 << 64
    assert unpack_facts(word) == (occurred_ms, kind_slot, rules)
