"""Laws 3, 4 and 6: time in one step or in many, no rise by itself, bands that hold between their lines."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.changes import Cause
from scoring.advance import advance
from scoring.bands import earlier
from scoring.falls import find_fall, second_after
from scoring.flags import next_expiry
from scoring.fold import Outcome
from scoring.lead import NEVER, Lead
from scoring.notices import BandMove, Notice
from scoring.plan import Plan
from scoring.state import decode_lead, encode_lead
from scoring.terms import Lines
from tests.laws.cases import Case, cases, fits
from tests.laws.drive import Told, fold, plan_of, score_at, step
from tests.laws.edges import END_MS
from tests.laws.profile import law
from tests.laws.whole import WITHOUT_COMMANDS, whole_histories, whole_models
from tests.support.generate.strategies import START_MS
from tests.support.reference.instants import DAY_MS, HOUR_MS, SECOND_MS, instant_ms, iso

EVALUATING = ("flag", "unflag", "retract")
"""Commands after which the lead is in the band that its score means."""

offsets_ms = st.one_of(
    st.integers(0, 60 * DAY_MS),
    st.integers(0, 40).map(lambda days: days * DAY_MS),
    st.sampled_from([1, 499, 500, SECOND_MS, 1500, HOUR_MS - 1, HOUR_MS]),
)


def awake(plan: Plan, lead: Lead) -> bytes:
    """The state's bytes, but for `wake`: a hint that depends on when the lead was looked at."""
    twin = decode_lead(encode_lead(lead))
    twin.wake = earlier(find_fall(plan, twin, second_after(twin.as_of)), next_expiry(twin))
    return encode_lead(twin)


def advanced(plan: Plan, lead: Lead, instants_ms: list[int]) -> tuple[bytes, list[Notice]]:
    """The state's bytes and what is published, of a copy of the lead brought to each instant."""
    twin, notices = decode_lead(encode_lead(lead)), list[Notice]()
    for at_ms in instants_ms:
        advance(plan, twin, at_ms, notices)
        twin = decode_lead(encode_lead(twin))
    assert twin.wake == NEVER or twin.wake > twin.as_of
    return awake(plan, twin), notices


@law
@given(cases, st.lists(offsets_ms, max_size=8))
def test_law_3_one_step_equals_many(case: Case, steps: list[int]) -> None:
    """Advanced at once or by many timers, the state has the same bytes, and the changes their own instants."""
    plan = plan_of(case[0])
    lead = fold(plan, case[1]).lead
    assume(lead is not None)
    assert lead is not None
    stops = [*sorted(lead.as_of + offset for offset in steps), lead.as_of + 60 * DAY_MS]
    assert advanced(plan, lead, stops) == advanced(plan, lead, stops[-1:])


def test_law_3_an_early_wake_is_moved_alike() -> None:
    """A lead that fell later than its `wake` says, because more came: where it is moved to depends on no step."""
    plan = plan_of(
        {
            "version": "v",
            "rules": [{"id": "view", "kind": ["page.viewed"], "points": 50, "half_life": "7d"}],
            "bands": [{"name": "warm", "enter": 50, "leave": 45}],
        }
    )
    lines = []
    for number, at_ms in enumerate((START_MS, START_MS + HOUR_MS)):
        value = {"id": f"e-{number}", "lead_id": "L", "occurred_at": iso(at_ms), "kind": "page.viewed"}
        lines.append({"topic": "engagements", "timestamp": iso(at_ms), "value": value})
    lead = fold(plan, lines).lead
    assert lead is not None
    stops = [lead.wake + hours * HOUR_MS for hours in (0, 1, 24)]
    assert advanced(plan, lead, stops) == advanced(plan, lead, stops[-1:])


@law
@given(cases, st.data())
def test_law_3_timers_between_inputs_change_nothing(case: Case, data: st.DataObject) -> None:
    """Whether a timer or the next input finds a fall or the end of a flag, it is the same; so is the state."""
    plan, lines = plan_of(case[0]), [line for line in case[1] if line["topic"] != "timer"]
    plain, timed = Told(None, [], []), Told(None, [], [])
    for line in lines:
        plain = step(plan, plain, line)
        if plain.outcomes[-1] is not Outcome.APPLIED:
            continue
        if timed.lead is not None:
            timed = step(plan, timed, _timer_before(timed.lead.as_of, line, data))
        timed = step(plan, timed, line)
        assert timed.notices == plain.notices
        assert (timed.lead is None) == (plain.lead is None)
        if timed.lead is not None and plain.lead is not None:
            timed.lead.machines = plain.lead.machines
            assert awake(plan, timed.lead) == awake(plan, plain.lead)


def _timer_before(as_of_ms: int, line: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    """A timer between the lead's `as_of` and the signal, or at `as_of` where the signal will not advance it."""
    room_ms = max(0, instant_ms(line["value"]["occurred_at"]) - as_of_ms)
    at_ms = as_of_ms + data.draw(st.integers(0, room_ms))
    return {"topic": "timer", "lead_id": "L", "timestamp": iso(at_ms)}


@law
@given(
    whole_models(takes=False).filter(fits),
    whole_histories(sorts=WITHOUT_COMMANDS),
    st.lists(offsets_ms, min_size=2, max_size=12),
)
def test_law_4_score_never_rises_by_itself(model: dict[str, Any], lines: list[Any], steps: list[int]) -> None:
    """With no losses, ascending steps and no flag, time alone never raises the score."""
    plan = plan_of(model)
    lead = fold(plan, lines).lead
    assume(lead is not None)
    assert lead is not None
    scores = [score_at(plan, lead, lead.as_of + offset) for offset in sorted(steps)]
    assert scores == sorted(scores, reverse=True)


@law
@given(cases)
def test_law_6_bands_hold_between_their_lines(case: Case) -> None:
    """A band is entered at `enter` or above, left below `leave`; after an input the lead is where it belongs."""
    plan, told = plan_of(case[0]), Told(None, [], [])
    for line in case[1]:
        seen = len(told.notices)
        told = step(plan, told, line)
        for notice in told.notices[seen:]:
            if isinstance(notice.moved, BandMove):
                _check_move(plan, notice, notice.moved)
        if told.lead is not None and _is_evaluated(line, told.outcomes):
            score, band, lines = score_at(plan, told.lead, told.lead.as_of), told.lead.band, plan.lines(told.lead)
            assert band == 0 or score >= lines[band - 1].leave
            assert band == len(lines) or score < lines[band].enter


def _is_evaluated(line: dict[str, Any], outcomes: list[Outcome]) -> bool:
    """Whether the bands were looked at after this line, the last one so far."""
    if line["topic"] == "timer" or outcomes[-1] is not Outcome.APPLIED:
        return False
    return line["topic"] != "lead.commands" or line["value"]["command"] in EVALUATING


def _check_move(plan: Plan, notice: Notice, moved: BandMove) -> None:
    start, end = plan.names.index(moved.from_), plan.names.index(moved.to)
    lines = _lines_of(plan, notice.picture.segment)
    assert moved.is_up == (end > start)
    if moved.is_up:
        assert notice.score >= lines[end - 1].enter
        assert notice.cause is not Cause.TIME
    else:
        assert notice.score < lines[end].leave
        assert not notice.alert
    if notice.by_itself:
        assert notice.at_ms % SECOND_MS == 0


def _lines_of(plan: Plan, segment: str | None) -> tuple[Lines, ...]:
    return next(each.lines for each in plan.segments if each.name == segment)


@given(cases, st.lists(offsets_ms, min_size=1, max_size=12))
def test_ceiling_is_never_below_the_score(case: Case, steps: list[int]) -> None:
    """What a ranking trusts: after each input no later score is above the ceiling, if nothing else comes."""
    plan, told = plan_of(case[0]), Told(None, [], [])
    for line in case[1]:
        told = step(plan, told, line)
        if told.lead is not None:
            lead = told.lead
            highest = max(score_at(plan, lead, lead.as_of + offset) for offset in (0, *steps))
            assert highest <= lead.ceiling + 1e-6


@given(cases, st.integers(0, 100))
def test_wake_is_never_too_late(case: Case, beside_s: int) -> None:
    """What a timer trusts: at no whole second before `wake` is the score below the band's line."""
    plan, told = plan_of(case[0]), Told(None, [], [])
    for line in case[1]:
        told = step(plan, told, line)
        if told.lead is not None and told.lead.band:
            _check_wake(plan, told.lead, beside_s)


def _check_wake(plan: Plan, lead: Lead, beside_s: int) -> None:
    """Each hour, and each second around, up to `wake` or 40 days."""
    leave = plan.lines(lead)[lead.band - 1].leave
    first = lead.as_of // SECOND_MS + 1
    end = END_MS // SECOND_MS if lead.wake == NEVER else lead.wake // SECOND_MS
    end = min(end, first + 40 * DAY_MS // SECOND_MS)
    hours = range(first + (-first % 3600), end, 3600)
    near = {first, first + beside_s, end - 1, end - 1 - beside_s}
    looked_at = {*near, *hours, *(hour + offset for hour in hours[:48] for offset in (-1, beside_s))}
    below = [at for at in looked_at if first <= at < end and score_at(plan, lead, at * SECOND_MS) < leave]
    assert below == []
