"""The report of a scored file as text: who stands where and why, what changed, what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from schemas.changes import Change
from schemas.rejected import MEANING
from scoring.offline import LeadReport, Report
from scoring.plan import Plan
from streams.cli.output import table
from streams.cli.pictures import score_bar
from streams.sandbox.screen import reasons

LEADS_SHOWN = 25
CHANGES_SHOWN = 25
"""Together a screen and a half; `--json` has all of them."""

REASONS_COLUMNS = 48
MEANING_COLUMNS = 100


def report_lines(report: Report, plan: Plan) -> Iterator[str]:
    """The lines."""
    if report["as_of"] is None:
        yield "no line of this file was accepted"
    else:
        yield from _lead_lines(report, plan)
        yield from _change_lines(report["changes"])
    yield from _refused_lines(report)


def _lead_lines(report: Report, plan: Plan) -> Iterator[str]:
    leads = sorted(report["leads"], key=lambda lead: (-lead["score"], lead["lead_id"]))
    yield f"{len(leads):,} leads at {report['as_of']}, by model {plan.model.version}"
    yield from table(
        ("lead", "score", "", "band", "grade", "what the score is made of"),
        (_lead_row(lead, plan) for lead in leads[:LEADS_SHOWN]),
        right=("score",),
    )
    yield from _more(len(leads) - LEADS_SHOWN, "with lower scores")


def _lead_row(lead: LeadReport, plan: Plan) -> tuple[str, ...]:
    held = "".join(f"flag {reason}, " for reason in lead["flags"])
    why = held + reasons(lead["contributions"], REASONS_COLUMNS - len(held))
    bar = score_bar(lead["score"], plan.scale)
    return lead["lead_id"], f"{lead['score']:.1f}", bar, lead["band"], lead["grade"] or "", why


def _change_lines(changes: list[Change]) -> Iterator[str]:
    yield ""
    alerts = sum(change.alert for change in changes)
    yield f"{len(changes):,} changes, {alerts:,} of them alert"
    yield from table(
        ("when", "lead", "what", "score", "cause", "alert"),
        (_change_row(change) for change in changes[-CHANGES_SHOWN:]),
        right=("score",),
    )
    yield from _more(len(changes) - CHANGES_SHOWN, "before these")


def _change_row(change: Change) -> tuple[str, ...]:
    alert = "alert" if change.alert else ""
    score = f"{change.score:.1f}"
    return change.occurred_at, change.lead_id, what_moved(change), score, change.cause.value, alert


def what_moved(change: Change) -> str:
    """`cold to warm`, `flag doubt raised`, `surge: 45 points of 3 kinds`."""
    if change.flag is not None:
        return f"flag {change.flag.reason} {change.flag.action}"
    if change.kinds is not None:
        return f"surge: {change.rise:g} points of {len(change.kinds)} kinds, usually {change.usual:.1f}"
    return f"{change.from_} to {change.to}"


def _refused_lines(report: Report) -> Iterator[str]:
    rejected = report["rejected"]
    ignored = ", ".join(f"{count:,} {what}" for what, count in report["ignored"].items())
    yield ""
    yield f"ignored: {ignored}"
    yield f"rejected: {len(rejected):,} lines"
    counts = Counter(line["reason"] for line in rejected)
    first = {line["reason"]: line["line"] for line in reversed(rejected)}
    yield from table(
        ("lines", "first", "reason", "meaning"),
        ((f"{count:,}", f"{first[why]}", why.value, MEANING[why]) for why, count in counts.most_common()),
        right=("lines", "first"),
        cell_max=MEANING_COLUMNS,
    )


def _more(count: int, which: str) -> Iterator[str]:
    if count > 0:
        yield f"… and {count:,} {which}; --json has them"
