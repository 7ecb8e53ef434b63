"""What came of a command is read off the lead before and after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from schemas.codec import encode
from schemas.commands import LeadCommand
from schemas.instants import parse_ms
from scoring.outcomes import record_outcome
from streams.cli.decision import compose
from streams.cli.errors import Failure
from streams.cli.judgement import ignored_because, look_at, new_changes
from streams.lane.erasures import Erasures
from streams.store import Remains
from tests.support.doubles.scored import WHOLE, ScoredLeads, command, scored, signal

NOW = "2026-11-23T09:30:00Z"
NOW_MS = parse_ms(NOW)


class Clock:
    """Stands at NOW."""

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return NOW_MS

    def monotonic_s(self) -> float:
        """Seconds."""
        return 0.0


class Store(ScoredLeads):
    """A lane that applies a command when it is told to."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        super().__init__({0: scored(lines, WHOLE)}, WHOLE)
        self.told: list[bytes] = []
        self.forgotten = Erasures("", {})
        self.hashes: dict[str, int] = {}

    def apply(self, said: LeadCommand, value: bytes) -> None:
        """What a lane does with it."""
        scorer = self.scorers[0]
        scorer.feed(99, b'{"topic":"lead.commands","timestamp":"%s","value":%s}' % (NOW.encode(), value))
        lead = scorer.leads.get(said.lead_id)
        if lead is not None and said.command in ("outcome", "contacted"):
            self.told.append(encode(record_outcome(scorer.plan, lead, said)))  # type: ignore[arg-type]
        if said.lead_id in scorer.erased:
            self.hashes.update([self.forgotten.add(said.lead_id, scorer.erased[said.lead_id])])
            self.metas[0]["erasure_key"] = self.forgotten.key
        self.metas[0]["seq:lead.score-changes"] = str(len(scorer.changes))

    async def outcomes(self, partition: int, lead_id: str) -> list[bytes]:
        """What was told."""
        return self.told

    async def erased(self, partition: int) -> dict[str, int]:
        """The erasures."""
        return dict(self.hashes)

    async def remains(self, partition: int, lead_id: str) -> Remains:
        """Not looked at here."""
        return Remains(0, 0, False, False, 0, 0, 0)


GROUND = [
    signal("L-1", "form.submitted", "2026-11-23T08:00:00Z"),
    command("L-1", "flag", "2026-11-23T09:00:00Z", reason="known", cap=50),
    b'{"topic":"engagements","value":{"id":"e-1","lead_id":"L-1","kind":"email.clicked",'
    b'"occurred_at":"2026-11-23T08:30:00Z"}}',
]


async def carried_out(store: Store, name: str, lead_id: str = "L-1", **members: Any) -> str | None:
    """Why the command was ignored, None if it was applied."""
    composed = compose(lead_id, name, members, Clock())
    before = await look_at(store, 0, lead_id, NOW_MS)  # type: ignore[arg-type]
    store.apply(composed.said, composed.value)
    after = await look_at(store, 0, lead_id, NOW_MS)  # type: ignore[arg-type]
    return ignored_because(composed.said, before, after)


APPLIED = {
    "flag": {"reason": "doubt"},
    "unflag": {"reason": "known"},
    "retract": {"kind": "email.clicked", "signal_id": "e-1"},
    "outcome": {"result": "dead"},
    "contacted": {},
    "erase": {},
}


@pytest.mark.parametrize("name", APPLIED)
async def test_what_was_applied_is_told_apart_from_what_was_not(name: str) -> None:
    """The command finds what it is about; of an unknown lead all but a flag find nothing."""
    assert await carried_out(Store(GROUND), name, **APPLIED[name]) is None
    said = await carried_out(Store(GROUND), name, "L-2", **APPLIED[name])
    assert said == (None if name == "flag" else "no lead 'L-2' is known; ids count upper and lower case")


@pytest.mark.parametrize(
    ("name", "members", "why"),
    [
        ("flag", {"reason": "old", "until": "2026-01-01T00:00:00Z"}, "its end, 2026-01-01T00:00:00Z, is not after"),
        ("unflag", {"reason": "other"}, "no flag 'other' that people have raised is up"),
        ("retract", {"kind": "email.clicked", "signal_id": "e-2"}, "no email.clicked 'e-2' is among the newest 32"),
    ],
)
async def test_what_found_nothing_says_what_it_looked_for(name: str, members: dict[str, Any], why: str) -> None:
    """In the words of the command."""
    said = await carried_out(Store(GROUND), name, **members)
    assert said is not None
    assert said.startswith(why)


async def test_again_is_not_the_same() -> None:
    """A second retract finds nothing; a flag raised again is raised; a lead erased twice is told so."""
    store = Store(GROUND)
    for again in (False, True):
        said = await carried_out(store, "retract", kind="email.clicked", signal_id="e-1")
        assert (said is not None) == again
    for _ in range(2):
        assert await carried_out(store, "flag", reason="doubt") is None
    assert await carried_out(store, "erase") is None
    for name in ("erase", "contacted"):
        said = await carried_out(store, name)
        assert said is not None
        assert said.startswith("the lead was erased")


async def test_a_long_reason_is_known_by_what_is_kept_of_it() -> None:
    """The state keeps 240 bytes: the flag is raised all the same."""
    assert await carried_out(Store(GROUND), "flag", reason="é" * 200) is None


async def test_only_what_came_since_is_new() -> None:
    """The flag that was up before is no change of this command."""
    store = Store(GROUND)
    store.metas[0]["seq:lead.score-changes"] = str(len(store.scorers[0].changes))
    composed = compose("L-1", "flag", {"reason": "doubt"}, Clock())
    before = await look_at(store, 0, "L-1", NOW_MS)  # type: ignore[arg-type]
    assert new_changes(before, before) == []
    store.apply(composed.said, composed.value)
    after = await look_at(store, 0, "L-1", NOW_MS)  # type: ignore[arg-type]
    assert [change.flag and change.flag.reason for change in new_changes(before, after)] == ["doubt"]


@pytest.mark.parametrize(
    ("lead_id", "members", "why"),
    [
        ("L" * 201, {"reason": "x"}, "lead_id: an id has more than 200"),
        ("L-1", {"reason": " "}, "reason: a required field is empty or blank"),
        ("L-1", {"reason": "x", "cap": float("nan")}, "the command: the value is not valid JSON"),
    ],
)
def test_what_a_lane_would_refuse_is_not_sent(lead_id: str, members: dict[str, Any], why: str) -> None:
    """With the words of the refusal, and exit code 4."""
    with pytest.raises(Failure, match=why) as failed:
        compose(lead_id, "flag", members, Clock())
    assert failed.value.exit_code == 4
