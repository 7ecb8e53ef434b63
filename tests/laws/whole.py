"""Whole models and lives on edges: to the signals of `edges` come who the lead is and what people say of it.

Profiles arrive late, in parts and again; flags end on a whole second, beside one, or at the instant of another
line; what is retracted is mostly there. Each part is made from one number, as in `edges`.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.laws.edges import GAPS_MS, GROUPS, Digits, edge_models, signal_value
from tests.support.generate.strategies import START_MS
from tests.support.reference.instants import DAY_MS, HOUR_MS, SECOND_MS, iso

MUCH = st.integers(0, (1 << 40) - 1)
"""Enough for an input with all its members."""

REASONS = ("rival", "doubt", "legal")
FIELDS: tuple[dict[str, Any], ...] = (
    {"size": 500},
    {"title": "VP Sales"},
    {"email": "ann@acme.example"},
    {"size": 5},
    {"title": "intern", "email": "bob@gmail.com"},
    {"size": 5000, "budget": 9000},
    {"title": ""},
    {"email": "nobody"},
)
WHERE: tuple[dict[str, Any], ...] = (
    {"size": {"min": 100}},
    {"title": {"matches": r"\bvp\b"}},
    {"email": {"is": "free"}},
    {"email": {"is": "business"}},
    {"budget": {"missing": True}},
    {"budget": {"min": 1000}, "size": {"min": 1000}},
)
LINES = ("signal",) * 6 + (
    "timer",
    "profile",
    "profile",
    "flag",
    "unflag",
    "retract",
    "retract",
    "outcome",
    "erase",
)
WITHOUT_COMMANDS = ("signal",) * 5 + ("timer", "profile", "profile")
ENDS_MS = (HOUR_MS, None, SECOND_MS, 300, DAY_MS, DAY_MS + 1, 36 * HOUR_MS - 500, 7 * DAY_MS)


@st.composite
def whole_models(draw: st.DrawFn, *, takes: bool = True) -> dict[str, Any]:
    """A model on edges with fit, personas, grades, a cap and surges. Without `takes` nothing takes points."""
    model = draw(edge_models(takes=takes))
    digits = Digits(draw(MUCH))
    fit = [_fit_rule(place, digits, takes=takes) for place in range(digits.pick((2, 1, 3)))]
    model |= {"fit": fit, "flag_cap": digits.pick((10, 0, 25.5))}
    if not digits.one_in(3):
        model["surge"] = _surge(digits)
    if not digits.one_in(3):
        model["segments"] = [_segment(digits, model["bands"])]
    if not digits.one_in(3):
        model["grades"] = {"fit": {"A": 20, "B": 10, "C": 0}, "engagement": {1: 40, 2: 20, 3: 10}}
    return model


def _fit_rule(place: int, digits: Digits, *, takes: bool) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": f"f{place}", "where": digits.pick(WHERE)}
    if takes and digits.one_in(4):
        return rule | {"flag": digits.pick(REASONS[:2])}
    rule["points"] = digits.pick((10, 20, -10) if takes else (10, 20))
    if digits.one_in(3):
        rule["dimension"] = digits.pick(("budget", "need"))
    return rule | ({"group": digits.pick(("fit", *GROUPS))} if digits.one_in(2) else {})


def _segment(digits: Digits, bands: list[dict[str, Any]]) -> dict[str, Any]:
    """A persona; its lines are those of all, somewhat lower or higher."""
    by = digits.pick((-5, 5, 0))
    lines = {band["name"]: {"enter": band["enter"] + by, "leave": band["leave"] + by} for band in bands}
    return {"name": "large", "where": digits.pick(WHERE), **({"bands": lines} if by else {})}


def _surge(digits: Digits) -> dict[str, Any]:
    return {
        "points": digits.pick((10, 20, 60)),
        "within": digits.pick(("7d", "48h", "1h")),
        "kinds": digits.pick((1, 1, 2)),
        "times_usual": digits.pick((0, 1, 3)),
        "cooldown": digits.pick(("1h", "7d", "1s")),
    }


@st.composite
def whole_histories(
    draw: st.DrawFn, *, sorts: tuple[str, ...] = LINES, most_lines: int = 14
) -> list[dict[str, Any]]:
    """Lines of one lead of these sorts: Kafka timestamps ascend by gaps that end on an edge or just beside one."""
    record_ms = START_MS + draw(st.sampled_from([0, 500, HOUR_MS - 500]))
    lines: list[dict[str, Any]] = []
    for place, number in enumerate(draw(st.lists(MUCH, min_size=2, max_size=most_lines))):
        digits = Digits(number)
        record_ms += digits.pick(GAPS_MS)
        lines.append(_line(digits.pick(sorts), place, record_ms, digits))
    return lines


def _line(sort: str, place: int, record_ms: int, digits: Digits) -> dict[str, Any]:
    timestamp = iso(record_ms)
    if sort == "timer":
        return {"topic": "timer", "lead_id": "L", "timestamp": timestamp}
    if sort == "signal":
        return {"topic": "engagements", "timestamp": timestamp, "value": signal_value(place, record_ms, digits)}
    late_ms = digits.pick([0, 0, 0, digits.pick(GAPS_MS)])
    value = {"id": f"a-{place}", "lead_id": "L", "occurred_at": iso(record_ms - late_ms)}
    if sort == "profile":
        return {"topic": "lead.profiles", "timestamp": timestamp, "value": value | digits.pick(FIELDS)}
    members = _members(sort, place, record_ms, digits)
    return {"topic": "lead.commands", "timestamp": timestamp, "value": value | {"command": sort} | members}


def _members(sort: str, place: int, record_ms: int, digits: Digits) -> dict[str, Any]:
    """What a command of this sort says."""
    match sort:
        case "flag":
            ends_ms = digits.pick(ENDS_MS)
            until = {} if ends_ms is None else {"until": iso(record_ms + ends_ms)}
            return {"reason": digits.pick(REASONS), **until, **digits.pick(({}, {"cap": 15}, {"cap": 200}))}
        case "unflag":
            return {"reason": digits.pick(REASONS)}
        case "retract":
            back, kind = digits.pick((1, 2, 3, 5)), digits.pick(("email.opened", "email.clicked", "page.viewed"))
            return {"kind": kind, "signal_id": f"e-{place - back}"}
        case "outcome":
            return {"result": digits.pick(("converted", "dead", "reopened"))}
        case _:
            return {}
