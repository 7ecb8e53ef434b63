"""Changes: what is published has exactly the members of the contract, under ids that a replay makes again."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from schemas.changes import Change
from schemas.codec import decode_change, encode
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
    *("score", "previous_score", "threshold", "cause", "reasons", "adjustments", "windows", "grade", "segment"),
    *("falls_at", "model_version"),
)
OF_A_BAND = ("from", "to", "direction")


WHOLE: dict[str, Any] = MODEL | {
    "surge": {"points": 90, "within": "48h"},
    "fit": [
        {"id": "vp", "where": {"job_title": "VP"}, "points": 15},
        {"id": "rival", "where": {"domain": "rival.example"}, "flag": "competitor"},
    ],
    "segments": [{"name": "large", "where": {"size": {"min": 1000}}, "bands": {"hot": {"enter": 75, "leave": 60}}}],
    "grades": {"fit": {"A": 20, "B": 10}, "engagement": {1: 60, 2: 30}},
}
"""The same with all that a change can tell of."""


def published(
    *lines: dict[str, Any], origin: str = "webinar.signups/3/421", model: dict[str, Any] = MODEL
) -> list[Change]:
    """The changes that these lines make."""
    plan = plan_of(model)
    notices = fold(plan, lines).notices
    return [make_change(plan, "L-7", each, origin, (1, seq)) for seq, each in enumerate(notices, start=421)]


def timer(timestamp: str) -> dict[str, Any]:
    """A line that only advances the lead."""
    return {"topic": "timer", "lead_id": "L-7", "timestamp": timestamp}


def said(command: str, occurred_at: str = NOON, **members: Any) -> dict[str, Any]:
    """A line of a command about the lead."""
    value = {"id": f"c-{command}", "lead_id": "L-7", "occurred_at": occurred_at, "command": command, **members}
    return {"topic": "lead.commands", "timestamp": occurred_at, "value": value}


def profile(**fields: Any) -> dict[str, Any]:
    """A line of what is known about the lead."""
    value = {"id": "p", "lead_id": "L-7", "occurred_at": NOON, **fields}
    return {"topic": "lead.profiles", "timestamp": NOON, "value": value}


def beside(*names: str) -> tuple[str, ...]:
    """The members of a change that tells of no band, in order: these stand where a band's would."""
    place = MEMBERS.index("from")
    return MEMBERS[:place] + names + tuple(name for name in MEMBERS[place:] if name not in OF_A_BAND)


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
        "grade": None,
        "segment": None,
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
    assert decode_change(encode(change)) == change


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


def test_change_of_a_flag_has_the_flag_and_no_bands() -> None:
    """Raised by command with all that may be said of it: who, until when, at most what; never an alert."""
    flag = said("flag", reason="doubt", by="sales:kim", until="2026-11-30T12:00:00Z", cap=50)
    _, raised, fallen = published(SIGNUP, flag)
    record = json.loads(encode(raised))
    assert tuple(record) == beside("flag")
    assert record["flag"] == {
        "reason": "doubt",
        "action": "raised",
        "by": "sales:kim",
        "until": "2026-11-30T12:00:00Z",
        "cap": 50,
    }
    assert (record["kind"], record["cause"], record["alert"]) == ("flag", "flag", False)
    assert (record["score"], record["previous_score"]) == (50, 80)
    assert (fallen.kind, fallen.cause, fallen.from_, fallen.to) == ("band", "flag", "hot", "warm")
    assert msgspec.to_builtins(fallen.adjustments[-1]) == {"what": "flag doubt", "points": -30}


def test_change_of_a_flag_by_the_model_says_so() -> None:
    """A rule's flag is raised by `fit`, without an end or a cap of its own, and by cause of the profile."""
    raised, *_ = published(profile(domain="rival.example"), model=WHOLE)
    assert raised.flag is not None
    assert msgspec.to_builtins(raised.flag) == {
        "reason": "competitor",
        "action": "raised",
        "by": "fit",
        "until": None,
        "cap": None,
    }
    (lifted,) = published(profile(domain="rival.example"), profile(domain="acme.example"), model=WHOLE)[1:]
    assert lifted.flag is not None
    assert (lifted.flag.action, lifted.cause) == ("lifted", "profile")


def test_change_of_a_surge_has_the_rise_and_no_bands() -> None:
    """What was gathered, what is usual, by which kinds; after the band change of the same signal."""
    band, surge = published(SIGNUP, model=WHOLE)
    record = json.loads(encode(surge))
    assert (band.kind, surge.kind) == ("band", "surge")
    assert tuple(record) == beside("rise", "usual", "kinds")
    assert (record["rise"], record["usual"], record["kinds"]) == (90, 0, ["webinar.signed_up"])
    assert (record["cause"], record["alert"]) == ("signal", True)


def test_change_tells_who_the_lead_is() -> None:
    """Its grade, its persona, and the line that is that persona's."""
    (change, _) = published(profile(job_title="VP", size=5000), SIGNUP, model=WHOLE)
    assert (change.grade, change.segment, change.threshold) == ("B1", "large", 75)
    (stranger, _) = published(SIGNUP, model=WHOLE)
    assert (stranger.grade, stranger.segment, stranger.threshold) == ("D1", None, 70)


@pytest.mark.parametrize("line", [said("flag", reason="doubt"), profile(domain="rival.example"), SIGNUP])
def test_changes_of_other_kinds_are_read_again(line: dict[str, Any]) -> None:
    """Each is valid by its definition, with what it leaves out."""
    for change in published(line, model=WHOLE):
        assert decode_change(encode(change)) == change


def test_ids_of_one_record_differ_by_kind_and_target() -> None:
    """One record may make several changes; the same reason raised and lifted, or two reasons, are two targets."""
    surged = published(SIGNUP, model=WHOLE)
    flagged = published(said("flag", reason="doubt"), said("flag", reason="legal"), said("unflag", reason="doubt"))
    ids = [change.change_id for change in (*surged, *flagged)]
    assert len(set(ids)) == len(ids) == 5


@pytest.mark.parametrize("stops", [[], ["2026-11-24T00:00:00Z", "2026-11-25T12:00:01Z"]])
def test_id_of_an_expiry_does_not_depend_on_who_finds_it(stops: list[str]) -> None:
    """A flag ends by itself in one second, whatever brings it to light; so does the alert that it lets through."""
    flag = said("flag", reason="doubt", until="2026-11-25T12:00:00.300Z")
    late = timer("2026-11-26T00:00:00Z")
    one = published(flag, SIGNUP, late, origin="email.opens/0/1")[1:]
    many = published(flag, SIGNUP, *map(timer, stops), late, origin="email.clicks/5/9")[1:]
    assert [change.change_id for change in one] == [change.change_id for change in many]
    assert [(change.kind, change.occurred_at, change.alert) for change in one] == [
        ("flag", "2026-11-25T12:00:01Z", False),
        ("band", "2026-11-25T12:00:01Z", True),
    ]
