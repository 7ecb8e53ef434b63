"""The slow reference scorer, against figures worked out by hand: commands."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.support.reference.examples import (
    NOON,
    OPEN,
    commanded,
    final,
    moves,
    opened,
    profiled,
    run,
    steps,
    told,
)

ONE = "2026-03-02T13:00:00Z"
TWO = "2026-03-02T14:00:00Z"


def test_model_in_force_changes_by_command() -> None:
    """Points change at once and alert nobody; a rule with another decay counts from then on only."""
    bands = [{"name": "hot", "enter": 50, "leave": 40, "alert": True}]
    old = {"rules": [OPEN, {"id": "o2", "kind": "email.opened", "points": 3}], "bands": bands}
    new = {"rules": [OPEN | {"points": 60}, {"id": "o2", "kind": "email.opened", "points": 3, "half_life": "7d"}]}
    command = {"id": "c", "occurred_at": NOON, "command": "model", "version": "2"}
    body = yaml.safe_dump(new | {"bands": bands})
    lines = [
        opened(1, "2026-03-01T12:00:00Z"),
        {"topic": "lead.commands", "timestamp": NOON, "value": command | {"body": body}},
    ]
    answer = run(old, lines, NOON)
    assert [(one["cause"], one["score"], one["previous_score"]) for one in answer["changes"]] == [("model", 60, 13)]
    assert moves(answer) == [("cold", "hot", NOON, False)]
    assert final(old, [*lines, opened(2, NOON)], "2026-03-09T12:00:00Z") == 100
    assert final(old | {"scale": {"max": 500}}, lines, "2026-03-09T12:00:00Z") == 60


def retract(occurred_at: str, signal_id: str, kind: str = "email.opened") -> dict[str, Any]:
    """One of lead L's signals was a machine's."""
    return commanded("retract", occurred_at, kind=kind, signal_id=signal_id)


def test_a_retract_takes_a_signal_out() -> None:
    """Its points, its count in windows and the place that it took in a limit; its id stays remembered."""
    model = {
        "rules": [OPEN | {"limit": {"times": 1, "per": "day"}}],
        "bands": [{"name": "a", "enter": 9, "leave": 8}],
    }
    lines = [opened(1, NOON), retract(ONE, "e-1"), opened(1, ONE)]
    answer = run(model, lines, ONE)
    assert steps(answer) == [("cold to a", "signal", NOON), ("a to cold", "retract", ONE)]
    assert (answer["leads"][0]["score"], answer["leads"][0]["windows"]) == (0, {})
    assert answer["ignored"]["duplicate"] == 1
    assert final(model, [*lines, opened(2, ONE)], ONE) == 10
    assert final(model, [*lines, opened(2, ONE), opened(3, ONE)], ONE) == 10


def test_a_retract_of_a_loss_lifts_the_lead_without_an_alert() -> None:
    """Up by a retract alerts nobody."""
    bad = {"id": "bad", "kind": "email.bounced", "points": -30}
    bands = [{"name": "hot", "enter": 20, "leave": 10, "alert": True}]
    model = {"rules": [OPEN | {"points": 40}, bad], "bands": bands}
    lines = [opened(1, NOON, kind="email.bounced"), opened(2, NOON), retract(ONE, "e-1", "email.bounced")]
    answer = run(model, lines, ONE)
    assert moves(answer) == [("cold", "hot", ONE, False)]
    assert answer["changes"][0]["cause"] == "retract"


def test_a_retract_finds_the_newest_32_once() -> None:
    """The 33rd newest is not found, nor an unknown one, nor one retracted before, which keeps its place."""
    model = {"rules": [OPEN | {"points": 1}]}
    lines = [opened(number, NOON) for number in range(33)]
    lines += [retract(ONE, "e-0"), retract(ONE, "e-99"), retract(ONE, "e-5"), retract(ONE, "e-5")]
    answer = run(model, lines, ONE)
    assert (answer["leads"][0]["score"], answer["ignored"]["command"]) == (32, 3)
    assert final(model, [*lines, opened(33, TWO), retract(TWO, "e-1")], TWO) == 33


def test_a_retracted_signal_still_ended_the_quiet() -> None:
    """The latest engagement stays: at 14 days after it the penalty is due, not at 14 days after the one before."""
    model = {"rules": [OPEN], "inactivity": {"after": "14d", "points": -4, "every": "7d", "at_most": 1}}
    lines = [opened(1, NOON), opened(2, "2026-03-09T12:00:00Z"), retract("2026-03-09T12:00:00Z", "e-2")]
    assert final(model, lines, "2026-03-20T12:00:00Z") == 10
    assert final(model, lines, "2026-03-23T12:00:00Z") == 6


def test_an_erasure_forgets_the_lead() -> None:
    """The fall before it is told; what occurred up to it is ignored; what occurred later makes a new lead."""
    model = {
        "rules": [OPEN | {"points": 50, "expires_after": "1h"}],
        "bands": [{"name": "hot", "enter": 50, "leave": 40}],
    }
    lines = [opened(1, NOON), profiled(NOON, phone="1"), commanded("erase", TWO)]
    answer = run(model, lines, TWO)
    assert (answer["leads"], steps(answer)) == ([], [("cold to hot", "signal", NOON), ("hot to cold", "time", ONE)])
    lines += [
        opened(1, NOON),
        profiled(TWO, phone="1"),
        commanded("flag", TWO, reason="x"),
        commanded("erase", TWO),
    ]
    answer = run(model, lines, TWO)
    assert (answer["leads"], answer["ignored"]["erased"]) == ([], 4)
    later = "2026-03-02T14:00:00.001Z"
    assert final(model, [*lines, opened(1, later)], later) == 50
    assert final(model, [*lines, opened(1, later), opened(2, TWO)], later) == 50


def test_an_early_erasure_counts_at_as_of() -> None:
    """An erasure said late is one of the instant at which the lead is: what occurred before is gone for good."""
    lines = [opened(1, TWO), commanded("erase", NOON), opened(2, ONE), opened(3, TWO)]
    answer = run({"rules": [OPEN]}, lines, TWO)
    assert (answer["leads"], answer["ignored"]["erased"]) == ([], 2)


@pytest.mark.parametrize(
    "command",
    [
        commanded("unflag", NOON, reason="doubt"),
        retract(NOON, "e-1"),
        commanded("outcome", NOON, result="dead"),
        commanded("contacted", NOON),
        commanded("erase", NOON),
    ],
)
def test_commands_make_no_lead(command: dict[str, Any]) -> None:
    """For an unknown lead all but a flag is ignored."""
    answer = run({"rules": [OPEN]}, [command], NOON)
    assert (answer["leads"], answer["ignored"]) == ([], {"duplicate": 0, "machine": 0, "command": 1})


def test_outcome_and_contacted_look_at_no_band() -> None:
    """They advance the lead; a score that has risen by itself stays out until the next input of another sort."""
    bad = {"id": "bad", "kind": "email.bounced", "points": -30, "expires_after": "1h"}
    model = {"rules": [OPEN | {"points": 40}, bad], "bands": [{"name": "hot", "enter": 20, "leave": 10}]}
    lines = [opened(1, NOON, kind="email.bounced"), opened(2, NOON)]
    lines += [commanded("outcome", TWO, result="converted", value=9.5), commanded("contacted", TWO, by="sales:kim")]
    answer = run(model, lines, TWO)
    assert answer["changes"] == []
    assert (answer["leads"][0]["score"], answer["leads"][0]["status"]) == (40, "converted")
    late = profiled(NOON, phone="1")
    assert moves(run(model, [*lines, late], TWO)) == [("cold", "hot", TWO, False)]
    lines.append(commanded("outcome", TWO, result="reopened"))
    assert told(model, lines, TWO)["status"] is None


def test_a_model_raises_and_lifts_fit_flags() -> None:
    """Under the new model the lead has another flag: lifted first, then raised, then the band, cause model."""
    rules = [OPEN | {"points": 50}]
    bands = [{"name": "hot", "enter": 50, "leave": 40, "alert": True}]

    def fit(reason: str) -> dict[str, Any]:
        return {"fit": [{"id": reason, "where": {"phone": {"missing": True}}, "flag": reason}]}

    old = {"rules": rules, "bands": bands, "flag_cap": 100, **fit("z")}
    body = yaml.safe_dump({"rules": rules, "bands": bands, **fit("a")})
    command = {"id": "c", "occurred_at": ONE, "command": "model", "version": "2", "body": body}
    lines = [profiled(NOON), opened(1, NOON), {"topic": "lead.commands", "timestamp": ONE, "value": command}]
    assert steps(run(old, lines, ONE)) == [
        ("z raised", "profile", NOON),
        ("cold to hot", "signal", NOON),
        ("z lifted", "model", ONE),
        ("a raised", "model", ONE),
        ("hot to cold", "model", ONE),
    ]
