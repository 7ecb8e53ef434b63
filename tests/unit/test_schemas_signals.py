"""Signals: the fast decoder and the definition are one."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.accepted import Signal
from schemas.codec import check_instant, decode_signal
from schemas.rejected import Refused
from schemas.signals import SignalValue
from tests.laws.profile import times

NOON = "2026-03-02T12:00:00Z"
GOOD: dict[str, Any] = {"id": "e-1", "lead_id": "L-7", "occurred_at": NOON, "kind": "page.viewed"}

odd: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        [None, "", " ", "\t\n", "\u3000", "\x1c", "\u200b", "x" * 200, "x" * 201, "é" * 200, "\x00", 0, 1, -1, 7.5]
    ),
    st.sampled_from([True, False, [], {}, ["a"], {"a": 1}, "true", "None", "🦊" * 200, "🦊" * 201]),
    st.text(max_size=8),
)
instants: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(NOON, "2026-03-02T12:00:00.123456+05:30", "2026-03-02T12:00:00", "2026-03-02", "20260302T120000Z"),
        *("2026-W10-1T12:00:00Z", "1999-12-31T23:59:59.999Z", "2000-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        *("2099-01-01T00:00:00Z", " 2026-03-02T12:00:00Z", "2026-03-02T12:00:00Z ", "2026-03-02t12:00:00z"),
        *("0001-01-01T00:00:00+14:00", "yesterday", "2026-02-30T12:00:00Z", 1_772_452_800),
    ]
)
kinds: st.SearchStrategy[Any] = st.sampled_from(
    [
        *("page.viewed", "a.b.c", "a_b-c.d-1_2", "Page.viewed", "page", "page.", ".viewed", "page..viewed", "1a.b"),
        *("page.viewed\n", "pagé.viewed", "a." + "b" * 198, "a." + "b" * 199, "email.opened ", "a.B"),
    ]
)
near_good = st.fixed_dictionaries(
    {},
    optional={
        "id": st.one_of(st.just("e-1"), odd),
        "lead_id": st.one_of(st.just("L-7"), odd),
        "occurred_at": st.one_of(instants, odd),
        "kind": st.one_of(kinds, odd),
        "machine": st.one_of(st.booleans(), odd),
        "campaign": odd,
        "Id": odd,
        "🦊": odd,
    },
)
values = st.one_of(near_good, near_good.map(lambda members: GOOD | members))
default_kinds = st.sampled_from([None, "email.opened"])


def by_definition(members: dict[str, Any], default_kind: str | None) -> Signal | None:
    """The signal that the definition makes of a value, None if it refuses."""
    try:
        value = SignalValue.model_validate(members)
        check_instant(value.occurred_at, None)
    except (ValidationError, Refused):
        return None
    kind = value.kind or default_kind
    if kind is None:
        return None
    return Signal(value.id, value.lead_id, kind, value.occurred_at, bool(value.machine), members)


@times(5)
@given(values, default_kinds)
@example(GOOD | {"id": "\x1c"}, None)
@example(GOOD | {"kind": "a." + "b" * 198}, None)
@example(GOOD | {"machine": None, "kind": None}, "email.opened")
def test_fast_decoder_and_definition_agree(members: dict[str, Any], default_kind: str | None) -> None:
    """Of any object near a good one both make the same signal, or both refuse."""
    value = msgspec.json.encode(members)
    try:
        decoded: Signal | None = decode_signal(value, default_kind, None)
    except Refused:
        decoded = None
    assert decoded == by_definition(msgspec.json.decode(value), default_kind)


@times(5)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode) | values.map(msgspec.json.encode), st.data())
def test_any_bytes_are_a_signal_or_refused(value: bytes, data: st.DataObject) -> None:
    """Whatever a record holds, nothing but `Refused` is raised."""
    cut = data.draw(st.integers(0, len(value)))
    for part in (value, value[:cut], value[cut:], value[:cut] + b"\xff" + value[cut:]):
        with suppress(Refused):
            decode_signal(part, "email.opened", 1_772_452_800_000)


def test_attributes_keep_their_json_types() -> None:
    """Attributes are the members as they were sent, nested ones too."""
    attributes = {
        "minutes": 42,
        "ratio": 0.5,
        "plan": "Pro",
        "paid": True,
        "tags": ["a", {"b": None}],
        "none": None,
    }
    signal = decode_signal(json.dumps(GOOD | attributes).encode(), None, None)
    assert {name: signal.attributes[name] for name in attributes} == attributes
    assert type(signal.attributes["minutes"]) is int


@pytest.mark.parametrize(
    ("members", "default_kind", "kind"),
    [
        ({}, "email.opened", "page.viewed"),
        ({"kind": None}, "email.opened", "email.opened"),
        ({"kind": ""}, "email.opened", "email.opened"),
        ({"kind": "  "}, "email.opened", "email.opened"),
        ({"kind": "webinar.attended"}, None, "webinar.attended"),
    ],
)
def test_kind_is_the_topics_unless_told(members: dict[str, Any], default_kind: str | None, kind: str) -> None:
    """A null or blank kind is as good as none."""
    assert decode_signal(json.dumps(GOOD | members).encode(), default_kind, None).kind == kind


@pytest.mark.parametrize(("machine", "expected"), [(True, True), (False, False), (None, False), ("", False)])
def test_machine_is_told_by_true_alone(machine: object, expected: bool) -> None:
    """Null and blank are as good as missing."""
    assert decode_signal(json.dumps(GOOD | {"machine": machine}).encode(), None, None).machine is expected


@pytest.mark.parametrize("number", [10**30, -(10**30), 2**64, 1.5e300])
def test_large_numbers_are_attributes_like_others(number: float) -> None:
    """A number beyond 64 bits neither stops the decoder nor whoever encodes it again."""
    signal = decode_signal(json.dumps(GOOD | {"message_id": number}).encode(), None, None)
    assert msgspec.json.encode(signal.attributes["message_id"])
