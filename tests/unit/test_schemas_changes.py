"""Changes: what is published has exactly the members of the contract, under ids that a replay makes again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.changes import Change
from schemas.codec import encode
from scoring.changes import make_change, record_origin
from tests.laws.drive import fold, plan_of

MODEL: dict[str, Any] = {
    "version": "2026-11",
    "rules": [{"id": "signup", "kind": "webinar.signed_up", "points": 90, "half_life": "30d", "group": "events"}],
    "groups": {"events": {"max": 80}},
    "bands": [
        {"name": "warm", "enter": 40, "leave": 32},
        {"name": "hot", "enter": 70, "leave": 60, "alert": True, "cooldown": "24h"},
    ],
}
NOON = "2026-11-23T12:00:00Z"
SIGNUP = {
    "topic": "webinar.signups",
    "timestamp": NOON,
    "value": {"id": "e-1", "lead_id": "L-7", "occurred_at": NOON},
}
MEMBERS = (
    *("change_id", "timeline", "seq", "lead_id", "kind", "from", "to", "direction", "alert", "occurred_at"),
    *("score", "previous_score", "threshold", "cause", "reasons", "adjustments", "windows", "falls_at"),
    "model_version",
)


def published(*lines: dict[str, Any], origin: str = "webinar.signups/3/421") -> list[Change]:
    """The changes that these lines make."""
    plan = plan_of(MODEL)
    notices = fold(plan, lines).notices
    return [make_change(plan, "L-7", each, origin, (1, seq)) for seq, each in enumerate(notices, start=421)]


def timer(timestamp: str) -> dict[str, Any]:
    """A line that only advances the lead."""
    return {"topic": "timer", "lead_id": "L-7", "timestamp": timestamp}


def test_change_is_what_the_contract_says() -> None:
    """A lead that signs up goes hot: the whole record, member by member, in the order of the contract."""
    (change,) = published(SIGNUP)
    record = json.loads(encode(change))
    assert tuple(record) == MEMBERS
    assert {name: record[name] for name in MEMBERS[1:]} == {
        "timeline": 1,
        "seq": 421,
        "lead_id": "L-7",
        "kind": "band",
        "from": "cold",
        "to": "hot",
        "direction": "up",
        "alert": True,
        "occurred_at": NOON,
        "score": 80.0,
        "previous_score": 0.0,
        "threshold": 70.0,
        "cause": "signal",
        "reasons": [{"rule": "signup", "points": 90.0, "what": "webinar signed up"}],
        "adjustments": [{"what": "group events", "points": -10.0}],
        "windows": {"webinar.signed_up": {"24h": 1, "7d": 1, "30d": 1}},
        "falls_at": "2026-12-11T01:10:23Z",
        "model_version": "2026-11",
    }


def test_falls_come_with_their_own_instants() -> None:
    """What `falls_at` announced is what time then does, one band after the other."""
    up, first, second = published(SIGNUP, timer("2027-03-01T00:00:00Z"))
    assert [(each.from_, each.to, each.occurred_at, each.cause) for each in (first, second)] == [
        ("hot", "warm", up.falls_at, "time"),
        ("warm", "cold", first.falls_at, "time"),
    ]
    assert second.falls_at is None
    assert first.score < 60 <= first.previous_score
    assert first.alert is False


def test_change_is_read_again() -> None:
    """The record is valid by its definition, with `from` spelled as on the topic."""
    (change,) = published(SIGNUP)
    assert Change.model_validate_json(encode(change)) == change


def test_id_is_the_same_when_the_change_is_made_again() -> None:
    """A replay of the same record makes the same id; another record, lead or target another one."""
    (change,), (again,) = published(SIGNUP), published(SIGNUP)
    (elsewhere,) = published(SIGNUP, origin=record_origin("webinar.signups", 3, 422))
    plan = plan_of(MODEL)
    (notice,) = fold(plan, [SIGNUP]).notices
    other_lead = make_change(plan, "L-8", notice, "webinar.signups/3/421", (1, 421))
    assert change.change_id == again.change_id
    assert len({change.change_id, elsewhere.change_id, other_lead.change_id}) == 3
    assert len(change.change_id) == 32


@pytest.mark.parametrize("stops", [[], ["2026-12-01T00:00:00Z", "2026-12-11T01:10:23Z", "2026-12-20T00:00:00Z"]])
def test_id_of_a_fall_does_not_depend_on_who_finds_it(stops: list[str]) -> None:
    """A timer and the next input make the same fall, whatever record brings it to light."""
    late = timer("2027-03-01T00:00:00Z")
    one = published(SIGNUP, late, origin="email.opens/0/1")[1:]
    many = published(SIGNUP, *map(timer, stops), late, origin="email.clicks/5/9")[1:]
    assert [each.change_id for each in one] == [each.change_id for each in many]
