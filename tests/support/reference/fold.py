"""Sections 2, 9 and 11: lines in the order of their arrival are folded into leads and changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.support.reference import bands
from tests.support.reference.accept import (
    COMMANDS,
    DEFAULT_KIND,
    ModelCommand,
    Rejection,
    Signal,
    parse_line,
    read_command,
    read_signal,
)
from tests.support.reference.falls import first_fall
from tests.support.reference.instants import SECOND_MS, instant_ms, iso
from tests.support.reference.lead import Lead
from tests.support.reference.model import Model, read_model
from tests.support.reference.points import breakdown, rolling_counts

TIMER = "timer"
"""The topic of a line that only advances a lead."""


def score(
    lines: Iterable[Mapping[str, Any] | str], model: Mapping[str, Any], as_of_ms: int | None
) -> dict[str, Any]:
    """What `leadline score --json` prints for these lines under this model, every lead advanced to `as_of_ms`.

    A line is an object, or the text of one. None for `as_of_ms`: the latest instant among the timestamps of
    the lines and the `occurred_at` of what was not rejected. Raises BadModel for the model, ValueError for a
    line of a topic that is not covered.
    """
    fold = _Fold(read_model(model))
    for number, line in enumerate(lines, start=1):
        fold.line(number, line)
    return fold.result(fold.latest_ms if as_of_ms is None else as_of_ms)


class _Fold:
    """All leads, the model in force, and what has come out so far."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.latest_ms: int | None = None
        self._leads: dict[str, Lead] = {}
        self._changes: list[dict[str, Any]] = []
        self._rejected: list[dict[str, Any]] = []
        self._ignored = {"duplicate": 0, "machine": 0}

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
        elif topic == COMMANDS:
            self._put_in_force(read_command(record_ms, value))
        elif topic in DEFAULT_KIND:
            self._signal(read_signal(topic, record_ms, value))
        else:
            raise ValueError(f"topic not covered: {topic}")

    def _saw(self, instant: int | None) -> None:
        if instant is not None:
            self.latest_ms = instant if self.latest_ms is None else max(self.latest_ms, instant)

    def _timer(self, lead_id: str, at_ms: int) -> None:
        if lead_id in self._leads:
            self._advance(self._leads[lead_id], at_ms)

    def _signal(self, signal: Signal) -> None:
        """Sections 3 and 9: ignored, or advance to it, apply it at `as_of`, and look at the bands."""
        self._saw(signal.occurred_ms)
        lead = self._leads.get(signal.lead_id)
        if lead is not None and lead.remembers(signal):
            self._ignored["duplicate"] += 1
            return
        if signal.machine:
            self._ignored["machine"] += 1
            return
        if lead is None:
            lead = Lead(signal.lead_id, signal.occurred_ms, signal.occurred_ms)
            self._leads[lead.id] = lead
        self._advance(lead, signal.occurred_ms)
        before = breakdown(self.model, lead, lead.as_of_ms).score
        lead.take(self.model, signal)
        self._after_input(lead, before, "signal", lead.band)

    def _put_in_force(self, command: ModelCommand) -> None:
        """Section 11: each lead comes to the instant under the old model, and the new one looks at its bands."""
        self._saw(command.occurred_ms)
        old = self.model
        for _, lead in sorted(self._leads.items()):
            self._advance(lead, command.occurred_ms)
        self.model = command.model
        for _, lead in sorted(self._leads.items()):
            before, was_in = breakdown(old, lead, lead.as_of_ms).score, lead.band
            lead.adopt(old, command.model)
            self._after_input(lead, before, "model", was_in)

    def _after_input(self, lead: Lead, before: float, cause: str, was_in: str) -> None:
        """Section 9: one change at most; up by a signal may alert."""
        lead.input_ms = lead.as_of_ms
        after = breakdown(self.model, lead, lead.as_of_ms).score
        place = self.model.place_of(lead.band)
        reached = bands.settle(self.model, place, after)
        ringing = (
            bands.ringing(self.model, place, reached, lead.alerted, lead.as_of_ms) if cause == "signal" else []
        )
        lead.alerted.update({band.name: lead.as_of_ms for band in ringing})
        lead.band = self.model.band_at(reached)
        if lead.band != was_in:
            up = reached > place
            self._change(lead, was_in, up=up, alert=bool(ringing), score=after, previous_score=before, cause=cause)

    def _advance(self, lead: Lead, until_ms: int) -> None:
        """Sections 2 and 9: fall where time alone makes the lead fall; an earlier instant changes nothing."""
        while (fall_ms := first_fall(self.model, lead, until_ms)) is not None:
            before_ms = max(fall_ms - SECOND_MS, lead.input_ms)
            before = breakdown(self.model, lead, before_ms).score
            after = breakdown(self.model, lead, fall_ms).score
            was_in, lead.as_of_ms = lead.band, fall_ms
            lead.band = self.model.band_at(bands.drop(self.model, self.model.place_of(was_in), after))
            self._change(lead, was_in, up=False, alert=False, score=after, previous_score=before, cause="time")
        lead.as_of_ms = max(lead.as_of_ms, until_ms)

    def _change(self, lead: Lead, was_in: str, *, up: bool, **members: Any) -> None:
        self._changes.append(
            {
                "lead_id": lead.id,
                "kind": "band",
                "from": was_in,
                "to": lead.band,
                "direction": "up" if up else "down",
                "occurred_at": iso(lead.as_of_ms),
                "threshold": self.model.threshold,
                "windows": rolling_counts(lead, lead.as_of_ms),
                **members,
            }
        )

    def result(self, as_of_ms: int | None) -> dict[str, Any]:
        """Advance every lead to the instant, then tell all; a lead that is already further stays there."""
        for _, lead in sorted(self._leads.items()):
            self._advance(lead, lead.as_of_ms if as_of_ms is None else as_of_ms)
        told = {
            "as_of": None if as_of_ms is None else iso(as_of_ms),
            "leads": [self._told(lead) for _, lead in sorted(self._leads.items())],
            "changes": self._changes,
            "rejected": self._rejected,
            "ignored": self._ignored,
        }
        return dict(json.loads(json.dumps(told)))

    def _told(self, lead: Lead) -> dict[str, Any]:
        explained = breakdown(self.model, lead, lead.as_of_ms)
        return {
            "lead_id": lead.id,
            "score": explained.score,
            "band": lead.band,
            "windows": rolling_counts(lead, lead.as_of_ms),
            "contributions": [{"rule": part.name, "points": part.points} for part in explained.parts],
            "adjustments": [{"what": what, "points": points} for what, points in explained.adjustments],
        }
