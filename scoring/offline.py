"""Scores a file: the same steps as the stream takes, in the order of the lines.

A line is `{"topic": ..., "timestamp": ..., "value": {...}}`, as a record of that topic; the timestamp is the
record's Kafka timestamp, `occurred_at` when absent. With `partition` and `offset` the changes carry the ids that
they have on the stream. `{"topic": "timer", "lead_id": ..., "timestamp": ...}` advances a lead: a lane's journal,
joined with its records, is such a file.
"""

from __future__ import annotations

from collections import Counter
from typing import TypedDict

import msgspec

from schemas.changes import Adjustment, Cause, Change, Contribution
from schemas.codec import decode_command, decode_profile, decode_signal
from schemas.commands import EraseCommand, LeadCommand, ModelCommand
from schemas.instants import LATEST_MS, NotAnInstant, NoZone, format_ms, parse_ms
from schemas.rejected import Reason, Refused
from schemas.topics import BY_NAME, Family
from scoring.advance import advance
from scoring.changes import make_change, record_origin
from scoring.commands import apply_command, erased_at
from scoring.document import BadModel, read_model
from scoring.explain import DimensionReport, dimensions, explain, grade, rolling_counts
from scoring.flags import flags_up
from scoring.fold import Outcome, apply_signal
from scoring.lead import Lead, Status
from scoring.notices import Notice
from scoring.plan import Plan, TooLarge
from scoring.profile import Profile, apply_profile
from scoring.score import score_now
from scoring.succession import succeed

TIMER = "timer"


class Line(msgspec.Struct):
    """One line of the file."""

    topic: str
    value: msgspec.Raw = msgspec.Raw(b"null")
    timestamp: str | None = None
    lead_id: str | None = None
    partition: int = 0
    offset: int | None = None


class FitReport(TypedDict):
    """Who a lead is, as far as a model asks."""

    dimensions: dict[str, DimensionReport]


class LeadReport(TypedDict):
    """One lead at the end."""

    lead_id: str
    score: float
    band: str
    windows: dict[str, dict[str, int]]
    contributions: tuple[Contribution, ...]
    adjustments: tuple[Adjustment, ...]
    grade: str | None
    segment: str | None
    fit: FitReport
    flags: list[str]
    status: str | None


class LineReport(TypedDict):
    """A line that was refused, and why."""

    line: int
    reason: Reason
    field: str


class Report(TypedDict):
    """What a file came to."""

    as_of: str | None
    leads: list[LeadReport]
    changes: list[Change]
    rejected: list[LineReport]
    ignored: dict[str, int]


_decode_line = msgspec.json.Decoder(Line).decode


class FileScorer:
    """Feed it the lines one by one, then `finish`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.leads: dict[str, Lead] = {}
        self.profiles: dict[str, Profile] = {}
        self.erased: dict[str, int] = {}
        self.changes: list[Change] = []
        self.rejected: list[LineReport] = []
        self.ignored: Counter[Outcome] = Counter({Outcome.DUPLICATE: 0, Outcome.MACHINE: 0})
        self._latest_ms: int | None = None

    def feed(self, number: int, text: bytes) -> None:
        """Apply line `number` (from 1) of the file; what is refused is noted."""
        try:
            line = _decode_line(text)
        except msgspec.ValidationError:
            self._reject(number, Refused(Reason.WRONG_TYPE))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._reject(number, Refused(Reason.NOT_JSON))
        else:
            try:
                self._apply(number, line)
            except Refused as refused:
                self._reject(number, refused)

    def finish(self, as_of_ms: int | None = None) -> Report:
        """Advance every lead to `as_of_ms`, by default the latest instant in the file that was accepted."""
        at_ms = self._latest_ms if as_of_ms is None else as_of_ms
        reports: list[LeadReport] = []
        for lead_id in sorted(self.leads):
            lead = self.leads[lead_id]
            if at_ms is not None:
                self._advance(lead_id, lead, at_ms)
            reports.append(self._report(lead_id, lead))
        return {
            "as_of": None if at_ms is None else format_ms(at_ms),
            "leads": reports,
            "changes": self.changes,
            "rejected": self.rejected,
            "ignored": {outcome.value: count for outcome, count in self.ignored.items()},
        }

    def _apply(self, number: int, line: Line) -> None:
        timestamp_ms = None if line.timestamp is None else _instant(line.timestamp)
        if timestamp_ms is not None:
            self._note(timestamp_ms)
        if line.topic == TIMER:
            self._apply_timer(line.lead_id, timestamp_ms)
            return
        topic = BY_NAME.get(line.topic)
        value = bytes(line.value)
        origin = record_origin(line.topic, line.partition, number if line.offset is None else line.offset)
        match topic.family if topic else None:
            case Family.SIGNAL:
                assert topic is not None
                self._apply_signal(value, topic.default_kind, timestamp_ms, origin)
            case Family.PROFILE:
                self._apply_profile(value, timestamp_ms, origin)
            case Family.COMMAND:
                command = decode_command(value, timestamp_ms)
                if isinstance(command, ModelCommand):
                    self._apply_model(command, origin)
                else:
                    self._apply_command(command, origin)
            case _:
                raise Refused(Reason.UNKNOWN_TOPIC, "topic")

    def _apply_timer(self, lead_id: str | None, timestamp_ms: int | None) -> None:
        if lead_id is None or timestamp_ms is None:
            raise Refused(Reason.MISSING, "lead_id" if lead_id is None else "timestamp")
        lead = self.leads.get(lead_id)
        if lead is not None:
            self._advance(lead_id, lead, timestamp_ms)

    def _apply_signal(self, value: bytes, kind: str | None, timestamp_ms: int | None, origin: str) -> None:
        signal = decode_signal(value, kind, timestamp_ms)
        self._note(signal.occurred_ms)
        if self._is_erased(signal.lead_id, signal.occurred_ms):
            return
        notices: list[Notice] = []
        at_ms = signal.occurred_ms if timestamp_ms is None else timestamp_ms
        lead, outcome = apply_signal(self.plan, self.leads.get(signal.lead_id), signal, at_ms, notices)
        if outcome is not Outcome.APPLIED:
            self.ignored[outcome] += 1
            return
        assert lead is not None
        self.leads[signal.lead_id] = lead
        self._publish(signal.lead_id, notices, origin)

    def _apply_profile(self, value: bytes, timestamp_ms: int | None, origin: str) -> None:
        update = decode_profile(value, timestamp_ms)
        if self._is_erased(update.lead_id, update.occurred_ms):
            self._note(update.occurred_ms)
            return
        notices: list[Notice] = []
        profile = self.profiles.get(update.lead_id, Profile())
        lead = apply_profile(self.plan, self.leads.get(update.lead_id), profile, update, notices)
        self._note(update.occurred_ms)
        self.leads[update.lead_id], self.profiles[update.lead_id] = lead, profile
        self._publish(update.lead_id, notices, origin)

    def _apply_command(self, command: LeadCommand, origin: str) -> None:
        lead_id, before = command.lead_id, self.leads.get(command.lead_id)
        if self._is_erased(lead_id, command.occurred_at):
            self._note(command.occurred_at)
            return
        notices: list[Notice] = []
        lead, outcome = apply_command(self.plan, before, command, notices)
        self._note(command.occurred_at)
        self._publish(lead_id, notices, origin)
        if outcome is not Outcome.APPLIED:
            self.ignored[outcome] += 1
        elif isinstance(command, EraseCommand):
            self.erased[lead_id] = erased_at(before, command)
            del self.leads[lead_id]
            self.profiles.pop(lead_id, None)
        elif lead is not None:
            self.leads[lead_id] = lead

    def _is_erased(self, lead_id: str, occurred_ms: int) -> bool:
        """Whether the lead was erased after this; if so the input is ignored."""
        is_erased = occurred_ms <= self.erased.get(lead_id, -1)
        if is_erased:
            self.ignored[Outcome.ERASED] += 1
        return is_erased

    def _apply_model(self, command: ModelCommand, origin: str) -> None:
        try:
            plan = Plan(read_model(command.body), self.plan.ordinal + 1)
        except (BadModel, TooLarge):
            raise Refused(Reason.BAD_MODEL, "body") from None
        for lead_id, lead in sorted(self.leads.items()):
            notices: list[Notice] = []
            profile = self.profiles.get(lead_id, Profile())
            succeed(self.plan, plan, lead, profile, command.occurred_at, notices)
            self._publish(lead_id, notices, origin, plan)
        self.plan = plan
        self._note(command.occurred_at)

    def _advance(self, lead_id: str, lead: Lead, to_ms: int) -> None:
        notices: list[Notice] = []
        advance(self.plan, lead, to_ms, notices)
        self._publish(lead_id, notices, "")

    def _publish(self, lead_id: str, notices: list[Notice], origin: str, plan: Plan | None = None) -> None:
        for notice in notices:
            in_force = plan if plan and notice.cause is Cause.MODEL else self.plan
            place = (1, len(self.changes) + 1)
            self.changes.append(make_change(in_force, lead_id, notice, origin, place))

    def _report(self, lead_id: str, lead: Lead) -> LeadReport:
        contributions, adjustments, _ = explain(self.plan, lead, lead.as_of)
        return {
            "lead_id": lead_id,
            "score": score_now(self.plan, lead),
            "band": self.plan.names[lead.band],
            "windows": rolling_counts(self.plan, lead, lead.as_of),
            "contributions": contributions,
            "adjustments": adjustments,
            "grade": grade(self.plan, lead, lead.as_of),
            "segment": self.plan.segments[lead.segment].name,
            "fit": {"dimensions": dimensions(self.plan, lead)},
            "flags": flags_up(self.plan, lead, lead.as_of),
            "status": None if lead.status is Status.OPEN else lead.status.name.lower(),
        }

    def _reject(self, number: int, refused: Refused) -> None:
        self.rejected.append({"line": number, "reason": refused.reason, "field": refused.field})

    def _note(self, instant_ms: int) -> None:
        self._latest_ms = max(instant_ms, self._latest_ms or instant_ms)


def _instant(text: str) -> int:
    try:
        return min(parse_ms(text), LATEST_MS)
    except NotAnInstant:
        raise Refused(Reason.BAD_INSTANT, "timestamp") from None
    except NoZone:
        raise Refused(Reason.NO_ZONE, "timestamp") from None
