"""Hypothesis strategies for the laws: small models and short histories that shrink to something readable.

Instants are offsets from `START_MS` on a grid that hits whole hours and days often; ids come from a small set,
so that repeats happen by themselves.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.support.reference.instants import DAY_MS, HOUR_MS, instant_ms, iso

START_MS = instant_ms("2026-03-02T00:00:00Z")
"""A Monday, four weeks before Europe's summer time."""

SPAN_MS = 60 * DAY_MS
KINDS = ("email.opened", "email.clicked", "page.viewed")
_DECAYS = ("half_life", "fades_over", "expires_after")
_DURATIONS = ("1h", "36h", "7d", "8d", "30d")
_GROUPS = ("email", "site")

kinds = st.sampled_from(KINDS)
kind_lists = st.lists(kinds, min_size=1, max_size=2, unique=True)
attributes = st.fixed_dictionaries(
    {},
    optional={
        "message_id": st.sampled_from(["m-1", "m-2"]),
        "minutes": st.sampled_from([5, 42, 7.5, "42"]),
        "url": st.sampled_from(["/pricing", "/DOCS", ""]),
    },
)
conditions = st.one_of(
    st.fixed_dictionaries({"url": st.sampled_from([{"contains": "pricing"}, {"missing": True}, "/docs"])}),
    st.fixed_dictionaries({"minutes": st.sampled_from([{"min": 6}, {"max": 41, "missing": False}, 42])}),
)
limits = st.fixed_dictionaries(
    {"times": st.integers(1, 3), "per": st.sampled_from(["day", "week", "ever", "message_id"])}
)
decays: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.builds(lambda name, length: {name: length}, st.sampled_from(_DECAYS), st.sampled_from(_DURATIONS)),
)


def instants_ms(span_ms: int = SPAN_MS) -> st.SearchStrategy[int]:
    """Instants from START_MS on, often on a whole hour or day, often a little beside it."""
    grid = st.one_of(
        st.integers(0, span_ms // DAY_MS).map(lambda days: days * DAY_MS),
        st.integers(0, span_ms // HOUR_MS).map(lambda hours: hours * HOUR_MS),
        st.integers(0, span_ms),
    )
    beside = st.sampled_from([0, 0, 1, -1, 999, 1000, 1500])
    return st.builds(lambda at, more: max(START_MS, START_MS + at + more), grid, beside)


def points(*, negative: bool = True) -> st.SearchStrategy[int]:
    """Points of a rule: never 0."""
    gains = st.integers(1, 60)
    return st.one_of(gains, gains, st.integers(-60, -1)) if negative else gains


@st.composite
def rules(draw: st.DrawFn, rule_id: str, *, limited: bool = True, negative: bool = True) -> dict[str, Any]:
    """One rule of a small model."""
    rule: dict[str, Any] = {"id": rule_id, "kind": draw(st.one_of(kinds, kind_lists))}
    if draw(st.integers(0, 3)) == 3:
        rule["where"] = draw(conditions)
    rule["points"] = draw(points(negative=negative))
    rule |= draw(decays)
    if limited and draw(st.booleans()):
        rule["limit"] = draw(limits)
    if draw(st.booleans()):
        rule["group"] = draw(st.sampled_from(_GROUPS))
    return rule


@st.composite
def windows(draw: st.DrawFn, *, negative: bool = True) -> dict[str, Any]:
    """One window; without `negative` its steps ascend."""
    counts = sorted(draw(st.sets(st.integers(1, 4), min_size=1, max_size=2)))
    gains = [draw(st.integers(-10 if negative else 1, 30)) for _ in counts]
    gains = gains if negative else sorted(gains)
    return {
        "id": "window",
        "count": draw(kind_lists),
        "within": draw(st.sampled_from(["1h", "24h", "7d", "30d"])),
        "steps": [{"at_least": count, "points": gain} for count, gain in zip(counts, gains, strict=True)],
        "group": draw(st.sampled_from(_GROUPS)),
    }


@st.composite
def bands(draw: st.DrawFn) -> list[dict[str, Any]]:
    """None, one or two bands; lines and leaves ascend."""
    enters = sorted(draw(st.sets(st.integers(10, 90), max_size=2)))
    told: list[dict[str, Any]] = []
    for name, enter in zip(("warm", "hot"), enters, strict=False):
        lowest = told[-1]["leave"] + 0.25 if told else 1
        leave = max(lowest, enter - draw(st.sampled_from([0.5, 5, 20])))
        band: dict[str, Any] = {"name": name, "enter": enter, "leave": leave, "alert": draw(st.booleans())}
        if draw(st.booleans()):
            band["cooldown"] = draw(st.sampled_from(["1h", "7d"]))
        told.append(band)
    return told


@st.composite
def models(draw: st.DrawFn, *, limited: bool = True, negative: bool = True) -> dict[str, Any]:
    """A small valid model. `limited` False: no limits (law 1). `negative` False: nothing takes points (law 4)."""
    count = draw(st.integers(1, 3))
    model: dict[str, Any] = {
        "version": "small",
        "rules": [draw(rules(f"r{number}", limited=limited, negative=negative)) for number in range(count)],
        "bands": draw(bands()),
    }
    if draw(st.booleans()):
        model["windows"] = [draw(windows(negative=negative))]
    if draw(st.booleans()):
        model["timezone"] = draw(st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]))
    if draw(st.booleans()):
        model["groups"] = {"email": {"max": draw(st.integers(0, 60))}}
    if negative and draw(st.booleans()):
        model["inactivity"] = {"after": "7d", "points": -draw(st.integers(1, 20)), "every": "36h", "at_most": 3}
    return model


@st.composite
def signal_lines(draw: st.DrawFn, lead_id: str = "L", ids: int = 8, span_ms: int = SPAN_MS) -> dict[str, Any]:
    """One good signal, recorded when it occurred."""
    occurred_at = iso(draw(instants_ms(span_ms)))
    value = {
        "id": f"e-{draw(st.integers(1, ids))}",
        "lead_id": lead_id,
        "occurred_at": occurred_at,
        "kind": draw(kinds),
        **draw(attributes),
    }
    return {"topic": "engagements", "timestamp": occurred_at, "value": value}


@st.composite
def histories(
    draw: st.DrawFn, *, most_lines: int = 12, distinct: bool = False, timers: bool = True
) -> list[dict[str, Any]]:
    """Lines of one lead in order of arrival: Kafka timestamps ascend, instants may be late.

    `distinct`: no id comes twice. `timers`: some lines only advance the lead.
    """
    signals = draw(st.lists(signal_lines(), max_size=most_lines))
    record_ms = START_MS
    lines: list[dict[str, Any]] = []
    for number, line in enumerate(signals):
        record_ms = max(record_ms, instant_ms(line["timestamp"])) if draw(st.integers(0, 4)) else record_ms
        record_ms = max(record_ms, instant_ms(line["timestamp"]) - 5 * 60_000)
        value = line["value"] | ({"id": f"e-{number}"} if distinct else {})
        lines.append(line | {"timestamp": iso(record_ms), "value": value})
        if timers and draw(st.integers(0, 5)) == 5:
            lines.append({"topic": "timer", "lead_id": "L", "timestamp": iso(record_ms)})
    return lines
