"""Falls: the exact second, against a plain scan of curves that are hard to search."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.instants import HOUR_MS, SECOND_MS, format_ms
from scoring.advance import advance
from scoring.falls import find_fall, second_after
from scoring.lead import NEVER, Lead
from scoring.notices import Notice
from scoring.plan import Plan
from scoring.score import Piece
from scoring.state import IS_COMPILED
from tests.laws.drive import fold, plan_of, score_at
from tests.laws.edges import GROUPS, NUMBERS, Digits
from tests.laws.profile import times
from tests.support.generate.strategies import START_MS
from tests.support.reference.instants import iso

SCANNED_S = 2 * 3600
"""How far the plain scan goes. What is quick here has faded by then, and the windows have emptied."""

QUICK_DECAYS = (
    *({}, {"half_life": "10m"}, {"half_life": "1m"}, {"half_life": "7s"}, {"half_life": "90m"}),
    *({"expires_after": "1h"}, {"fades_over": "2h"}, {"expires_after": "90m"}, {"fades_over": "1s"}),
)
LOOKS_MAX = 20_000
"""Some 50 looks find a fall; so many take a tenth of a second, in which a lane stands still."""

LINES = (0.0, 1e-6, -1e-6, 0.5, -0.5, 3.0)
"""How far the line is from a score that the curve has at some second: most lie right on it."""


def _rule(place: int, number: int) -> dict[str, Any]:
    digits = Digits(number)
    points = digits.pick([10, 40, 5, -10, -30, -5])
    return {
        "id": f"r{place}",
        "kind": digits.pick([["a.a"], ["a.b"], ["a.a", "a.c"]]),
        "points": points,
        "group": digits.pick(GROUPS),
        **digits.pick(QUICK_DECAYS),
    }


@st.composite
def hard_curves(draw: st.DrawFn) -> tuple[Plan, Lead]:
    """A lead in a band whose line its score meets, once or more often, within the next hours."""
    model: dict[str, Any] = {
        "version": "hard",
        "rules": [
            _rule(place, number) for place, number in enumerate(draw(st.lists(NUMBERS, min_size=1, max_size=5)))
        ],
        "scale": {"min": draw(st.sampled_from([0, -200])), "max": 200},
        "groups": draw(
            st.sampled_from([{}, {"a": {"max": 20}}, {"b": {"min": -15}}, {"a": {"max": 10}, "b": {"min": 0}}])
        ),
    }
    if draw(st.booleans()):
        points = draw(st.lists(st.sampled_from([10, -10, 25, -25]), min_size=1, max_size=3))
        steps = [{"at_least": count, "points": gain} for count, gain in enumerate(points, start=1)]
        model["windows"] = [
            {"id": "w", "count": ["a.a", "a.b"], "within": draw(st.sampled_from(["1h", "2h"])), "steps": steps}
        ]
    if draw(st.booleans()):
        model["inactivity"] = {
            "after": draw(st.sampled_from(["1s", "11m", "1h"])),
            "points": -7,
            "every": "13m",
            "at_most": 3,
        }
    lead = fold(plan_of(model), _lines(draw(st.lists(NUMBERS, min_size=1, max_size=8)))).lead
    assert lead is not None
    plan = plan_of(model)
    met = score_at(plan, lead, second_after(lead.as_of) + draw(st.integers(0, SCANNED_S)) * SECOND_MS)
    leave = round(met + draw(st.sampled_from(LINES)), 6)
    lead.band = 1
    return plan_of(model | {"bands": [{"name": "in", "enter": leave + 1, "leave": leave}]}), lead


def _lines(numbers: list[int]) -> list[dict[str, Any]]:
    lines, at_ms = [], START_MS + HOUR_MS // 2
    for place, number in enumerate(numbers):
        digits = Digits(number)
        at_ms += digits.pick([0, 1, 500, SECOND_MS, 61_500, 600_000, 1_799_999, HOUR_MS])
        value = {
            "id": f"e-{place}",
            "lead_id": "L",
            "occurred_at": iso(at_ms),
            "kind": digits.pick(["a.a", "a.b", "a.c"]),
        }
        lines.append({"topic": "engagements", "timestamp": iso(at_ms), "value": value})
    return lines


def scanned(plan: Plan, lead: Lead, first_ms: int) -> int:
    """The first whole second below the line by looking at each, NEVER if there is none in SCANNED_S."""
    leave = plan.bands[0].leave
    seconds = range(first_ms, first_ms + SCANNED_S * SECOND_MS, SECOND_MS)
    return next((at_ms for at_ms in seconds if score_at(plan, lead, at_ms) < leave), NEVER)


@times(0.7)
@given(hard_curves(), st.sampled_from([0, 0, 0, 1, 59, 3599, 5000]))
def test_fall_is_the_first_second_of_a_plain_scan(curve: tuple[Plan, Lead], later_s: int) -> None:
    """From the next second on, or from any later one, whatever rises and jumps on the way."""
    plan, lead = curve
    first_ms = second_after(lead.as_of) + later_s * SECOND_MS
    found, plain = find_fall(plan, lead, first_ms), scanned(plan, lead, first_ms)
    if plain == NEVER:
        assert found == NEVER or found >= first_ms + SCANNED_S * SECOND_MS
    else:
        assert format_ms(found) == format_ms(plain)


@times(0.5)
@given(hard_curves(), st.integers(0, SCANNED_S))
def test_wake_stays_a_bound_while_time_goes_on(curve: tuple[Plan, Lead], later_s: int) -> None:
    """Brought to any instant before its fall from an early `wake`, the lead still wakes at the fall or before."""
    plan, lead = curve
    first_ms = lead.wake = second_after(lead.as_of)
    plain = scanned(plan, lead, first_ms)
    to_ms = first_ms + later_s * SECOND_MS
    notices: list[Notice] = []
    advance(plan, lead, to_ms, notices)
    if plain == NEVER or plain > to_ms:
        assert notices == []
        assert lead.wake > to_ms or lead.wake == NEVER
        assert plain == NEVER or first_ms < lead.wake <= plain
    else:
        assert [notice.at_ms for notice in notices] == [plain]


NOON = "2026-03-02T12:00:00Z"
A = {"id": "a", "kind": "a.a", "points": 80}
BAND = {"name": "hot", "enter": 70, "leave": 60}


def fall(
    rules: list[dict[str, Any]], at: str = NOON, kinds: tuple[str, ...] = ("a.a",), **members: Any
) -> str | None:
    """When a lead falls that did these at one instant; None if never."""
    plan = plan_of({"version": "v", "rules": rules, "bands": [BAND]} | members)
    values = [{"id": kind, "lead_id": "L", "occurred_at": at, "kind": kind} for kind in kinds]
    lead = fold(plan, [{"topic": "engagements", "timestamp": at, "value": value} for value in values]).lead
    assert lead is not None
    assert lead.band == 1
    return None if lead.wake == NEVER else format_ms(lead.wake)


@pytest.mark.parametrize(
    ("expected", "rules", "at", "members"),
    [
        # 80 x 2^(-t / 10 h) is 60 after 14,941.35 s: the next whole second, counted from the epoch.
        ("2026-03-02T16:09:02Z", [A | {"half_life": "10h"}], NOON, {}),
        ("2026-03-02T16:09:02Z", [A | {"half_life": "10h"}], "2026-03-02T12:00:00.600Z", {}),
        ("2026-03-02T16:09:03Z", [A | {"half_life": "10h"}], "2026-03-02T12:00:00.700Z", {}),
        # 80 x (1 - t / 80 h) is 60 at 20 h exactly, which holds the line; 60 - 1/3600 a second later does not.
        ("2026-03-03T08:00:01Z", [A | {"fades_over": "80h"}], NOON, {}),
        # Counted from the whole hour, and from the UTC day beyond a week.
        ("2026-03-02T22:00:00Z", [A | {"expires_after": "10h"}], "2026-03-02T12:59:59.999Z", {}),
        ("2026-03-10T00:00:00Z", [A | {"expires_after": "8d"}], NOON, {}),
        # A window of 20 points empties on the hour.
        (
            "2026-03-02T14:00:00Z",
            [A | {"points": 50}],
            "2026-03-02T12:30:00Z",
            {"windows": [{"id": "w", "count": "a.a", "within": "2h", "steps": [{"at_least": 1, "points": 20}]}]},
        ),
        # The quiet is counted to the millisecond, the fall is on the second after it.
        (
            "2026-03-02T13:00:01Z",
            [A],
            "2026-03-02T12:00:00.001Z",
            {"inactivity": {"after": "1h", "points": -30}},
        ),
        ("2026-03-02T13:00:00Z", [A], NOON, {"inactivity": {"after": "1h", "points": -30}}),
        # -10 after an hour holds the line of 60 twice, and not a third time.
        (
            "2026-03-02T15:00:00Z",
            [A],
            NOON,
            {"inactivity": {"after": "1h", "points": -10, "every": "1h", "at_most": 9}},
        ),
        (None, [A], NOON, {"inactivity": {"after": "1h", "points": -10, "every": "1h", "at_most": 2}}),
        (None, [A], NOON, {}),
        # A clamp hides what is above it: of 130 only 70 count, and 60 is met when 70 of 100 have faded.
        (
            "2026-03-03T23:00:01Z",
            [A | {"points": 100, "group": "g", "fades_over": "50h"}, A | {"id": "b", "points": 30, "group": "g"}],
            NOON,
            {"groups": {"g": {"max": 70}}},
        ),
    ],
)
def test_fall_has_its_second(
    expected: str | None, rules: list[dict[str, Any]], at: str, members: dict[str, Any]
) -> None:
    """Each way to fall, with the second worked out by hand."""
    assert fall(rules, at, **members) == expected


@pytest.mark.skipif(IS_COMPILED, reason="a compiled curve cannot count its looks; test_plain.py runs it plain")
def test_gains_and_losses_that_cancel_are_not_searched_second_by_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """A score that stays exactly on its line while a gain and a loss of one half-life cancel is seen to stay."""
    looked: list[int] = []
    lowest = Piece.lowest

    def counting(piece: Piece, first_ms: int, last_ms: int) -> float:
        looked.append(first_ms)
        assert len(looked) < LOOKS_MAX
        return lowest(piece, first_ms, last_ms)

    monkeypatch.setattr(Piece, "lowest", counting)
    gain = {"id": "gain", "kind": "a.b", "points": 10, "half_life": "7d", "group": "gains"}
    loss = {"id": "loss", "kind": "a.b", "points": -10, "half_life": "7d", "group": "losses"}
    lines = {"bands": [BAND | {"enter": 80, "leave": 80 - 1e-6}]}
    assert fall([A, gain, loss], kinds=("a.a", "a.b"), **lines) is None
