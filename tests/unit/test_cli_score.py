"""`leadline score`: exactly the promised object, from a file or standard input, line by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.cli import main, model_file, score
from tests.support.doubles.scored import MODEL, signal

CLICKS = [signal("L-1", "email.clicked", f"2026-11-2{day}T09:00:00Z") for day in range(3)]
FORMS = [signal("L-2", "form.submitted", f"2026-11-2{day}T10:00:00Z") for day in range(2)]
PAGE = signal("L-2", "page.viewed", "2026-11-21T11:00:00Z")
MACHINE = signal("L-1", "email.opened", "2026-11-22T09:00:00Z", machine=True)
BAD = b'{"topic": "engagements", "value": {"id": "x", "lead_id": "L-1", "occurred_at": "2026-11-22T09:00:00Z"}}'
LINES = [*CLICKS, b"{not json", *FORMS, PAGE, PAGE, MACHINE, BAD, b"", b'{"topic": "weather", "value": {}}']


@pytest.fixture(autouse=True)
def own_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packaged model may change; what is expected here is expected of this one."""
    monkeypatch.setattr(model_file, "default_text", lambda: MODEL)


def run(*arguments: str, given: bytes = b"\n".join(LINES)) -> Result:
    """`leadline score`, from standard input."""
    return CliRunner().invoke(main, ["score", "-", *arguments], input=given)


def report(*arguments: str, given: bytes = b"\n".join(LINES)) -> Any:
    """What it prints as JSON."""
    result = run("--json", *arguments, given=given)
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_the_object_has_the_promised_members_and_no_other() -> None:
    """Names and shapes are what scripts rely on."""
    found = report()
    assert list(found) == ["as_of", "leads", "changes", "rejected", "ignored"]
    assert [list(lead) for lead in found["leads"]] == [
        [
            *("lead_id", "score", "band", "windows", "contributions", "adjustments"),
            *("grade", "segment", "fit", "flags", "status"),
        ]
    ] * 2
    assert all(list(part) == ["rule", "points"] for lead in found["leads"] for part in lead["contributions"])
    assert found["as_of"] == "2026-11-22T09:00:00Z"
    assert found["ignored"] == {"duplicate": 1, "machine": 1}
    assert found["rejected"] == [
        {"line": 4, "reason": "not_json", "field": ""},
        {"line": 10, "reason": "missing", "field": "kind"},
        {"line": 12, "reason": "unknown_topic", "field": "topic"},
    ]


def test_changes_are_as_on_the_topic() -> None:
    """With `from`, the cause and the reasons."""
    (change,) = report()["changes"]
    assert (change["lead_id"], change["from"], change["to"], change["cause"]) == ("L-2", "cold", "warm", "signal")
    assert change["reasons"][0]["rule"] == "form"
    assert change["model_version"] == "small"


def test_the_parts_of_each_lead_sum_to_its_score() -> None:
    """Contributions and adjustments, at an instant of one's own choice."""
    found = report("--as-of", "2027-01-31T00:00:00Z")
    assert found["as_of"] == "2027-01-31T00:00:00Z"
    assert [change["to"] for change in found["changes"]] == ["warm", "cold"]
    for lead in found["leads"]:
        parts = [*lead["contributions"], *lead["adjustments"]]
        assert sum(part["points"] for part in parts) == pytest.approx(lead["score"], abs=1e-6)


def test_a_model_of_ones_own_counts(tmp_path: Path) -> None:
    """`--model` in place of the packaged default."""
    model = tmp_path / "model.yaml"
    model.write_text("version: mine\nrules: [{id: click, kind: email.clicked, points: 1}]\n")
    found = report("--model", str(model))
    assert [(lead["lead_id"], lead["score"]) for lead in found["leads"]] == [("L-1", 3.0), ("L-2", 0.0)]


def test_a_bad_model_ends_with_4_and_every_line(tmp_path: Path) -> None:
    """Before a line of the file is read; what is wrong, where, and what would be right."""
    model = tmp_path / "model.yaml"
    model.write_text("rules:\n  - {id: click, kind: email.clicked, points: 0}\nbands:\n  - {name: hot, enter: x}\n")
    result = run("--json", "--model", str(model))
    assert (result.exit_code, result.stdout) == (4, "")
    assert (
        f"error: {model} is not a scoring model:\n  line 2: rules[0].points: 0 points do nothing;" in result.stderr
    )
    assert "  line 4: bands[0]" in result.stderr


def test_text_for_people() -> None:
    """The leads by score, the changes, and what was refused."""
    text = run().stdout
    first, _, rest = text.partition("\n")
    assert first == "2 leads at 2026-11-22T09:00:00Z, by model small"
    assert rest.index("L-2") < rest.index("L-1")
    for part in ("1 changes, 0 of them alert", "ignored: 1 duplicate, 1 machine", "rejected: 3 lines"):
        assert part in text
    assert "not_json" in text


def test_a_file_of_nothing_is_told(tmp_path: Path) -> None:
    """Exit code 0: there was nothing to do."""
    empty = tmp_path / "empty.ndjson"
    empty.touch()
    result = CliRunner().invoke(main, ["score", str(empty)])
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "no line of this file was accepted")
    assert report(given=b"")["as_of"] is None


def test_a_line_without_an_end_does_not_fill_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its beginning is read, it is one rejected line, and the next line has the next number."""
    monkeypatch.setattr(score, "LINE_MAX_BYTES", 200)
    given = b"\n".join([CLICKS[0], b'{"topic": "' + b"x" * 5_000 + b'"}', b"{"])
    found = report(given=given)
    assert [(line["line"], line["reason"]) for line in found["rejected"]] == [(2, "not_json"), (3, "not_json")]
    assert len(found["leads"]) == 1
