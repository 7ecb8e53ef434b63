"""What is read of a batch goes when the batch is done."""

from __future__ import annotations

import gc
import weakref

from schemas.topics import INPUT_NAMES
from streams.lane.inputs import Input, read_input
from tests.support.doubles.lane import GivenRecord

NOON_MS = 1_763_899_200_000


def test_a_refusal_does_not_keep_its_batch() -> None:
    """A record without a required field is read among others, as a lane does it; nothing of them stays."""
    gone = [read_batch() for _ in range(3)]
    gc.collect()
    assert [record() for record in gone] == [None, None, None]


def read_batch() -> weakref.ref[GivenRecord]:
    """A batch with a refused record, kept by a frame below that the refusal came through; its first record."""
    records = [GivenRecord(INPUT_NAMES[0], 0, 0, NOON_MS, b"L-1", b'{"id": "e-1", "lead_id": "L-1"}')]
    inputs: list[Input] = []

    def read() -> None:
        inputs.extend([read_input(record, NOON_MS) for record in records])

    read()
    assert inputs[0].refused is not None
    return weakref.ref(records[0])
