"""Models and histories that lie on edges, where a shortcut of the product would show.

Points are few and round, so that scores meet lines exactly; decays reach from a second to months; instants lie on
whole hours, on whole seconds and between two of them; some kinds engage and some only take points.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.support.generate.strategies import START_MS
from tests.support.reference.instants import DAY_MS, HOUR_MS, SECOND_MS, iso

KINDS = ("email.opened", "email.clicked", "page.viewed", "email.bounced")
UNNAMED = "call.answered"
"""No model here names it."""

GROUPS = ("a", "b", "c")
END_MS = START_MS + 200 * DAY_MS
"""Later than any history here."""

_HALF_LIVES = ("1s", "45s", "1h", "36h", "7d")
_FADES = ("1s", "90m", "24h", "2d", "169h", "8d")
_GAPS_MS = (
    *(0, 0, 1, 300, 500, 999, SECOND_MS, 1500, 59_500),
    *(HOUR_MS - 500, HOUR_MS - 1, HOUR_MS, HOUR_MS + 1, 90 * 60 * SECOND_MS),
    *(DAY_MS - 500, DAY_MS, 36 * HOUR_MS, 7 * DAY_MS, 30 * DAY_MS),
)

_kind_lists = st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True)
_points = st.sampled_from([5, 10, 10, 20, 30, 50, -5, -10, -20])
_decays = st.one_of(
    st.just({}),
    st.sampled_from(_HALF_LIVES).map(lambda length: {"half_life": length}),
    st.tuples(st.sampled_from(["fades_over", "expires_after"]), st.sampled_from(_FADES)).map(
        lambda decay: {decay[0]: decay[1]}
    ),
)
_limits = st.fixed_dictionaries(
    {"times": st.integers(1, 2), "per": st.sampled_from(["day", "week", "ever", "message_id"])}
)
_clamps = st.fixed_dictionaries(
    {}, optional={"min": st.sampled_from([0, -5, -15]), "max": st.sampled_from([0, 10, 30])}
)


@st.composite
def _rules(draw: st.DrawFn, rule_id: str) -> dict[str, Any]:
    rule = {"id": rule_id, "kind": draw(_kind_lists), "points": draw(_points), "group": draw(st.sampled_from(GROUPS))}
    if draw(st.integers(0, 3)) == 0:
        rule["limit"] = draw(_limits)
    if draw(st.integers(0, 5)) == 0:
        rule["where"] = {"minutes": {"min": 10}}
    return rule | draw(_decays)


@st.composite
def _windows(draw: st.DrawFn, window_id: str) -> dict[str, Any]:
    counts = sorted(draw(st.sets(st.integers(1, 4), min_size=1, max_size=3)))
    return {
        "id": window_id,
        "count": draw(_kind_lists),
        "within": draw(st.sampled_from(["1h", "2h", "24h", "30d"])),
        "steps": [{"at_least": count, "points": draw(st.sampled_from([10, 20, 5, -10]))} for count in counts],
        "group": draw(st.sampled_from(GROUPS)),
    }


@st.composite
def _inactivities(draw: st.DrawFn) -> dict[str, Any]:
    inactivity: dict[str, Any] = {
        "after": draw(st.sampled_from(["1s", "90s", "1h", "36h", "7d"])),
        "points": draw(st.sampled_from([-5, -10, -20])),
        "every": draw(st.sampled_from(["1s", "1h", "36h", "7d"])),
        "at_most": draw(st.integers(1, 3)),
        "group": draw(st.sampled_from(GROUPS)),
    }
    if draw(st.booleans()):
        inactivity["count"] = draw(_kind_lists)
    return inactivity


@st.composite
def _bands(draw: st.DrawFn, *, between: bool) -> list[dict[str, Any]]:
    """Lines that scores meet exactly; with `between` the lines to leave are such that no whole score meets them."""
    enters = sorted(draw(st.sets(st.sampled_from([5, 10, 20, 25, 30, 40, 45, 50]), min_size=1, max_size=3)))
    bands: list[dict[str, Any]] = []
    lowest = -21.0
    for number, enter in enumerate(enters):
        wanted = enter - draw(st.sampled_from([1, 5, 5, 10, 15])) + (0.5 if between else 0)
        leave = max(lowest + 1, wanted)
        band = {"name": f"band-{number}", "enter": enter, "leave": leave if leave < enter else enter - 0.25}
        if draw(st.booleans()):
            band |= {"alert": True, "cooldown": draw(st.sampled_from(["1s", "1h", "7d"]))}
        bands.append(band)
        lowest = band["leave"]
    return bands


@st.composite
def edge_models(draw: st.DrawFn) -> dict[str, Any]:
    """A model of a few rules whose scores lie on lines, with clamps that bind.

    Where something fades and something is taken, no line to leave is a whole number: a score that stays exactly
    on its line while gains and losses cancel can be told from one below it only second by second.
    """
    model: dict[str, Any] = {
        "version": "edges",
        "rules": [draw(_rules(f"r{number}")) for number in range(draw(st.integers(1, 4)))],
        "groups": {group: draw(_clamps) for group in draw(st.sets(st.sampled_from(GROUPS)))},
    }
    windows = draw(st.integers(0, 2))
    if windows:
        model["windows"] = [draw(_windows(f"w{number}")) for number in range(windows)]
    if draw(st.booleans()):
        model["inactivity"] = draw(_inactivities())
    if draw(st.integers(0, 3)) == 0:
        model["scale"] = draw(st.sampled_from([{"min": -30, "max": 60}, {"min": 10, "max": 40}, {"max": 1000}]))
    takes = any(rule["points"] < 0 for rule in model["rules"])
    model["bands"] = draw(_bands(between=takes))
    return model


@st.composite
def edge_histories(draw: st.DrawFn, *, most_lines: int = 14) -> list[dict[str, Any]]:
    """Lines of one lead: Kafka timestamps ascend by gaps that end on an edge or just beside one."""
    record_ms = START_MS + draw(st.sampled_from([0, 500, HOUR_MS - 500, 12 * HOUR_MS]))
    lines: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, most_lines))):
        record_ms += draw(st.sampled_from(_GAPS_MS))
        if draw(st.integers(0, 6)) == 0:
            lines.append({"topic": "timer", "lead_id": "L", "timestamp": iso(record_ms)})
            continue
        late_ms = draw(st.sampled_from([0, 0, 0, *_GAPS_MS])) if draw(st.booleans()) else 0
        lines.append({"topic": "engagements", "timestamp": iso(record_ms), "value": draw(_values(number, record_ms - late_ms))})
    return lines


@st.composite
def _values(draw: st.DrawFn, number: int, occurred_ms: int) -> dict[str, Any]:
    value: dict[str, Any] = {
        "id": f"e-{number if draw(st.integers(0, 9)) else number // 2}",
        "lead_id": "L",
        "occurred_at": iso(occurred_ms),
        "kind": draw(st.sampled_from([*KINDS, *KINDS, UNNAMED])),
    }
    if draw(st.integers(0, 3)) == 0:
        value["message_id"] = draw(st.sampled_from(["m-1", "m-2"]))
    if draw(st.booleans()):
        value["minutes"] = draw(st.sampled_from([5, 10]))
    if draw(st.integers(0, 19)) == 0:
        value["machine"] = True
    return value
