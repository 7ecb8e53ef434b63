"""The demo's lines: what a stranger reads."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import pytest

from schemas.changes import Cause, Change, Contribution
from schemas.codec import read_change
from streams.sandbox import screen
from streams.sandbox.ports import RankedLead
from streams.sandbox.tally import Summary, Tally
from streams.sandbox.terminal import CLEAR, Terminal

PLAIN, COLOURED = screen.Paint(False), screen.Paint(True)
NOW = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)


def a_change(**members: object) -> Change:
    """A lead that got hot by signing up, unless said otherwise."""
    usual: dict[str, object] = {
        "change_id": "c", "timeline": 1, "seq": 1, "lead_id": "L-00317", "from": "cold", "to": "warm",
        "direction": "up", "alert": False, "occurred_at": "2026-11-23T21:04:07.250Z", "score": 46.2,
        "previous_score": 21.2, "threshold": 70, "cause": Cause.SIGNAL, "adjustments": (), "windows": {},
        "falls_at": None, "model_version": "default-1", "grade": "B3", "segment": None, "kind": "band",
        "reasons": (
            Contribution(rule="signup", points=25.0, what="webinar signed up"),
            Contribution(rule="click", points=12.1, what="email clicked"),
            Contribution(rule="open", points=9.1, what="email opened"),
        ),
    }  # fmt: skip
    return read_change(usual | members)


def visible(line: str) -> str:
    """The line without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def test_a_change_says_when_who_what_how_high_and_why() -> None:
    """One line in the columns of the header."""
    assert screen.change_line(a_change(), now=NOW, paint=PLAIN) == (
        "21:04:07  L-00317   cold ▲ warm   46.2 ████▋       B3     +25.0 signup, +12.1 click, +9.1 open"
    )


def test_the_header_stands_above_its_columns() -> None:
    """Each word begins where its column begins."""
    header = screen.change_header(PLAIN)
    line = screen.change_line(a_change(), now=NOW, paint=PLAIN)
    for word, shown in {"lead": "L-00317", "from": "cold", "to ": "warm", "grade": "B3", "what": "+25.0"}.items():
        assert header.index(word) == line.index(shown)


def of_no_band(**members: object) -> Change:
    """A change of another kind."""
    return a_change(**{"from": None, "to": None, "direction": None, **members})


@pytest.mark.parametrize(("action", "shown"), [("raised", "raised"), ("lifted", "lifted"), ("expired", "ended ")])
def test_a_flag_says_whose_it_is(action: str, shown: str) -> None:
    """In the columns of every change, so that the score stands where it always does."""
    change = of_no_band(kind="flag", flag={"reason": "doubt", "action": action, "by": "sales:kim"}, score=20.0)
    assert screen.change_line(change, now=NOW, paint=PLAIN) == (
        f"21:04:07  L-00317   flag {shown}   20.0 ██          B3     doubt, by sales:kim"
    )


def test_a_surge_says_what_it_came_from() -> None:
    """Its points against what is usual, and the kinds."""
    kinds = ("email.clicked", "webinar.signed_up")
    change = of_no_band(kind="surge", rise=41.0, usual=3.4, kinds=kinds, alert=True)
    assert screen.change_line(change, now=NOW, paint=PLAIN) == (
        "21:04:07  L-00317   surge         46.2 ████▋       B3     +41, usually 3: email clicked, web…  ALERT"
    )


def test_no_text_of_a_flag_is_wider_than_the_screen() -> None:
    """People write long reasons."""
    flag = {"reason": "r" * 200, "action": "raised", "by": "b" * 60}
    assert len(screen.change_line(of_no_band(kind="flag", flag=flag), now=NOW, paint=PLAIN)) == screen.WIDTH


def test_an_alert_ends_its_line() -> None:
    """The one thing that nobody may miss."""
    line = screen.change_line(a_change(alert=True, to="hot"), now=NOW, paint=PLAIN)
    assert line.endswith("  ALERT")


def test_a_fall_points_down() -> None:
    """Direction is seen without reading the bands."""
    assert "warm ▼ cold" in screen.change_line(
        a_change(direction="down", **{"from": "warm", "to": "cold"}), now=NOW, paint=PLAIN
    )


@pytest.mark.parametrize("alert", [True, False])
def test_no_change_is_wider_than_the_screen(alert: bool) -> None:
    """Reasons that do not fit are left out, with a sign that there are more."""
    many = tuple(Contribution(rule=f"a-rule-with-a-long-name-{n}", points=30.0 - n, what="") for n in range(9))
    line = screen.change_line(a_change(alert=alert, reasons=many), now=NOW, paint=PLAIN)
    assert len(line) <= screen.WIDTH
    assert "…" in line


def test_colours_change_no_column() -> None:
    """What is visible is the same with and without them."""
    change = a_change(alert=True)
    coloured = screen.change_line(change, now=NOW, paint=COLOURED)
    assert coloured != visible(coloured)
    assert visible(coloured) == screen.change_line(change, now=NOW, paint=PLAIN)


def test_a_change_of_another_day_shows_the_day() -> None:
    """While a month is caught up with, the hour says nothing."""
    line = screen.change_line(a_change(occurred_at="2026-11-03T21:04:07Z"), now=NOW, paint=PLAIN)
    assert line.startswith("Nov 03    L-00317")


@pytest.mark.parametrize(
    ("score", "shown"),
    [(0.0, ""), (1.25, "▏"), (50.0, "█████"), (56.25, "█████▋"), (100.0, "█" * 10), (250.0, "█" * 10), (-3.0, "")],
)
def test_the_bar_is_the_score_to_an_eighth_of_a_column(score: float, shown: str) -> None:
    """Ten columns are the whole scale; beyond its ends the bar stands still."""
    assert screen.bar(score) == shown.ljust(10)


def test_the_ranking_numbers_its_leads() -> None:
    """Place, lead, band, score."""
    lines = screen.ranking_lines([RankedLead("L-00001", "hot", 91.5, "A1")], 2_000, PLAIN)
    assert lines == ["", "the highest of 2,000 leads now", "    1. L-00001   hot    91.5 █████████▏ A1", ""]


def test_progress_fills_up() -> None:
    """From nothing to all."""
    assert "the worker starts" in screen.progress(0, 10, 0)
    assert "█" * 15 + "░" * 15 in screen.progress(5, 10, 1)
    assert "10 of 10 events, 3 changes" in screen.progress(10, 10, 3)


def test_the_summary_is_read_without_a_manual() -> None:
    """Each number has its words, and no line is wider than the screen."""
    summary = Summary(
        events=61_234, backlog_events=60_438, live_events=796, leads=2_000,
        by_band={"cold": 1_756, "warm": 170, "hot": 74}, changes_up=540, changes_down=105, alerts=113,
        surges=9, flags_raised=41, rejected=27, duplicates=312, machine_opens=30_174, catch_up_s=3.1,
        events_per_s=19_496.1,
    )  # fmt: skip
    lines = screen.summary_lines(summary, PLAIN)
    assert lines[2] == "  events      61,234   60,438 of the past, 796 live"
    assert any("1,756 cold · 170 warm · 74 hot" in line for line in lines)
    assert max(map(len, lines)) <= screen.WIDTH


def test_leads_that_never_changed_are_cold() -> None:
    """The bands of all simulated leads sum to their number."""
    tally = Tally()
    tally.add(a_change(seq=1, lead_id="a", to="warm"))
    tally.add(a_change(seq=2, lead_id="b", to="hot"))
    tally.add(a_change(seq=3, lead_id="b", to="cold", direction="down"))
    assert tally.by_band(10) == {"cold": 9, "warm": 1}


def test_flags_and_surges_are_counted_and_move_nobody() -> None:
    """A flag that ends is no flag raised; alerts of all kinds count."""
    tally = Tally()
    tally.add(a_change(lead_id="a", to="warm"))
    for action in ("raised", "raised", "lifted", "expired"):
        tally.add(of_no_band(lead_id="a", kind="flag", flag={"reason": "doubt", "action": action}))
    tally.add(of_no_band(lead_id="a", kind="surge", rise=41.0, usual=0.0, kinds=("page.viewed",), alert=True))
    assert (tally.up, tally.flags_raised, tally.surges, tally.alerts, tally.changes) == (1, 2, 1, 1, 6)
    assert tally.by_band(10) == {"cold": 9, "warm": 1}


class FakeTerminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_status_line_is_written_over_on_a_terminal() -> None:
    """Lines go above it, and it stays."""
    stream = FakeTerminal()
    terminal = Terminal(stream, {})
    terminal.status("loading")
    terminal.line("done")
    assert stream.getvalue() == f"{CLEAR}loading{CLEAR}done\nloading"


def test_a_file_gets_lines_only() -> None:
    """No status, no colours, no control characters."""
    stream = io.StringIO()
    terminal = Terminal(stream, {})
    terminal.status("loading")
    terminal.line("done")
    assert stream.getvalue() == "done\n"
    assert not terminal.coloured


def test_no_color_is_respected() -> None:
    """The variable of that name, whatever its value, turns colours off and nothing else."""
    terminal = Terminal(FakeTerminal(), {"NO_COLOR": "1"})
    assert terminal.interactive
    assert not terminal.coloured
