"""Laws 1 and 2: neither the order of arrival nor a repeat changes a score."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scoring.fold import Outcome
from scoring.state import encode_lead
from tests.laws.cases import Case, cases, fits
from tests.laws.drive import Told, fold, fold_on, plan_of, score_at, step
from tests.laws.edges import END_MS
from tests.laws.profile import law
from tests.laws.whole import WITHOUT_COMMANDS, whole_histories, whole_models
from tests.support.reference.instants import HOUR_MS, instant_ms, iso

NOON = "2026-03-02T12:00:00Z"
LAST_REPEAT_MS = 72 * HOUR_MS - 1


def unlimited(model: dict[str, Any]) -> dict[str, Any]:
    """The model without limits."""
    rules = [{name: member for name, member in rule.items() if name != "limit"} for rule in model["rules"]]
    return model | {"rules": rules}


def arriving_at_once(lines: list[Any]) -> list[Any]:
    """The inputs, recorded when they occurred: in any order no signal is a repeat, and no field has to choose.

    Each signal has an id of its own; of profiles of the same instant only the first is there.
    """
    arriving: list[Any] = []
    instants: set[str] = set()
    for number, line in enumerate(lines):
        if line["topic"] == "timer":
            continue
        value = line["value"] | {"id": f"e-{number}"}
        if line["topic"] == "lead.profiles":
            if value["occurred_at"] in instants:
                continue
            instants.add(value["occurred_at"])
        arriving.append({"topic": line["topic"], "timestamp": value["occurred_at"], "value": value})
    return arriving


@law
@given(whole_models().filter(fits), whole_histories(sorts=WITHOUT_COMMANDS), st.data())
def test_law_1_order_does_not_matter(model: dict[str, Any], lines: list[Any], data: st.DataObject) -> None:
    """The same signals and profiles in any order of arrival give the same score, absent limits."""
    plan, arriving = plan_of(unlimited(model)), arriving_at_once(lines)
    assume(any("machine" not in line["value"] for line in arriving))
    scores = []
    for order in (arriving, data.draw(st.permutations(arriving))):
        lead = fold(plan, order).lead
        assert lead is not None
        scores.append([score_at(plan, lead, at_ms) for at_ms in (lead.as_of, END_MS - 30 * 24 * HOUR_MS, END_MS)])
    assert scores[0] == pytest.approx(scores[1], abs=1e-6)


@law
@given(cases, st.data())
def test_law_2_a_repeat_changes_nothing(case: Case, data: st.DataObject) -> None:
    """A signal that comes again within the memory is known as one, and leaves the state's bytes as they are."""
    plan, lines = plan_of(case[0]), case[1]
    accepted, told = _remembered(case)
    assume(accepted)
    assert told.lead is not None
    again = data.draw(st.sampled_from(accepted))
    last_ms = instant_ms(lines[-1]["timestamp"])
    recorded_ms = max(last_ms, instant_ms(again["timestamp"]) + data.draw(st.integers(0, LAST_REPEAT_MS)))
    assume(recorded_ms - instant_ms(again["timestamp"]) <= LAST_REPEAT_MS)
    before, notices = encode_lead(told.lead), len(told.notices)
    after = fold_on(plan, told._replace(outcomes=[]), [again | {"timestamp": iso(recorded_ms)}])
    assert after.outcomes == [Outcome.DUPLICATE]
    assert after.lead is not None
    assert encode_lead(after.lead) == before
    assert len(after.notices) == notices


def _remembered(case: Case) -> tuple[list[Any], Told]:
    """The signals accepted since the last erasure, retracted ones too, and what all lines came to."""
    plan, told, accepted = plan_of(case[0]), Told(None, [], []), list[Any]()
    for line in case[1]:
        told = step(plan, told, line)
        if told.lead is None:
            accepted = []
        elif line["topic"] == "engagements" and told.outcomes[-1] is Outcome.APPLIED:
            accepted.append(line)
    return accepted, told


def opened(number: int, recorded_at: str, occurred_at: str = NOON, **members: Any) -> dict[str, Any]:
    """One signal with this number in its id."""
    value = {"id": f"e-{number}", "lead_id": "L", "occurred_at": occurred_at, "kind": "email.opened", **members}
    return {"topic": "engagements", "timestamp": recorded_at, "value": value}


@pytest.mark.parametrize(
    ("others", "recorded_at", "outcome"),
    [
        (0, "2026-03-02T12:00:00Z", Outcome.DUPLICATE),
        (0, "2026-03-05T11:59:59.999Z", Outcome.DUPLICATE),
        (0, "2026-03-05T12:00:00Z", Outcome.APPLIED),
        (255, "2026-03-02T12:00:00Z", Outcome.DUPLICATE),
        (256, "2026-03-02T12:00:00Z", Outcome.APPLIED),
    ],
)
def test_memory_for_repeats_ends_where_it_says(others: int, recorded_at: str, outcome: Outcome) -> None:
    """A repeat is known for less than 72 hours, and while fewer than 256 others came after it."""
    plan = plan_of({"version": "v", "rules": [{"id": "open", "kind": "email.opened", "points": 1}]})
    told = fold(plan, [opened(0, NOON), *(opened(1 + n, NOON) for n in range(others))])
    assert fold(plan, [opened(0, recorded_at)], told.lead).outcomes == [outcome]


def test_a_repeat_of_another_kind_is_none() -> None:
    """It is the pair of kind and id that is remembered."""
    plan = plan_of({"version": "v", "rules": [{"id": "open", "kind": "email.opened", "points": 1}]})
    told = fold(plan, [opened(0, NOON), opened(0, NOON, kind="email.clicked"), opened(0, NOON, kind="a.b")])
    assert told.outcomes == [Outcome.APPLIED] * 3


def test_a_later_record_between_does_not_make_a_repeat_new() -> None:
    """What counts is the time between the two records: files without timestamps are not in the order of time."""
    plan = plan_of({"version": "v", "rules": [{"id": "open", "kind": "email.opened", "points": 1}]})
    later = "2026-03-12T12:00:00Z"
    told = fold(plan, [opened(0, NOON), opened(1, later, later), opened(0, NOON)])
    assert told.outcomes == [Outcome.APPLIED, Outcome.APPLIED, Outcome.DUPLICATE]


def test_a_machine_leaves_the_lead_as_it_is() -> None:
    """A prefetch advances nothing, engages nobody and is not remembered: the lead's own signal of its id counts."""
    plan = plan_of({"version": "v", "rules": [{"id": "open", "kind": "email.opened", "points": 1}]})
    first = fold(plan, [opened(0, NOON)]).lead
    assert first is not None
    later = "2026-03-12T12:00:00Z"
    told = fold(plan, [opened(7, later, later, machine=True)], first)
    assert told.lead is not None
    assert told.lead.machines == 1
    told.lead.machines = 0
    assert encode_lead(told.lead) == encode_lead(first)
    assert fold(plan, [opened(7, later, later)], told.lead).outcomes == [Outcome.APPLIED]


def test_a_machine_alone_makes_no_lead() -> None:
    """Of an unknown lead a machine's signal leaves nothing."""
    plan = plan_of({"version": "v", "rules": [{"id": "open", "kind": "email.opened", "points": 1}]})
    assert fold(plan, [opened(0, NOON, machine=True)]).lead is None
