"""The export: every lead on a line of its own, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from click.testing import CliRunner

from schemas.instants import parse_ms
from streams.cli import leads, main
from tests.support.doubles.scored import WHOLE, ScoredLeads, command, profile, scored, signal

NOW = "2026-11-23T09:30:00Z"


class Clock:
    """Stands at NOW."""

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return parse_ms(NOW)


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> ScoredLeads:
    """Two lanes, with what people choose to be called."""
    warm = [signal("L-1", "form.submitted", NOW), signal("L-1", "form.submitted", NOW, second=True)]
    who = profile("L-1", NOW, company_size=2_000, job_title="VP", email="ann@acme.example", score="mine")
    doubt = command("L-2", "flag", NOW, reason="doubt", cap=5)
    dead = command("=1+1", "outcome", NOW, result="dead")
    evil = [profile("=1+1", NOW, email='@SUM(A1),"x"\n', budget=-5), dead]
    lanes = {
        0: scored([*warm, who], WHOLE),
        1: scored([signal("L-2", "email.clicked", NOW), doubt, *evil], WHOLE),
    }
    reader = ScoredLeads(lanes, WHOLE)

    @asynccontextmanager
    async def reading(_: object) -> AsyncIterator[ScoredLeads]:
        yield reader

    monkeypatch.setattr(leads, "reading", reading)
    monkeypatch.setattr(leads, "SystemClock", Clock)
    return reader


def printed(*arguments: str) -> str:
    """What the command prints."""
    result = CliRunner().invoke(main, ["leads", *arguments])
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def rows(*arguments: str) -> dict[str, dict[str, str]]:
    """The lines of CSV by lead."""
    return {row["lead_id"]: row for row in csv.DictReader(io.StringIO(printed(*arguments)))}


def test_everybody_is_there_with_what_sales_needs() -> None:
    """Score, band, grade, segment, what is known, flags, status, and when it falls."""
    found = rows("--csv")
    assert set(found) == {"L-1", "L-2", "'=1+1"}
    first = found["L-1"]
    assert float(first["score"]) == pytest.approx(55.0, abs=0.01)
    assert (first["band"], first["grade"], first["segment"]) == ("warm", "B2", "enterprise")
    assert (first["bant_known"], first["bant_points"], first["flags"], first["status"]) == (
        "authority",
        "15",
        "",
        "",
    )
    assert first["falls_at"] > NOW
    assert first["last_engaged_at"] == NOW
    assert (found["L-2"]["flags"], float(found["L-2"]["score"])) == ("doubt", 5.0)
    assert found["'=1+1"]["status"] == "dead"


def test_csv_is_the_default_and_fields_come_after_the_columns() -> None:
    """A field that is called as a column of ours is not mistaken for it."""
    header, *_ = printed("--fields", "email, score,budget").splitlines()
    assert header.split(",") == [*leads.COLUMNS, "email", "profile_score", "budget"]
    assert rows("--fields", "score")["L-1"]["profile_score"] == "mine"
    assert list(rows()) == ["L-1", "L-2", "'=1+1"]


def test_no_cell_is_a_formula() -> None:
    """A text that a spreadsheet would run is quoted; a number stays a number."""
    evil = rows("--fields", "email,budget")["'=1+1"]
    assert evil["email"] == '\'@SUM(A1),"x"\n'
    assert evil["budget"] == "-5"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A", "\tx", "\rx", "\N{FULLWIDTH EQUALS SIGN}1"])
def test_what_begins_a_formula_is_told_apart(text: str) -> None:
    """Also what Excel takes for the same signs."""
    assert leads.cell(text) == f"'{text}"
    assert leads.cell(f"x{text}") == f"x{text}"


def test_json_has_a_line_for_each_lead_as_it_is() -> None:
    """Ids are not touched: who reads JSON runs no formulas."""
    lines = [json.loads(line) for line in printed("--json", "--fields", "email").splitlines()]
    by_id: dict[str, dict[str, Any]] = {line["lead_id"]: line for line in lines}
    assert set(by_id) == {"L-1", "L-2", "=1+1"}
    assert by_id["L-2"]["flags"] == ["doubt"]
    assert (by_id["L-2"]["email"], by_id["L-1"]["email"]) == (None, "ann@acme.example")


def test_both_formats_at_once_are_none() -> None:
    """One has to choose."""
    result = CliRunner().invoke(main, ["leads", "--csv", "--json"])
    assert (result.exit_code, result.stderr) == (2, "error: choose --csv or --json; see `leadline leads --help`\n")
