"""A file of inputs scored under two models side by side: who would be handed to sales under one and not the other.

Pure. Both models are in force from the first line on; commands of the file that put another model in force are left
out, for then neither of the two would be tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, TypedDict

import msgspec

from schemas.changes import Change
from schemas.instants import DAY_MS, NotAnInstant, NoZone, parse_ms
from schemas.topics import COMMANDS
from scoring.offline import FileScorer, LeadReport, Report
from scoring.plan import Plan


class Side(TypedDict):
    """What one of the models comes to. `crossed`: leads that crossed the line agreed with sales, once or more.

    `alerts` by whatever made them, `surges` among them.
    """

    version: str
    threshold: float | None
    crossed: int
    alerts: int
    surges: int
    alerts_per_day: float
    bands: dict[str, int]


class Crossing(TypedDict):
    """A lead that crosses the line under one model only: when for the first time, and where it is at the end."""

    lead_id: str
    at: str
    score: dict[str, float]
    band: dict[str, str]


class TrialReport(TypedDict):
    """Both sides. `days`: from the first to the last instant of the file, at least one."""

    as_of: str | None
    days: float
    leads: int
    rejected: int
    ignored: dict[str, int]
    models_left_out: int
    current: Side
    tried: Side
    newly: list[Crossing]
    dropped: list[Crossing]


class _Value(msgspec.Struct):
    command: str | None = None
    occurred_at: str | None = None


class _Line(msgspec.Struct):
    topic: str
    value: _Value = msgspec.field(default_factory=_Value)


class _Scored(NamedTuple):
    """One side at the end of the file."""

    plan: Plan
    report: Report
    leads: dict[str, LeadReport]
    crossed: dict[str, str]


_decode_line = msgspec.json.Decoder(_Line).decode


class Trial:
    """Feed it the lines one by one, then `finish`."""

    def __init__(self, current: Plan, tried: Plan) -> None:
        self._current, self._tried = FileScorer(current), FileScorer(tried)
        self._first_ms: int | None = None
        self._models_left_out = 0

    def feed(self, number: int, text: bytes) -> None:
        """Apply line `number` of the file under both models."""
        line = _read(text)
        if line is not None and line.topic == COMMANDS.name and line.value.command == "model":
            self._models_left_out += 1
            return
        rejected = len(self._current.rejected)
        self._current.feed(number, text)
        self._tried.feed(number, text)
        if line is not None and len(self._current.rejected) == rejected:
            self._note(line.value.occurred_at)

    def finish(self) -> TrialReport:
        """Bring all leads to the latest instant of the file, and compare."""
        current, tried = _scored(self._current), _scored(self._tried)
        as_of = current.report["as_of"]
        days = max((parse_ms(as_of) - self._first_ms) / DAY_MS, 1.0) if as_of and self._first_ms else 1.0
        return {
            "as_of": as_of,
            "days": round(days, 2),
            "leads": len(current.leads),
            "rejected": len(current.report["rejected"]),
            "ignored": current.report["ignored"],
            "models_left_out": self._models_left_out,
            "current": _side(current, days),
            "tried": _side(tried, days),
            "newly": _only_in(tried, current, current, tried),
            "dropped": _only_in(current, tried, current, tried),
        }

    def _note(self, instant: str | None) -> None:
        try:
            at_ms = parse_ms(instant) if instant else None
        except (NotAnInstant, NoZone):
            return
        if at_ms is not None:
            self._first_ms = min(at_ms, self._first_ms or at_ms)


def _read(text: bytes) -> _Line | None:
    """What must be known of a line before it is scored; None for one that will be rejected."""
    try:
        return _decode_line(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _scored(scorer: FileScorer) -> _Scored:
    report = scorer.finish()
    leads = {lead["lead_id"]: lead for lead in report["leads"]}
    crossed: dict[str, str] = {}
    for lead_id, at in _crossings(scorer.plan, report["changes"]):
        crossed.setdefault(lead_id, at)
    return _Scored(scorer.plan, report, leads, crossed)


def _crossings(plan: Plan, changes: list[Change]) -> Iterator[tuple[str, str]]:
    """(lead, instant) of each change from below the line agreed with sales to above it."""
    place = {name: place for place, name in enumerate(plan.names)}
    line = max((place[band.name] for band in plan.bands if band.alert), default=len(plan.names))
    for change in changes:
        if change.kind == "band" and place[change.from_ or ""] < line <= place[change.to or ""]:
            yield change.lead_id, change.occurred_at


def _side(scored: _Scored, days: float) -> Side:
    alerts = [change.kind for change in scored.report["changes"] if change.alert]
    counts = Counter(lead["band"] for lead in scored.leads.values())
    return {
        "version": scored.plan.model.version,
        "threshold": scored.plan.model.threshold,
        "crossed": len(scored.crossed),
        "alerts": len(alerts),
        "surges": alerts.count("surge"),
        "alerts_per_day": round(len(alerts) / days, 2),
        "bands": {name: counts[name] for name in scored.plan.names},
    }


def _only_in(one: _Scored, other: _Scored, current: _Scored, tried: _Scored) -> list[Crossing]:
    """The leads that cross under `one` and never under `other`, those of the highest score under `one` first."""
    found = [lead_id for lead_id in one.crossed if lead_id not in other.crossed and lead_id in one.leads]
    found.sort(key=lambda lead_id: (-one.leads[lead_id]["score"], lead_id))
    return [
        {
            "lead_id": lead_id,
            "at": one.crossed[lead_id],
            "score": {
                "current": current.leads[lead_id]["score"],
                "tried": tried.leads[lead_id]["score"],
            },
            "band": {
                "current": current.leads[lead_id]["band"],
                "tried": tried.leads[lead_id]["band"],
            },
        }
        for lead_id in found
    ]
