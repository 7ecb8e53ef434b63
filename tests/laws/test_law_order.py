"""Laws 1 and 2: neither the order of arrival nor a repeat changes a score."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scoring.fold import Outcome
from scoring.lead import encode_lead
from tests.laws.cases import Case, cases
from tests.laws.drive import fold, plan_of, score_at
from tests.laws.edges import END_MS
from tests.laws.profile import times
from tests.support.reference.instants import HOUR_MS, instant_ms, iso

NOON = "2026-03-02T12:00:00Z"
LAST_REPEAT_MS = 72 * HOUR_MS - 1


def unlimited(model: dict[str, Any]) -> dict[str, Any]:
    """The model without limits."""
    rules = [{name: member for name, member in rule.items() if name != "limit"} for rule in model["rules"]]
    return model | {"rules": rules}


def arriving_at_once(lines: list[Any]) -> list[Any]:
    """The signals, each with an id of its own, recorded when they occurred: in any order none is a repeat."""
    values = [line["value"] | {"id": f"e-{n}"} for n, line in enumerate(lines) if line["topic"] != "timer"]
    return [{"topic": "engagements", "timestamp": value["occurred_at"], "value": value} for value in values]


@times(1.5)
@given(cases, st.data())
def test_law_1_order_does_not_matter(case: Case, data: st.DataObject) -> None:
    """The same signals in any order of arrival give the same score, absent limits."""
    plan, lines = plan_of(unlimited(case[0])), arriving_at_once(case[1])
    assume(any("machine" not in line["value"] for line in lines))
    scores = []
    for order in (lines, data.draw(st.permutations(lines))):
        lead = fold(plan, order).lead
        assert lead is not None
        scores.append([score_at(plan, lead, at_ms) for at_ms in (lead.as_of, END_MS - 30 * 24 * HOUR_MS, END_MS)])
    assert scores[0] == pytest.approx(scores[1], abs=1e-6)


@times(1.5)
@given(cases, st.data())
def test_law_2_a_repeat_changes_nothing(case: Case, data: st.DataObject) -> None:
    """A signal that comes again within the memory is known as one, and leaves the state's bytes as they are."""
    plan, lines = plan_of(case[0]), case[1]
    told = fold(plan, lines)
    accepted = [line for line in lines if line["topic"] != "timer" and not line["value"].get("machine")]
    assume(accepted)
    lead, notices = told.lead, len(told.notices)
    assert lead is not None
    again = data.draw(st.sampled_from(accepted))
    last_ms = instant_ms(lines[-1]["timestamp"])
    recorded_ms = max(last_ms, instant_ms(again["timestamp"]) + data.draw(st.integers(0, LAST_REPEAT_MS)))
    assume(recorded_ms - instant_ms(again["timestamp"]) <= LAST_REPEAT_MS)
    before = encode_lead(lead)
    after = fold(plan, [again | {"timestamp": iso(recorded_ms)}], lead)
    assert after.outcomes == [Outcome.DUPLICATE]
    assert after.lead is not None
    assert encode_lead(after.lead) == before
    assert len(after.notices) + notices == len(told.notices)


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
