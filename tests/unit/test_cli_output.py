"""Tables align, long cells are cut, JSON knows the project's values."""

from __future__ import annotations

import json

import pytest

from schemas.changes import Change, Contribution
from streams.cli.output import minute, table, write_json
from streams.cli.pictures import main_reason, score_bar, sum_lines
from tests.support.doubles.scored import scored, signal


def a_change() -> Change:
    """A lead that got warm."""
    clicks = [signal("L-1", "form.submitted", f"2026-11-2{day}T10:00:00Z") for day in (0, 1)]
    seen = signal("L-1", "page.viewed", "2026-11-21T11:00:00Z")
    return scored([*clicks, seen]).changes[0]


def test_a_table_aligns_its_columns() -> None:
    """Numbers end on the right, texts begin on the left, nothing trails."""
    assert table(("lead", "score", "band"), [("L-1", "7.0", "hot"), ("L-200", "64.5", "")], right=("score",)) == [
        "lead   score  band",
        "L-1      7.0  hot",
        "L-200   64.5",
    ]


def test_a_table_without_rows_is_nothing() -> None:
    """No headings over nothing."""
    assert table(("lead", "score"), []) == []


def test_a_long_cell_is_cut() -> None:
    """An id of 200 characters leaves the other columns on the screen."""
    assert table(("lead",), [("x" * 200,)])[1] == "x" * 47 + "…"


def test_json_has_changes_as_on_the_topic(capsys: pytest.CaptureFixture[str]) -> None:
    """`from`, and not the name that Python needs; plain values as they are."""
    write_json({"change": a_change(), "n": 1, "text": "Zürich"})
    written = capsys.readouterr().out
    assert json.loads(written)["change"]["from"] == "cold"
    assert written.endswith('"n":1,"text":"Zürich"}\n')


def test_json_refuses_what_it_does_not_know() -> None:
    """A value without a form of its own is a bug, not its repr."""
    with pytest.raises(TypeError, match="set has no JSON"):
        write_json({"counts": {1, 2}})


def test_the_bar_is_of_the_models_own_scale() -> None:
    """Half-way between -50 and 50 is half a bar."""
    assert score_bar(0.0, (-50.0, 50.0)) == "█████     "


def test_the_main_reason_is_the_first() -> None:
    """In words, with its points."""
    reasons = [Contribution(rule="signup", points=24.1, what="webinar signed up")]
    assert main_reason(reasons) == "+24.1 signup (webinar signed up)"
    assert main_reason([]) == ""


def test_the_sum_ends_with_the_score() -> None:
    """A line for each part, and the score below them."""
    change = a_change()
    lines = sum_lines(change.reasons, change.adjustments, change.score)
    assert len(lines) == len(change.reasons) + len(change.adjustments) + 1
    assert lines[-1].endswith("in all")


def test_instants_are_minutes_of_utc() -> None:
    """Seconds are cut off."""
    assert minute(1_795_426_259_999) == "2026-11-23 09:30"
