"""`leadline model try`: a file under two models, who would cross the line under one of them only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.cli import main
from tests.support.doubles.scored import signal

NOW = """
version: now
rules:
  - {id: form, kind: form.sent, points: 40}
  - {id: page, kind: page.viewed, points: 10}
bands:
  - {name: warm, enter: 30, leave: 20}
  - {name: hot, enter: 70, leave: 60, alert: true}
"""
TRIED = """
version: later
rules:
  - {id: form, kind: form.sent, points: 30}
  - {id: page, kind: page.viewed, points: 20}
bands:
  - {name: warm, enter: 30, leave: 20}
  - {name: hot, enter: 55, leave: 50, alert: true}
  - {name: top, enter: 90, leave: 80}
surge: {points: 30, within: 1h}
"""
FORMS = [signal("forms", "form.sent", f"2026-11-20T1{hour}:00:00Z") for hour in range(2)]
PAGES = [signal("pages", "page.viewed", f"2026-11-2{day}T10:00:00Z") for day in range(3)]
COLD = signal("cold", "page.viewed", "2026-11-24T10:00:00Z")
MODEL = {"id": "m", "command": "model", "version": "x", "body": "rules: []", "occurred_at": "2026-11-20T11:30:00Z"}
SWITCH = json.dumps({"topic": "lead.commands", "value": MODEL}).encode()
BAD = b'{"topic": "engagements", "value": {"id": "x", "lead_id": "cold", "occurred_at": "1970-01-01T00:00:00Z"}}'
LINES = [*FORMS, SWITCH, *PAGES, b"{not json", BAD, b"", COLD]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Where the tests write the models."""
    (tmp_path / "now").write_text(NOW)
    (tmp_path / "tried").write_text(TRIED)
    return tmp_path


def run(files: Path, *arguments: str, given: list[bytes] = LINES) -> Result:
    """`leadline model try`, from standard input."""
    return CliRunner().invoke(
        main,
        ["model", "try", str(files / "tried"), "-", "--model", str(files / "now"), *arguments],
        input=b"\n".join(given),
    )


def report(files: Path, given: list[bytes] = LINES) -> Any:
    """What it prints as JSON."""
    result = run(files, "--json", given=given)
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_who_would_newly_cross_and_who_would_not_any_more(files: Path) -> None:
    """By lead, with the first time, and the score and band under both at the end."""
    found = report(files)
    assert found["newly"] == [
        {
            "lead_id": "pages",
            "at": "2026-11-22T10:00:00Z",
            "score": {"current": 30.0, "tried": 60.0},
            "band": {"current": "warm", "tried": "hot"},
        }
    ]
    assert found["dropped"] == []
    low = report(files, [*FORMS[:1], signal("forms", "page.viewed", "2026-11-20T12:00:00Z"), *PAGES])
    assert [crossing["lead_id"] for crossing in low["newly"]] == ["pages"]


def test_a_lead_that_crosses_now_only_is_told(files: Path) -> None:
    """The models the other way round."""
    (files / "now").write_text(TRIED)
    (files / "tried").write_text(NOW)
    found = report(files)
    assert (found["newly"], [crossing["lead_id"] for crossing in found["dropped"]]) == ([], ["pages"])


def test_both_sides_in_numbers(files: Path) -> None:
    """Lines, crossings, alerts with the surges among them, alerts a day, bands at the end."""
    found = report(files)
    assert found["current"] == {
        "version": "now",
        "threshold": 70.0,
        "crossed": 1,
        "alerts": 1,
        "surges": 0,
        "alerts_per_day": 0.25,
        "bands": {"cold": 1, "warm": 1, "hot": 1},
    }
    assert found["tried"]["crossed"] == 2
    assert (found["tried"]["alerts"], found["tried"]["surges"], found["tried"]["alerts_per_day"]) == (4, 2, 1.0)
    assert found["tried"]["bands"] == {"cold": 1, "warm": 0, "hot": 2, "top": 0}


def test_what_was_left_out_is_told(files: Path) -> None:
    """Lines that are refused, models that the file itself puts in force; refused instants lengthen no day."""
    found = report(files)
    assert (found["rejected"], found["models_left_out"], found["leads"]) == (2, 1, 3)
    assert (found["days"], found["as_of"]) == (4.0, "2026-11-24T10:00:00Z")


def test_text_for_people(files: Path) -> None:
    """Both models side by side, then the leads."""
    text = run(files).stdout
    columns = [" ".join(line.split()) for line in text.splitlines()]
    for line in (
        "3 leads over 4 days until 2026-11-24T10:00:00Z",
        "line agreed with sales 70 55",
        "leads that crossed it 1 2 +1",
        "alerts a day 0.25 1 +0.75",
        "would newly cross the line: 1 lead",
        "pages 2026-11-22T10:00:00Z 30.0 60.0 warm hot",
        "would not cross it any more: 0 leads",
        "rejected: 2 lines, the same under both",
        "left out: 1 command that puts another model in force",
    ):
        assert line in columns


def test_long_lists_are_cut(files: Path) -> None:
    """The highest scores are shown, the others are counted."""
    pages = [signal(f"L-{n}", "page.viewed", f"2026-11-20T1{m}:00:00Z") for n in range(30) for m in range(3)]
    text = run(files, given=pages).stdout
    assert "… and 10 with lower scores; --json has them as newly" in text


def test_a_file_of_nothing_is_told(files: Path) -> None:
    """Exit code 0: there was nothing to do."""
    result = run(files, given=[])
    assert (result.exit_code, result.stdout) == (0, "no line of this file was accepted\n")
    assert report(files, [])["as_of"] is None


def test_without_a_current_model_the_packaged_default_is_taken(files: Path) -> None:
    """As `leadline score` does."""
    result = CliRunner().invoke(main, ["model", "try", str(files / "tried"), "-", "--json"], input=COLD)
    assert json.loads(result.stdout)["current"]["version"] == "default-1"


def test_a_model_without_an_alert_is_crossed_by_nobody(files: Path) -> None:
    """Its line is none, in words and in JSON."""
    (files / "tried").write_text("version: quiet\nbands: [{name: warm, enter: 1, leave: 0}]\n")
    assert ["70", "none"] in [line.split()[-2:] for line in run(files).stdout.splitlines()]
    assert report(files)["tried"]["threshold"] is None
