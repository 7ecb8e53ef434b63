"""Law 9: a signal retracted at once leaves the score and the windows of never having had it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scoring.advance import advance
from scoring.explain import rolling_counts
from scoring.fold import Outcome
from scoring.plan import Plan
from tests.laws.cases import Case, cases
from tests.laws.drive import Told, copied, fold, fold_on, plan_of, score_at
from tests.laws.edges import GAPS_MS, KIND_LISTS
from tests.laws.profile import law
from tests.support.reference.instants import DAY_MS, instant_ms, iso

KINDS = sorted({kind for kinds in KIND_LISTS for kind in kinds} | {"call.answered"})
LATER_MS = (0, 500, DAY_MS, 8 * DAY_MS, 60 * DAY_MS)

signals = st.fixed_dictionaries(
    {"kind": st.sampled_from(KINDS), "minutes": st.sampled_from([10, 5])},
    optional={"message_id": st.sampled_from(["m-1", "m-2", "m-3"])},
)
"""One more signal: what it is and carries."""


def and_back(signal: dict[str, Any], record_ms: int, ago_ms: int) -> list[dict[str, Any]]:
    """A signal of an id that no other line has, then the word that it was a machine's."""
    timestamp, occurred_at = iso(record_ms), iso(record_ms - ago_ms)
    value = {"id": "machine", "lead_id": "L", "occurred_at": occurred_at} | signal
    command = {"command": "retract", "kind": signal["kind"], "signal_id": "machine"}
    word = {"id": "word", "lead_id": "L", "occurred_at": occurred_at} | command
    return [
        {"topic": "engagements", "timestamp": timestamp, "value": value},
        {"topic": "lead.commands", "timestamp": timestamp, "value": word},
    ]


@law
@given(cases, signals, st.sampled_from(GAPS_MS), st.data())
def test_law_9_retracted_at_once_as_if_never_had(
    case: Case, signal: dict[str, Any], ago_ms: int, data: st.DataObject
) -> None:
    """The same score and windows then, later, and after whatever comes next; absent inactivity."""
    model, lines = {name: part for name, part in case[0].items() if name != "inactivity"}, case[1]
    plan, place = plan_of(model), data.draw(st.integers(1, len(lines)))
    before = fold(plan, lines[:place])
    assume(before.lead is not None)
    with_it = and_back(signal, instant_ms(lines[place - 1]["timestamp"]), ago_ms)
    plain = before._replace(lead=copied(before.lead), notices=[], outcomes=[])
    told = fold_on(plan, before._replace(outcomes=[]), with_it)
    assume(told.outcomes == [Outcome.APPLIED] * 2)
    assert told.lead is not None
    assert plain.lead is not None
    advance(plan, plain.lead, told.lead.as_of, plain.notices)
    expect_alike(plan, told, plain)
    expect_alike(plan, fold_on(plan, told, lines[place:]), fold_on(plan, plain, lines[place:]))


def expect_alike(plan: Plan, told: Told, plain: Told) -> None:
    """The same score and windows, now and later; or both leads are gone."""
    assert (told.lead is None) == (plain.lead is None)
    if told.lead is None or plain.lead is None:
        return
    assert told.lead.as_of == plain.lead.as_of
    for later_ms in LATER_MS:
        at_ms = told.lead.as_of + later_ms
        assert score_at(plan, told.lead, at_ms) == pytest.approx(score_at(plan, plain.lead, at_ms), abs=1e-6)
        assert rolling_counts(plan, told.lead, at_ms) == rolling_counts(plan, plain.lead, at_ms)
