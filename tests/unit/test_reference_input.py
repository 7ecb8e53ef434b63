"""The slow reference scorer, against figures worked out by hand: what is accepted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.reference.examples import NOON, OPEN, final, opened, run


def test_duplicates_and_machines_are_ignored() -> None:
    """A repeat within 72 h and 256 ids counts once, a machine's signal never; another kind is another signal."""
    again = opened(1, NOON) | {"timestamp": "2026-03-05T11:59:59Z"}
    forgotten = opened(1, NOON) | {"timestamp": "2026-03-05T12:00:00Z"}
    machine = opened(2, "2026-04-02T12:00:00Z", machine=True)
    model = {"rules": [OPEN | {"points": 1}], "scale": {"max": 1000}}
    answer = run(model, [opened(1, NOON), again, machine, opened(1, NOON, kind="email.bounced")], NOON)
    assert (answer["leads"][0]["score"], answer["ignored"]) == (1, {"duplicate": 1, "machine": 1})
    assert answer["leads"][0]["windows"]["other"] == {"24h": 1, "7d": 1, "30d": 1}
    assert final(model, [opened(1, NOON), forgotten], NOON) == 2
    others = [opened(number, NOON) for number in range(2, 257)]
    assert final(model, [opened(1, NOON), *others, opened(1, NOON)], NOON) == 256
    assert final(model, [opened(1, NOON), *others, opened(257, NOON), opened(1, NOON)], NOON) == 258


def test_oldest_hour_is_forgotten_first() -> None:
    """Of 721 buckets of a kind and an hour the one of the oldest hour is forgotten."""
    model: dict[str, Any] = {"inactivity": None, "rules": [OPEN]}
    hours = [(20 + hour // 24, hour % 24) for hour in range(240)]
    lines = [
        opened(number, f"2026-03-{day:02}T{hour:02}:00:00Z", kind=kind)
        for number, (day, hour, kind) in enumerate(
            (day, hour, kind) for day, hour in hours for kind in ("email.opened", "email.clicked", "page.viewed")
        )
    ]
    windows: list[dict[str, Any]] = [
        {"id": f"w{kind}", "count": kind, "within": "30d", "steps": []} for kind in ("email.clicked", "page.viewed")
    ]
    answer = run(model | {"windows": windows}, lines, "2026-03-29T23:00:00Z")
    assert {counts["30d"] for counts in answer["leads"][0]["windows"].values()} == {240}
    lines.append(opened(9999, "2026-03-30T00:00:00Z"))
    answer = run(model | {"windows": windows}, lines, "2026-03-30T00:00:00Z")
    assert answer["leads"][0]["windows"]["email.opened"]["30d"] == 240


@pytest.mark.parametrize(
    ("line", "reason", "field"),
    [
        ('{"topic": "email.opens"', "not_json", ""),
        ('{"topic": "email.opens", "value": NaN}', "not_json", ""),
        ("[1]", "not_object", ""),
        ({"topic": "email.opens", "value": ["e-1"]}, "not_object", ""),
        ({"topic": "email.opens", "value": {"lead_id": "L", "occurred_at": NOON}}, "missing", "id"),
        (opened(1, NOON, lead_id=7), "wrong_type", "lead_id"),
        (opened(1, NOON, lead_id=" "), "empty", "lead_id"),
        (opened(1, NOON, id="x" * 201), "too_long", "id"),
        (opened(1, NOON, machine="yes"), "wrong_type", "machine"),
        (opened(1, NOON, kind="Email Opened"), "bad_kind", "kind"),
        (opened(1, NOON) | {"topic": "engagements"}, "missing", "kind"),
        (opened(1, NOON, occurred_at="2026-03-02T12:00:00"), "no_zone", "occurred_at"),
        (opened(1, NOON, occurred_at="2026-13-02T12:00:00Z"), "bad_instant", "occurred_at"),
        (opened(1, NOON, occurred_at="yesterday"), "bad_instant", "occurred_at"),
        (opened(1, "1999-12-31T23:59:59.999Z"), "too_old", "occurred_at"),
        (opened(1, NOON, occurred_at="2025-01-26T11:59:59.999Z"), "too_old", "occurred_at"),
        (opened(1, NOON, occurred_at="2026-03-02T13:05:00.001+01:00"), "in_future", "occurred_at"),
        (opened(1, NOON, minutes=float("inf")), "bad_number", "minutes"),
        (opened(1, NOON, command="promote") | {"topic": "lead.commands"}, "unknown_command", "command"),
        (
            opened(1, NOON, command="model", version="2", body="rules: [{id: x}]") | {"topic": "lead.commands"},
            "bad_model",
            "body",
        ),
    ],
)
def test_what_is_refused_says_why(line: Any, reason: str, field: str) -> None:
    """A refused line is listed with its number, a reason and the member, and makes no lead."""
    answer = run({"rules": [OPEN]}, [line], NOON)
    assert answer["rejected"] == [{"line": 1, "reason": reason, "field": field}]
    assert answer["leads"] == []


@pytest.mark.parametrize(
    "occurred_at", ["2025-01-26T12:00:00Z", "2026-03-02T13:05:00+01:00", "2026-03-02T12:05:00Z"]
)
def test_bounds_of_an_instant_are_accepted(occurred_at: str) -> None:
    """Exactly 400 days before the record, and exactly 5 minutes after it, are not refused."""
    answer = run({"rules": [OPEN]}, [opened(1, NOON, occurred_at=occurred_at)], NOON)
    assert answer["rejected"] == []
    assert len(answer["leads"]) == 1
