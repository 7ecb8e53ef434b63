"""Each line of the table of outcomes holds for a file; for the stream in tests/connected/test_outcomes.py."""

from __future__ import annotations

import json

import pytest

from schemas.instants import format_ms, parse_ms
from scoring.document import default_text, read_model
from scoring.offline import FileScorer
from scoring.plan import Plan
from tests.support.outcomes import CASES, ITS_NAME, ROWS, Lead, Row, Sent

START_MS = parse_ms("2026-11-23T09:30:00Z")


def feed(scorer: FileScorer, number: int, sent: Sent) -> None:
    """One input, as a line of a file."""
    line = {"topic": sent.topic, "timestamp": format_ms(sent.at_ms), "value": sent.value}
    scorer.feed(number, json.dumps(line).encode())


def test_every_line_of_the_table_has_its_inputs() -> None:
    """And no inputs are there for a line that is gone."""
    assert {row.what for row in ROWS} == CASES.keys()
    assert len(ROWS) == len(CASES) >= 25


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_the_outcome_is_as_the_table_says(row: Row) -> None:
    """Rejected with reason and field, ignored and counted, or applied without a word; the ground is accepted."""
    scorer = FileScorer(Plan(read_model(default_text())))
    case = CASES[row.what]
    *ground, last = case.inputs(Lead("L-1", START_MS))
    for number, sent in enumerate(ground):
        feed(scorer, number, sent)
    assert not scorer.rejected
    ignored, known = scorer.ignored.copy(), "L-1" in scorer.leads
    feed(scorer, len(ground), last)
    refused = [(line["reason"].value, line["field"]) for line in scorer.rejected]
    counted = {outcome.value: times for outcome, times in (scorer.ignored - ignored).items()}
    field = case.name if row.field == ITS_NAME else row.field
    assert refused == ([(row.reason, field)] if row.outcome == "rejected" else [])
    assert counted == ({row.reason: 1} if row.outcome == "ignored" else {})
    if row.outcome == "applied":
        assert "L-1" in scorer.leads
    else:
        assert ("L-1" in scorer.leads) == known
