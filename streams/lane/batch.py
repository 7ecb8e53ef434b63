"""The fold of one batch: inputs and due timers, in the order of time, over the leads that they touch.

Pure but for its arguments: what comes out is all that the commit writes. A timer that is due before a record is
fired before it, also one that came up within the batch, so that after a stop what happened first is scored
first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

import msgspec

from schemas.accepted import Signal
from schemas.codec import encode
from schemas.commands import ContactedCommand, EraseCommand, OutcomeCommand
from schemas.profiles import ProfileUpdate
from schemas.rejected import Reason, Refused
from scoring.advance import advance
from scoring.changes import record_origin
from scoring.commands import apply_command, erased_at
from scoring.fold import Outcome, apply_signal
from scoring.lead import NEVER, Lead
from scoring.notices import Notice
from scoring.outcomes import record_outcome
from scoring.plan import Plan
from scoring.profile import Profile, apply_profile, encode_profile
from scoring.state import encode_lead
from streams.lane.erasures import Erasures
from streams.lane.inputs import Input, Said, occurred_ms_of
from streams.lane.outputs import Outputs
from streams.lane.sweep import WORTH_POINTS

_APPLIED, _MACHINE = Outcome.APPLIED, Outcome.MACHINE
"""All others leave the state as it is; of a machine's signal the number is kept."""

REJECTED, REKEYED, REPEATED, MODEL = "rejected", "rekeyed", "repeated", "model"
"""What else than an `Outcome` may become of a record."""

_encode_json = msgspec.json.Encoder().encode

Applied = tuple[str, str | int, int]
"""A line of the journal: (topic, offset, timestamp), or ("timer", lead, instant)."""


Before = tuple[int, float]
"""What the timers and the board have of a lead when a batch begins: its `wake` and its ceiling."""


NO_CEILING = float("-inf")
"""Of a lead that the board does not have."""


@dataclass
class Batch:
    """The leads of a batch by id, and what became of its inputs."""

    plan: Plan
    partition: int
    leads: dict[str, Lead]
    outputs: Outputs
    partition_of: Callable[[bytes], int]
    until_ms: int
    keeps_journal: bool
    erasures: Erasures
    profiles: dict[str, Profile] = field(default_factory=dict)
    touched: dict[str, Before] = field(default_factory=dict)
    lowered: dict[str, float] = field(default_factory=dict)
    outcomes: dict[tuple[str, str], int] = field(default_factory=dict)
    applied: list[Applied] = field(default_factory=list)
    told: list[tuple[str, bytes]] = field(default_factory=list)
    gone: dict[str, int] = field(default_factory=dict)
    stray: set[str] = field(default_factory=set)
    _updated: set[str] = field(default_factory=set)
    _timers: list[tuple[int, str]] = field(default_factory=list)
    _is_erasing: bool = False

    def fold(self, inputs: Sequence[Input], due: Sequence[tuple[str, int]]) -> None:
        """Apply the inputs in order, and each timer before the first input that is not before it."""
        self.begin(due)
        self.apply(inputs)
        self.finish()

    def begin(self, due: Sequence[tuple[str, int]]) -> None:
        """The timers that are due within the batch. The steps of a fold, for whoever does something in between."""
        self._timers = [(wake_ms, lead_id) for lead_id, wake_ms in due]
        heapify(self._timers)
        self._is_erasing = self.erasures.is_any

    def apply(self, inputs: Sequence[Input]) -> None:
        """The next inputs."""
        timers = self._timers
        for given in inputs:
            if timers and timers[0][0] <= given.timestamp_ms:
                self._fire_until(given.timestamp_ms)
            self._count(given, self._apply(given))

    def finish(self) -> None:
        """After the last input: the timers that are left."""
        self._fire_until(self.until_ms)

    def touch(self, lead_id: str, lead: Lead) -> None:
        """The lead is about to change: note how it was, the first time."""
        if lead_id not in self.touched:
            self.touched[lead_id] = (lead.wake, lead.ceiling)

    def note(self, given: Input, outcome: str) -> None:
        """Count a command, and put it into the journal."""
        self._note(given)
        self._count(given, outcome)

    def states_of(self, lead_ids: Iterable[str]) -> dict[str, bytes]:
        """The states of these leads; those of a batch are all that it touched."""
        return {lead_id: encode_lead(self.leads[lead_id]) for lead_id in lead_ids}

    def changed_profiles(self) -> dict[str, bytes]:
        """The profile of every lead that sent one."""
        return {lead_id: encode_profile(self.profiles[lead_id]) for lead_id in self._updated}

    def board(self) -> dict[str, float]:
        """Upper bounds of scores from now on: of the leads touched, and of those that the sweep lowers.

        One that has fallen by little is still true, and not written again.
        """
        high = self.plan.model.scale.max
        bounds = {}
        for lead_id, (_, before) in self.touched.items():
            ceiling = self.leads[lead_id].ceiling
            if not before - WORTH_POINTS < ceiling <= before:
                bounds[lead_id] = min(ceiling, high)
        return {**bounds, **self.lowered}

    def timers(self) -> dict[str, int | None]:
        """The timers that have changed, and those that stood where no state has them."""
        moved = [lead_id for lead_id, (wake, _) in self.touched.items() if self.leads[lead_id].wake != wake]
        return {lead_id: self._timer_of(lead_id) for lead_id in (*moved, *self.stray)}

    def _timer_of(self, lead_id: str) -> int | None:
        lead = self.leads.get(lead_id)
        return None if lead is None or lead.wake == NEVER else lead.wake

    def journal(self, offsets: dict[str, tuple[int, int]]) -> bytes:
        """What was applied, in order: with the records, the exact input of a fold that makes the same states."""
        return _encode_json({"offsets": offsets, "applied": self.applied})

    def _fire_until(self, instant_ms: int) -> None:
        while self._timers and self._timers[0][0] <= instant_ms:
            wake_ms, lead_id = heappop(self._timers)
            lead = self.leads.get(lead_id)
            if lead is None or lead.wake != wake_ms:
                self.stray.add(lead_id)
                continue
            self.touch(lead_id, lead)
            notices: list[Notice] = []
            advance(self.plan, lead, wake_ms, notices)
            self.outputs.add_changes(self.plan, lead_id, notices, "")
            if self.keeps_journal:
                self.applied.append(("timer", lead_id, wake_ms))
            self._watch(lead_id, lead)

    def _watch(self, lead_id: str, lead: Lead) -> None:
        """A timer that came up within the batch and is due within it."""
        if lead.wake != NEVER and lead.wake <= self.until_ms:
            heappush(self._timers, (lead.wake, lead_id))

    def _apply(self, given: Input) -> str:
        if given.origin is not None and self.outputs.position.is_repeated(given.origin):
            return REPEATED
        said = given.said
        if said is not None:
            return self._apply_to_lead(given, said)
        assert given.refused is not None
        if given.refused.reason not in (Reason.KEY_MISSING, Reason.KEY_MISMATCH):
            self._note(given)
        self.outputs.add_refusal(given, given.refused)
        return REJECTED

    def _apply_to_lead(self, given: Input, said: Said) -> str:
        lead_id = said.lead_id
        lead = self.leads.get(lead_id)
        if lead is None and self.partition_of(given.record.key or b"") != self.partition:
            return self._set_aside(given)
        if self.keeps_journal:
            self._note(given)
        if self._is_erasing and self.erasures.covers(lead_id, occurred_ms_of(said)):
            return Outcome.ERASED
        wake, ceiling = (NEVER, NO_CEILING) if lead is None else (lead.wake, lead.ceiling)
        notices: list[Notice] = []
        try:
            after, outcome = self._step(lead, said, given.timestamp_ms, notices)
        except Refused as refused:
            self.outputs.add_refusal(given, refused)
            return REJECTED
        if after is not None and (outcome is _APPLIED or outcome is _MACHINE):
            if lead_id not in self.touched:
                self.touched[lead_id] = (wake, ceiling)
                self.leads[lead_id] = after
            if after.wake != wake:
                self._watch(lead_id, after)
        if notices:
            self._publish(given, lead_id, notices)
        if outcome is _APPLIED and isinstance(said, EraseCommand):
            self._erase(lead_id, erased_at(lead, said))
        return outcome

    def _publish(self, given: Input, lead_id: str, notices: list[Notice]) -> None:
        record = given.record
        origin = given.origin or (record.topic, record.partition, record.offset)
        self.outputs.add_changes(self.plan, lead_id, notices, record_origin(*origin), given.timestamp_ms)

    def _step(
        self, lead: Lead | None, said: Said, timestamp_ms: int, notices: list[Notice]
    ) -> tuple[Lead | None, Outcome]:
        if isinstance(said, Signal):
            return apply_signal(self.plan, lead, said, timestamp_ms, notices)
        if isinstance(said, ProfileUpdate):
            lead = apply_profile(self.plan, lead, self.profiles[said.lead_id], said, notices)
            self._updated.add(said.lead_id)
            return lead, _APPLIED
        after, outcome = apply_command(self.plan, lead, said, notices)
        if after is not None and outcome is _APPLIED and isinstance(said, OutcomeCommand | ContactedCommand):
            self.told.append((said.lead_id, encode(record_outcome(self.plan, after, said))))
        return after, outcome

    def _erase(self, lead_id: str, until_ms: int) -> None:
        """Nothing of the lead stays, also not of what this batch says of it."""
        self.gone[lead_id] = until_ms
        self.erasures.add(lead_id, until_ms)
        self._is_erasing = True
        self.outputs.erase(lead_id)
        self.profiles[lead_id] = Profile()
        self._updated.discard(lead_id)
        self.told = [told for told in self.told if told[0] != lead_id]
        self.leads.pop(lead_id, None)
        self.touched.pop(lead_id, None)

    def _set_aside(self, given: Input) -> str:
        if given.origin is not None:
            self.outputs.add_refusal(given, Refused(Reason.BAD_ORIGIN))
            return REJECTED
        self.outputs.add_rekeyed(given.record, given.timestamp_ms, self.partition_of)
        return REKEYED

    def _count(self, given: Input, outcome: str) -> None:
        counted = given.record.topic, outcome
        self.outcomes[counted] = self.outcomes.get(counted, 0) + 1

    def _note(self, given: Input) -> None:
        if self.keeps_journal:
            self.applied.append((given.record.topic, given.record.offset, given.timestamp_ms))
