"""The lines that the demo shows: pure functions from what happened to text.

Every line has at most WIDTH visible columns and says what it is about by itself: whoever sees it for the first
time knows neither the system nor its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from schemas.changes import Change, Contribution
from streams.sandbox.ports import RankedLead
from streams.sandbox.tally import Summary

WIDTH = 100
"""Columns of a line: half of a wide screen, and what a terminal shows side by side with a browser."""

BAR_WIDTH = 10
PROGRESS_WIDTH = 30

SCALE_MAX = 100.0
"""The top of the default model's scale, which is the demo's."""

EIGHTHS = " ▏▎▍▌▋▊▉"
"""A block filled from the left by so many eighths."""

ALERT = "ALERT"
LEAD_WIDTH = 8
BAND_WIDTH = 4
WHAT_WIDTH = 2 * BAND_WIDTH + 3
GRADE_WIDTH = 5
SCORE_WIDTH = 5
REASONS_SHOWN = 4

GAP = "  "

GREEN, RED, YELLOW, BOLD, DIM, ALERTING = "32", "31", "33", "1", "2", "1;30;43"
ARROWS = {"up": "▲", "down": "▼"}
FLAG_WORDS = {"raised": "raised", "lifted": "lifted", "expired": "ended"}
COLOURS = {"up": GREEN, "down": RED}


@dataclass(frozen=True, slots=True)
class Paint:
    """ANSI colours, or none."""

    enabled: bool

    def __call__(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.enabled and code and text else text


def change_line(change: Change, *, now: datetime, paint: Paint) -> str:
    """`21:04:07  L-00317   cold ▲ warm   46.2 ████▋       B3  +25.0 signup, +12.1 click`, then ALERT."""
    what, colour = _what(change)
    columns = [
        (moment(change.occurred_at, now), DIM),
        (f"{change.lead_id:<{LEAD_WIDTH}}", ""),
        (f"{what:<{WHAT_WIDTH}}", colour),
        (f"{change.score:{SCORE_WIDTH}.1f} {bar(change.score)}", YELLOW),
        (f"{change.grade or '':<{GRADE_WIDTH}}", ""),
    ]
    tail = [(ALERT, ALERTING)] if change.alert else []
    taken = sum(len(text) + len(GAP) for text, _ in (*columns, *tail))
    why = (_why(change, WIDTH - taken), "")
    return GAP.join(paint(text, code) for text, code in (*columns, why, *tail) if text)


def change_header(paint: Paint) -> str:
    """What the columns of a change are."""
    columns = (
        "time UTC",
        f"{'lead':<{LEAD_WIDTH}}",
        f"{'from':>{BAND_WIDTH}}   {'to':<{BAND_WIDTH}}",
        f"{'score':<{SCORE_WIDTH + 1 + BAR_WIDTH}}",
        "grade",
        "what the score is made of",
    )
    return paint(GAP.join(columns), DIM)


def _what(change: Change) -> tuple[str, str]:
    """What moved, and its colour: `cold ▲ warm`, `flag raised`, `surge`."""
    match change.kind:
        case "band":
            direction = change.direction or ""
            arrow = ARROWS.get(direction, "•")
            return f"{change.from_:>{BAND_WIDTH}} {arrow} {change.to:<{BAND_WIDTH}}", COLOURS.get(direction, "")
        case "flag":
            action = "" if change.flag is None else FLAG_WORDS[change.flag.action]
            return f"flag {action}", RED if action == "raised" else GREEN
        case "surge":
            return "surge", GREEN
        case _:
            assert_never(change.kind)


def _why(change: Change, width: int) -> str:
    """What the score is made of; of a flag whose it is, of a surge what it came from."""
    flag = change.flag
    if flag is not None:
        whose = "" if flag.by is None else f", by {flag.by}"
        return _clip(f"{flag.reason}{whose}", width)
    if change.kinds is not None:
        kinds = ", ".join(kind.replace(".", " ").replace("_", " ") for kind in change.kinds)
        return _clip(f"+{change.rise:.0f}, usually {change.usual:.0f}: {kinds}", width)
    return reasons(change.reasons, width)


def _clip(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def bar(score: float) -> str:
    """The score on its scale, BAR_WIDTH columns, to an eighth of a column."""
    eighths = round(min(max(score / SCALE_MAX, 0.0), 1.0) * BAR_WIDTH * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + EIGHTHS[rest] * (rest > 0)).ljust(BAR_WIDTH)


def reasons(contributions: Sequence[Contribution], width: int) -> str:
    """The largest contributions, as many as fit: `+25.0 signup, +12.1 click, …`."""
    largest = sorted(contributions, key=lambda reason: -abs(reason.points))
    texts = [f"{reason.points:+.1f} {reason.rule}" for reason in largest]
    shown = texts[:REASONS_SHOWN]
    while shown and len(_joined(shown, len(texts))) > width:
        shown.pop()
    return _joined(shown, len(texts)) if shown else ""


def moment(occurred_at: str, now: datetime) -> str:
    """Eight columns: the time of a change of today, the day of an older one. In UTC."""
    at = datetime.fromisoformat(occurred_at).astimezone(UTC)
    same_day = at.date() == now.astimezone(UTC).date()
    return f"{at:%H:%M:%S}" if same_day else f"{at:%b %d}  "


def progress(done: int, total: int, changes: int) -> str:
    """How far the worker has come through the backlog."""
    share = done / total if total else 1.0
    filled = ("█" * round(share * PROGRESS_WIDTH)).ljust(PROGRESS_WIDTH, "░")
    what = f"{done:,} of {total:,} events" if done else "the worker starts"
    return f"scoring  {filled}  {what}, {changes:,} changes"


def ranking_lines(ranked: Sequence[RankedLead], leads: int, paint: Paint) -> list[str]:
    """The leads with the highest scores, a line for each."""
    heading = paint(f"the highest of {leads:,} leads now", BOLD)
    rows = [
        f"  {place:>3}. {lead.lead_id:<{LEAD_WIDTH}}  {lead.band:<{BAND_WIDTH}}  "
        f"{lead.score:{SCORE_WIDTH}.1f} {paint(bar(lead.score), YELLOW)} {lead.grade or ''}".rstrip()
        for place, lead in enumerate(ranked, start=1)
    ]
    return ["", heading, *rows, ""]


def bands(by_band: dict[str, int]) -> str:
    """`1,756 cold · 170 warm · 74 hot`."""
    return " · ".join(f"{count:,} {band}" for band, count in by_band.items())


def summary_lines(summary: Summary, paint: Paint) -> list[str]:
    """The end: what happened, in numbers that a person understands."""
    ignored = summary.machine_opens + summary.duplicates
    rows = [
        ("events", summary.events, f"{summary.backlog_events:,} of the past, {summary.live_events:,} live"),
        ("speed", round(summary.events_per_s), "events a second while catching up with the past"),
        ("leads", summary.leads, bands(summary.by_band)),
        ("changes", summary.changes_up + summary.changes_down, _directions(summary)),
        ("alerts", summary.alerts, "leads that crossed the line on which sales is called, or surged"),
        ("surges", summary.surges, "leads that warmed fast, against what is usual for them"),
        ("flags", summary.flags_raised, "red flags raised, by sales and by what a profile shows"),
        ("ignored", ignored, _ignored(summary)),
        ("rejected", summary.rejected, "bad records, each in lead.events.rejected with its reason"),
    ]
    return ["", paint("in all", BOLD), *(f"  {name:<9}{count:>9,}   {what}" for name, count, what in rows)]


def _joined(shown: Sequence[str], of: int) -> str:
    return ", ".join(shown) + (", …" if len(shown) < of else "")


def _directions(summary: Summary) -> str:
    return f"{summary.changes_up:,} times into a higher band, {summary.changes_down:,} into a lower one"


def _ignored(summary: Summary) -> str:
    return f"{summary.machine_opens:,} opens by machines, {summary.duplicates:,} sent twice"
