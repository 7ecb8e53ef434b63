"""Upgrade and rollback: bytes that an earlier leadline wrote are read, those of a later one are refused in words.

`formats/<n>.json` holds states as format n was written when it came: the bytes, and every member of the lead. A
file is never changed. Who raises STATE_FORMAT adds the file of the new format, and this leadline reads the one
before as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scoring.lead import Lead
from scoring.state import STATE_FORMAT, UnknownFormat, decode_lead, encode_lead
from tests.support.states import members

FORMATS = Path(__file__).with_name("formats")

READ = [number for number in (STATE_FORMAT - 1, STATE_FORMAT) if number >= 1]
"""What this leadline promises to read: its own format, and the one before."""


def golden(number: int) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """(bytes, members) of each state of this format."""
    for state in json.loads((FORMATS / f"{number}.json").read_text(encoding="utf-8")):
        yield bytes.fromhex(state["bytes"]), state["members"]


def plain(lead: Lead) -> dict[str, Any]:
    """Every member as JSON has it."""
    found = {name: _plain(value) for name, value in members(lead).items()}
    return json.loads(msgspec.json.encode(found))  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): list(words) for name, words in value.items()}
    return list(value) if hasattr(value, "typecode") else value


@pytest.mark.parametrize("number", READ)
def test_states_of_this_format_and_the_one_before_are_read(number: int) -> None:
    """Every member of the lead is what it was when the bytes were written."""
    states = list(golden(number))
    assert len(states) >= 4
    for packed, wanted in states:
        assert packed[0] == number
        assert plain(decode_lead(packed)) == wanted


def test_a_state_is_written_as_the_format_says() -> None:
    """So an earlier leadline of the same format reads what this one has written: a rollback."""
    for packed, _ in golden(STATE_FORMAT):
        assert encode_lead(decode_lead(packed)) == packed


def test_a_state_of_the_next_format_is_refused_in_words() -> None:
    """With both numbers; no leadline guesses."""
    for packed, _ in golden(STATE_FORMAT):
        text = f"a lead's state has format {STATE_FORMAT + 1}, this leadline knows {STATE_FORMAT}"
        with pytest.raises(UnknownFormat, match=text):
            decode_lead(bytes([STATE_FORMAT + 1]) + packed[1:])
