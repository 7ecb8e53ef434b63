"""Commands beside flags and retracts: outcomes, contacts, erasures, and what finds nothing to act on."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.commands import ContactedCommand
from schemas.instants import parse_ms
from scoring.lead import Status
from scoring.outcomes import record_outcome
from tests.laws.drive import fold, plan_of
from tests.support.reference.examples import NOON, OPEN, commanded, moves, opened, profiled, steps
from tests.unit.worked import final, run, told

ONE, TWO = "2026-03-02T13:00:00Z", "2026-03-02T14:00:00Z"
HOT = {"name": "hot", "enter": 20, "leave": 10, "alert": True}
MODEL: dict[str, Any] = {"rules": [OPEN | {"points": 40}], "bands": [HOT]}


@pytest.mark.parametrize(
    ("results", "status", "alert"),
    [
        ([], None, True),
        (["converted"], "converted", False),
        (["dead"], "dead", False),
        (["dead", "reopened"], None, True),
        (["converted", "dead"], "dead", False),
    ],
)
def test_a_lead_that_is_done_with_alerts_nobody(results: list[str], status: str | None, *, alert: bool) -> None:
    """The last outcome is the status; the band is entered all the same."""
    lines = [profiled(NOON), *(commanded("outcome", NOON, result=result) for result in results), opened(1, ONE)]
    answer = run(MODEL, lines, ONE)
    assert answer["leads"][0]["status"] == status
    assert moves(answer) == [("cold", "hot", ONE, alert)]


@pytest.mark.parametrize("command", [commanded("outcome", TWO, result="reopened"), commanded("contacted", TWO)])
def test_what_is_told_advances_and_looks_at_no_band(command: dict[str, Any]) -> None:
    """A fall on the way is found; a score that has risen by itself enters no band."""
    fading = MODEL | {"rules": [OPEN | {"points": 40, "expires_after": "1h"}]}
    assert steps(run(fading, [opened(1, NOON), command], TWO))[-1] == ("hot to cold", "time", ONE)
    bad = {"id": "bad", "kind": "email.bounced", "points": -30, "expires_after": "1h"}
    rising = {"rules": [OPEN | {"points": 40}, bad], "bands": [HOT]}
    lines = [opened(9, NOON, kind="email.bounced"), opened(1, NOON), command]
    assert run(rising, lines, TWO)["changes"] == []
    assert moves(run(rising, [*lines, opened(2, TWO)], TWO)) == [("cold", "hot", TWO, True)]


@pytest.mark.parametrize(
    "command",
    [
        commanded("unflag", NOON, reason="doubt"),
        commanded("retract", NOON, kind="email.opened", signal_id="e-1"),
        commanded("outcome", NOON, result="dead"),
        commanded("contacted", NOON),
        commanded("erase", NOON),
    ],
)
def test_only_a_flag_makes_a_lead(command: dict[str, Any]) -> None:
    """Any other command about an unknown lead is ignored, and counted."""
    answer = run(MODEL, [command], NOON)
    assert (answer["leads"], answer["changes"], answer["ignored"]["command"]) == ([], [], 1)
    assert told(MODEL, [commanded("flag", NOON, reason="doubt")], NOON)["flags"] == ["doubt"]


@pytest.mark.parametrize(
    "command",
    [
        commanded("unflag", TWO, reason="doubt"),
        commanded("retract", TWO, kind="email.clicked", signal_id="e-1"),
        commanded("flag", TWO, reason="doubt", until=TWO),
    ],
)
def test_what_finds_nothing_advances_nothing(command: dict[str, Any]) -> None:
    """A fall that it would have found on its way is not told by it."""
    model = MODEL | {"rules": [OPEN | {"points": 40, "expires_after": "1h"}]}
    plan = plan_of({"version": "v"} | model)
    lines = [opened(1, NOON), command]
    found = fold(plan, lines)
    assert found.lead is not None
    assert (found.lead.as_of, len(found.notices)) == (parse_ms(NOON), 1)


def test_an_erased_lead_begins_anew() -> None:
    """What occurred up to the erasure is ignored, of any sort; what occurred later makes a new lead."""
    lines = [opened(1, NOON), profiled(NOON), commanded("erase", ONE)]
    again = [opened(2, ONE), profiled(NOON), commanded("flag", NOON, reason="x"), commanded("erase", ONE)]
    answer = run(MODEL, [*lines, *again], ONE)
    assert (answer["leads"], answer["ignored"]["erased"]) == ([], 4)
    assert moves(answer) == [("cold", "hot", NOON, True)]
    assert final(MODEL, [*lines, *again, opened(1, TWO)], TWO) == 40


def test_a_contact_answers_the_last_alert() -> None:
    """A band's or a surge's, whichever came last; none if there was none."""
    plan = plan_of({"version": "v", **MODEL, "surge": {"points": 60, "within": "48h"}})
    command = ContactedCommand(id="c", lead_id="L", occurred_at=TWO, command="contacted", by="sales:kim")
    alerts = []
    for lines in ([profiled(NOON)], [opened(1, NOON)], [opened(1, NOON), opened(2, ONE)]):
        lead = fold(plan, lines).lead
        assert lead is not None
        assert lead.status is Status.OPEN
        last = record_outcome(plan, lead, command).last_alert
        alerts.append(last and (last.at, last.band))
    assert alerts == [None, (NOON, "hot"), (ONE, None)]
