"""Sections 2, 3 and 11: lines in the order of their arrival are folded into leads and changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.support.reference import commands
from tests.support.reference.accept import DEFAULT_KIND, PROFILES, Profile, Signal, read_profile, read_signal
from tests.support.reference.acts import act_of
from tests.support.reference.commands import Command, ModelCommand, read_command
from tests.support.reference.document import read_model
from tests.support.reference.fit import dimensions, reasons_by_fit, segment_of
from tests.support.reference.instants import instant_ms, iso
from tests.support.reference.lead import Lead
from tests.support.reference.members import Rejection, parse_line
from tests.support.reference.model import Model
from tests.support.reference.points import breakdown, grade, rolling_counts
from tests.support.reference.steps import Change, advance, after_gain, after_input, look

TIMER = "timer"
"""The topic of a line that only advances a lead."""


def score(
    lines: Iterable[Mapping[str, Any] | str], model: Mapping[str, Any], as_of_ms: int | None
) -> dict[str, Any]:
    """What `leadline score --json` prints for these lines under this model, every lead advanced to `as_of_ms`.

    A line is an object, or the text of one. None for `as_of_ms`: the latest instant among the timestamps of
    the lines and the `occurred_at` of what was not rejected. Raises BadModel for the model, ValueError for a
    line of a topic that there is not.
    """
    fold = _Fold(read_model(model))
    for number, line in enumerate(lines, start=1):
        fold.line(number, line)
    return fold.result(fold.latest_ms if as_of_ms is None else as_of_ms)


class _Fold:
    """All leads, the model in force, and what has come out so far. `_erased` are instants of erasures."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.latest_ms: int | None = None
        self._leads: dict[str, Lead] = {}
        self._erased: dict[str, int] = {}
        self._changes: list[Change] = []
        self._rejected: list[dict[str, Any]] = []
        self._ignored = {"duplicate": 0, "machine": 0, "erased": 0, "command": 0}

    def line(self, number: int, line: Mapping[str, Any] | str) -> None:
        """Apply one line, or list it as rejected. Lines count from 1."""
        try:
            self._apply_line(parse_line(line) if isinstance(line, str) else line)
        except Rejection as rejection:
            self._rejected.append({"line": number, "reason": rejection.reason, "field": rejection.field})

    def _apply_line(self, line: Mapping[str, Any]) -> None:
        topic, value = line["topic"], line.get("value")
        record_ms = instant_ms(line["timestamp"]) if line.get("timestamp") else None
        self._saw(record_ms)
        if topic == TIMER:
            self._timer(line["lead_id"], instant_ms(line["timestamp"]))
        elif topic == commands.TOPIC:
            self._input(read_command(record_ms, value))
        elif topic == PROFILES:
            self._input(read_profile(record_ms, value))
        elif topic in DEFAULT_KIND:
            self._input(read_signal(topic, record_ms, value))
        else:
            raise ValueError(f"no such topic: {topic}")

    def _saw(self, instant: int | None) -> None:
        if instant is not None:
            self.latest_ms = instant if self.latest_ms is None else max(self.latest_ms, instant)

    def _timer(self, lead_id: str, at_ms: int) -> None:
        if lead_id in self._leads:
            advance(self.model, self._leads[lead_id], at_ms, self._changes)

    def _input(self, one: Signal | Profile | Command | ModelCommand) -> None:
        """Sections 3 and 11: what came again after an erasure is ignored before anything else is looked at."""
        if isinstance(one, ModelCommand):
            self._put_in_force(one)
        elif one.lead_id in self._erased and one.occurred_ms <= self._erased[one.lead_id]:
            self._ignored["erased"] += 1
        else:
            match one:
                case Signal():
                    self._signal(one)
                case Profile():
                    self._profile(one)
                case Command():
                    self._command(one)
        self._saw(one.occurred_ms)

    def _signal(self, signal: Signal) -> None:
        """Sections 3, 9, 10: ignored, or advance to it, apply it at `as_of`, look at the bands and for a surge."""
        lead = self._leads.get(signal.lead_id)
        if lead is not None and lead.remembers(signal):
            self._ignored["duplicate"] += 1
            return
        if signal.machine:
            self._ignored["machine"] += 1
            return
        lead = self._brought(signal.lead_id, signal.occurred_ms)
        before = look(self.model, lead)
        accepted = lead.take(self.model, signal)
        after_input(self.model, lead, before, "signal", self._changes)
        if accepted.gained > 0:
            after_gain(self.model, lead, before, self._changes)

    def _profile(self, profile: Profile) -> None:
        """Section 6: refused if the lead would have too many fields."""
        known = self._leads.get(profile.lead_id)
        if known is not None and known.knows_too_much(profile):
            raise Rejection("too_many")
        lead = self._brought(profile.lead_id, profile.occurred_ms)
        before = look(self.model, lead)
        lead.learn(profile)
        after_input(self.model, lead, before, "profile", self._changes)

    def _command(self, command: Command) -> None:
        """Section 11: ignored if it finds nothing to act on at the instant at which it would be applied."""
        known = self._leads.get(command.lead_id)
        at_ms = command.occurred_ms if known is None else max(known.as_of_ms, command.occurred_ms)
        act = act_of(command, known, at_ms)
        if act is None:
            self._ignored["command"] += 1
            return
        lead = self._brought(command.lead_id, command.occurred_ms)
        if command.name == "erase":
            self._erased[lead.id] = lead.as_of_ms
            del self._leads[lead.id]
            return
        before = look(self.model, lead)
        notices = act.on(lead)
        if act.cause is not None:
            after_input(self.model, lead, before, act.cause, self._changes, notices)

    def _brought(self, lead_id: str, occurred_ms: int) -> Lead:
        """The lead, advanced to the instant of an input; a new one if it is unknown."""
        lead = self._leads.setdefault(lead_id, Lead(lead_id, occurred_ms, occurred_ms))
        advance(self.model, lead, occurred_ms, self._changes)
        return lead

    def _put_in_force(self, command: ModelCommand) -> None:
        """Section 11: each lead comes to the instant under the old model, and the new one looks at its bands."""
        for _, lead in sorted(self._leads.items()):
            advance(self.model, lead, command.occurred_ms, self._changes)
        for _, lead in sorted(self._leads.items()):
            before = look(self.model, lead)
            lead.adopt(self.model, command.model)
            after_input(command.model, lead, before, "model", self._changes)
        self.model = command.model

    def result(self, as_of_ms: int | None) -> dict[str, Any]:
        """Advance every lead to the instant, then tell all; a lead that is already further stays there."""
        for _, lead in sorted(self._leads.items()):
            advance(self.model, lead, lead.as_of_ms if as_of_ms is None else as_of_ms, self._changes)
        always = ("duplicate", "machine")
        told = {
            "as_of": None if as_of_ms is None else iso(as_of_ms),
            "leads": [self._told(lead) for _, lead in sorted(self._leads.items())],
            "changes": self._changes,
            "rejected": self._rejected,
            "ignored": {name: count for name, count in self._ignored.items() if count or name in always},
        }
        return dict(json.loads(json.dumps(told)))

    def _told(self, lead: Lead) -> dict[str, Any]:
        explained = breakdown(self.model, lead, lead.as_of_ms)
        segment = segment_of(self.model, lead)
        up = {flag.reason for flag in lead.flags.values() if flag.is_up(lead.as_of_ms)}
        return {
            "lead_id": lead.id,
            "score": explained.score,
            "band": lead.band,
            "windows": rolling_counts(lead, lead.as_of_ms),
            "contributions": [{"rule": part.name, "points": part.points} for part in explained.parts],
            "adjustments": [{"what": what, "points": points} for what, points in explained.adjustments],
            "grade": grade(self.model, explained),
            "segment": None if segment is None else segment.name,
            "fit": {"dimensions": dimensions(self.model, lead)},
            "flags": sorted(up | reasons_by_fit(self.model, lead)),
            "status": lead.status,
        }
