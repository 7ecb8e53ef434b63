"""Models and histories that lie on edges, where a shortcut of the product would show.

Points are few and round, so that scores meet lines exactly; decays reach from a second to months; instants lie on
whole hours, on whole seconds and between two of them; some kinds engage and some only take points.

Each part is made from one number, whose digits choose: that is a tenth of the time of as many draws, and still
shrinks, since the first of each set of choices is the plainest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

from tests.support.generate.strategies import START_MS
from tests.support.reference.instants import DAY_MS, HOUR_MS, SECOND_MS, iso

Choice = TypeVar("Choice")

END_MS = START_MS + 600 * DAY_MS
"""Later than any history here, and than what any of their signals weighs."""

UNNAMED = "call.answered"
"""No model here names it."""

KIND_LISTS = (
    ["email.opened"],
    ["email.clicked"],
    ["page.viewed"],
    ["email.bounced"],
    ["email.opened", "email.clicked"],
    ["email.clicked", "page.viewed", "email.bounced"],
)
GROUPS = ("a", "b", "c")
DECAYS = (
    {},
    *({"half_life": length} for length in ("7d", "36h", "1h", "45s", "1s")),
    *({"expires_after": length} for length in ("24h", "1s", "90m", "2d", "169h", "8d")),
    *({"fades_over": length} for length in ("24h", "1s", "90m", "2d", "169h", "8d")),
)
LIMITS = (
    *(None, None, None, None, None, None),
    *({"times": times, "per": per} for times in (1, 2) for per in ("day", "week", "ever", "message_id")),
)
GAPS_MS = (
    *(0, HOUR_MS, DAY_MS, SECOND_MS, 1, 300, 500, 999, 1500, 59_500),
    *(HOUR_MS - 500, HOUR_MS - 1, HOUR_MS + 1, 90 * 60 * SECOND_MS, DAY_MS - 500),
    *(36 * HOUR_MS, 7 * DAY_MS, 30 * DAY_MS),
)
POINTS = (10, 10, 5, 20, 30, 50, -10, -5, -20)
SCALES = (None, None, None, {"min": -30, "max": 60}, {"min": 10, "max": 40}, {"max": 1000})
ENTERS = (10, 5, 20, 25, 30, 40, 45, 50)
NUMBERS = st.integers(0, (1 << 24) - 1)


class Digits:
    """A number taken apart: each pick uses up as much of it as there are choices."""

    def __init__(self, number: int) -> None:
        self.rest = number

    def pick(self, choices: Sequence[Choice]) -> Choice:
        """One of the choices; the first one if nothing is left of the number."""
        self.rest, place = divmod(self.rest, len(choices))
        return choices[place]

    def one_in(self, count: int) -> bool:
        """True once in `count` numbers."""
        return self.pick(range(count)) == count - 1


def _rule(place: int, number: int, *, takes: bool) -> dict[str, Any]:
    digits = Digits(number)
    points = digits.pick(POINTS)
    points = points if takes else abs(points)
    rule: dict[str, Any] = {"id": f"r{place}", "kind": digits.pick(KIND_LISTS), "points": points}
    rule |= {"group": digits.pick(GROUPS), **digits.pick(DECAYS)}
    limit = digits.pick(LIMITS)
    if limit:
        rule["limit"] = limit
    return rule | ({"where": {"minutes": {"min": 10}}} if digits.one_in(6) else {})


def _window(place: int, number: int, *, takes: bool) -> dict[str, Any]:
    digits = Digits(number)
    window = {
        "id": f"w{place}",
        "count": digits.pick(KIND_LISTS),
        "within": digits.pick(["1h", "2h", "24h", "30d"]),
    }
    counts = digits.pick([(1,), (2,), (1, 2), (2, 3), (1, 2, 4)])
    gains = [digits.pick([10, 20, 5, -10]) for _ in counts]
    gains = gains if takes else sorted(abs(gain) for gain in gains)
    steps = [{"at_least": count, "points": gain} for count, gain in zip(counts, gains, strict=True)]
    return window | {"group": digits.pick(GROUPS), "steps": steps}


def _inactivity(number: int) -> dict[str, Any]:
    digits = Digits(number)
    kinds = digits.pick([None, None, *KIND_LISTS])
    return {
        "after": digits.pick(["1h", "36h", "7d", "90s", "1s"]),
        "points": digits.pick([-10, -5, -20]),
        "every": digits.pick(["1h", "1s", "36h", "7d"]),
        "at_most": digits.pick([1, 2, 3]),
        "group": digits.pick(GROUPS),
        **({"count": kinds} if kinds else {}),
    }


def _bands(number: int, *, between: bool) -> list[dict[str, Any]]:
    """Lines that scores meet exactly; with `between` the lines to leave are such that no whole score meets them."""
    digits = Digits(number)
    enters = sorted({digits.pick(ENTERS) for _ in range(digits.pick([1, 1, 2, 3]))})
    bands: list[dict[str, Any]] = []
    lowest = -21.0
    for place, enter in enumerate(enters):
        leave = max(lowest + 1, enter - digits.pick([5, 1, 10, 15]) + (0.5 if between else 0))
        lowest = leave if leave < enter else enter - 0.25
        band = {"name": f"band-{place}", "enter": enter, "leave": lowest}
        cooldown = digits.pick([None, "1s", "1h", "7d"])
        bands.append(band | ({"alert": True, "cooldown": cooldown} if cooldown else {}))
    return bands


def _clamps(number: int) -> dict[str, Any]:
    digits = Digits(number)
    choices = [
        None,
        None,
        None,
        {"max": 10},
        {"max": 30},
        {"max": 0},
        {"min": -5},
        {"min": 0},
        {"min": -15, "max": 10},
    ]
    clamps = {group: digits.pick(choices) for group in GROUPS}
    return {group: clamp for group, clamp in clamps.items() if clamp}


@st.composite
def edge_models(draw: st.DrawFn, *, takes: bool = True) -> dict[str, Any]:
    """A model of a few rules whose scores lie on lines, with clamps that bind. Without `takes` all only gives.

    Where something is taken, no line to leave is a whole number: a score that stays exactly on its line while
    gains and losses cancel can be told from one below it only second by second.
    """
    rules = draw(st.lists(NUMBERS, min_size=1, max_size=4))
    windows = draw(st.lists(NUMBERS, max_size=2))
    model: dict[str, Any] = {
        "version": "edges",
        "rules": [_rule(place, number, takes=takes) for place, number in enumerate(rules)],
        "windows": [_window(place, number, takes=takes) for place, number in enumerate(windows)],
        "groups": _clamps(draw(NUMBERS)),
    }
    inactivity = draw(st.none() | NUMBERS) if takes else None
    if inactivity is not None:
        model["inactivity"] = _inactivity(inactivity)
    scale = draw(st.sampled_from(SCALES))
    if scale:
        model["scale"] = scale
    between = any(rule["points"] < 0 for rule in model["rules"])
    return model | {"bands": _bands(draw(NUMBERS), between=between)}


@st.composite
def edge_histories(draw: st.DrawFn, *, most_lines: int = 16) -> list[dict[str, Any]]:
    """Lines of one lead: Kafka timestamps ascend by gaps that end on an edge or just beside one."""
    record_ms = START_MS + draw(st.sampled_from([0, 500, HOUR_MS - 500, 12 * HOUR_MS]))
    lines: list[dict[str, Any]] = []
    for place, number in enumerate(draw(st.lists(NUMBERS, min_size=1, max_size=most_lines))):
        digits = Digits(number)
        record_ms += digits.pick(GAPS_MS)
        line: dict[str, Any] = {"topic": "timer", "lead_id": "L", "timestamp": iso(record_ms)}
        if not digits.one_in(8):
            value = signal_value(place, record_ms, digits)
            line = {"topic": "engagements", "timestamp": iso(record_ms), "value": value}
        lines.append(line)
    return lines


def signal_value(place: int, record_ms: int, digits: Digits) -> dict[str, Any]:
    """A signal recorded at this instant: some are late, some machines', some repeat an id."""
    kind = digits.pick([*(kinds[0] for kinds in KIND_LISTS[:4]), "email.opened", "email.clicked", UNNAMED])
    late_ms = digits.pick([0, 0, 0, 0, digits.pick(GAPS_MS)])
    value: dict[str, Any] = {
        "id": f"e-{place}",
        "lead_id": "L",
        "occurred_at": iso(record_ms - late_ms),
        "kind": kind,
    }
    value |= digits.pick([{}, {"minutes": 5}, {"minutes": 10}])
    value |= digits.pick([{}, {}, {"message_id": "m-1"}, {"message_id": "m-2"}])
    if digits.one_in(12):
        value["machine"] = True
    return value | ({"id": f"e-{place // 2}"} if digits.one_in(8) else {})
