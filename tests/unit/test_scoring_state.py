"""A lead's state: its bytes are the lead, and few."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from random import Random

import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from scoring import packing, state
from scoring.bounds import DAY_POINTS_MAX, DAYS_MAX, HOUR_COUNT_MAX, KIND_BUCKETS_MAX
from scoring.layout import FACT_POINTS_AT, FACT_SLOT, GAIN_POINTS, TOTAL
from scoring.lead import Lead
from scoring.memory import counted_by, gave_points, pack_fact, points_of, slot_of
from scoring.state import STATE_FORMAT, Damaged, UnknownFormat, decode_lead, encode_lead
from tests.laws.cases import Case, cases
from tests.laws.drive import Told, plan_of, step
from tests.laws.profile import times
from tests.support.compiled import compiled_modules
from tests.support.states import any_leads, members, outcome, typical_lead

TYPICAL_MAX_BYTES = 400
PLAIN_TIMEOUT_S = 60
"""A start of Python and some hundred states."""


@times(1.5)
@given(cases)
def test_state_comes_back_from_its_bytes(case: Case) -> None:
    """Every state that is reached is the same after a turn through bytes, and has the same bytes again."""
    plan, told = plan_of(case[0]), Told(None, [], [])
    for line in case[1]:
        told = step(plan, told, line)
        if told.lead is not None:
            packed = encode_lead(told.lead)
            again = decode_lead(packed)
            assert members(again) == members(told.lead)
            assert encode_lead(again) == packed


@times(3)
@given(any_leads())
def test_any_lead_comes_back_from_its_bytes(lead: Lead) -> None:
    """Also one that no model brings about: every member, every part, in bytes that are stable."""
    packed = encode_lead(lead)
    again = decode_lead(packed)
    assert members(again) == members(lead)
    assert encode_lead(again) == packed


@pytest.mark.parametrize("format_number", [0, STATE_FORMAT + 1, 255])
def test_unknown_format_is_refused(format_number: int) -> None:
    """A state of a newer leadline is not guessed at: refused, with both numbers."""
    packed = bytes([format_number]) + encode_lead(typical_lead(1))[1:]
    with pytest.raises(UnknownFormat, match=f"format {format_number}, this leadline knows {STATE_FORMAT}"):
        decode_lead(packed)


def test_part_of_a_state_is_refused() -> None:
    """Wherever it is cut, and with whatever behind it."""
    packed = encode_lead(typical_lead(1))
    for length in range(len(packed)):
        with pytest.raises(Damaged, match=f"^{length} bytes are no lead's state"):
            decode_lead(packed[:length])
    with pytest.raises(Damaged):
        decode_lead(packed + b"\0")


def test_changed_state_is_refused() -> None:
    """Any byte of it."""
    packed = encode_lead(typical_lead(1))
    for place in range(1, len(packed)):
        changed = bytearray(packed)
        changed[place] ^= 1
        with pytest.raises(Damaged):
            decode_lead(bytes(changed))


def sealed(body: bytes) -> bytes:
    """Bytes with the format and the hash of a state."""
    return bytes([STATE_FORMAT]) + xxhash.xxh3_64_digest(body)[:2] + body


def damaged(rng: Random) -> bytes:
    """A state of which some bytes are others, or the end is missing, and the hash that of what is left."""
    body = bytearray(encode_lead(typical_lead(rng.randrange(50)))[3:])
    for _ in range(rng.randrange(4)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    return sealed(bytes(body[: rng.randrange(len(body))] if rng.random() < 0.3 else body))


@times(5)
@given(st.binary(max_size=80).map(sealed) | st.randoms(use_true_random=False).map(damaged))
def test_forged_state_is_a_lead_or_refused(packed: bytes) -> None:
    """Bytes of which even the hash is right are a lead, or Damaged: no other error, no memory without end."""
    found = outcome(packed)
    assert found in ("Damaged", "UnknownFormat") or outcome(bytes.fromhex(found)) == found


def test_compiled_and_plain_agree() -> None:
    """The same bytes for the same leads, and the same refusals."""
    if not compiled_modules():
        pytest.skip("there is no compiled module: what runs is the plain one")
    assert state.IS_COMPILED
    assert packing.IS_COMPILED
    rng = Random(5)
    states = [encode_lead(typical_lead(seed)) for seed in range(20)] + [damaged(rng) for _ in range(300)]
    plain = subprocess.run(
        [sys.executable, "-m", "tests.support.uncompiled"],
        input="".join(f"{packed.hex()}\n" for packed in states),
        stdout=subprocess.PIPE,
        text=True,
        timeout=PLAIN_TIMEOUT_S,
        check=True,
    )
    assert plain.stdout.split() == ["False", *map(outcome, states)]


def test_typical_lead_is_small(record_property: Callable[[str, object], None]) -> None:
    """12 signals over 30 days and a profile, under the packaged model."""
    sizes = [len(encode_lead(typical_lead(seed))) for seed in range(20)]
    record_property("a typical lead's state, bytes", max(sizes))
    assert max(sizes) <= TYPICAL_MAX_BYTES


@given(st.integers(0, FACT_SLOT), st.integers(0, (1 << 16) - 1), st.integers(0, GAIN_POINTS))
def test_fact_of_a_signal_comes_back(kind_slot: int, rules: int, points: int) -> None:
    """Its kind, the rules that it counted for, its points, which take two bytes at most, also when retracted."""
    fact = pack_fact(kind_slot, rules, points)
    assert (slot_of(fact), counted_by(fact), points_of(fact)) == (kind_slot, rules, points)
    assert gave_points(fact) == (points > 0)
    assert fact >> FACT_POINTS_AT < 1 << 14


def test_running_totals_have_room() -> None:
    """All that may be counted in a series fits besides its stamps."""
    assert KIND_BUCKETS_MAX * HOUR_COUNT_MAX <= TOTAL
    assert DAYS_MAX * DAY_POINTS_MAX <= TOTAL
