"""The rule of evolution: what was written under an earlier version is read, and what is written now is valid then.

The versions are the folders of schemas/contracts/, the present one among them. schemas/README.md has the rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.accepted import Signal
from schemas.published import Published
from schemas.rejected import Reason, RejectedRecord
from schemas.topics import ALL, CHANGES, PUBLISHED, REJECTED
from streams.lane.inputs import Origin, origin_header, parse_origin
from tests.support.contracts import (
    EVENT,
    INPUTS,
    OUTCOMES,
    READERS,
    VERSIONS,
    Members,
    golden,
    plain,
    read_now,
    read_then,
    validator,
)
from tests.support.doubles.lane import GivenRecord
from tests.unit.test_schemas_changes import SIGNUP, WHOLE, profile, published, said, timer

OUTPUTS = (CHANGES.name, REJECTED.name, PUBLISHED.name)
LATER = {"from_the_future": {"a": ["b", None]}}

each_version = pytest.mark.parametrize("version", VERSIONS)


@each_version
@pytest.mark.parametrize("name", [*INPUTS, EVENT])
def test_inputs_of_a_version_are_read_as_they_were(version: str, name: str) -> None:
    """Byte by byte as somebody sent them; members that were added since are all that may be more."""
    read = [read_now(name, value) for value in golden(version, name)]
    for now, then in zip(read, read_then(version)[name], strict=True):
        assert now.items() >= then.items()


@each_version
@pytest.mark.parametrize("name", [*OUTPUTS, OUTCOMES])
def test_records_of_ours_of_a_version_are_read_without_loss(version: str, name: str) -> None:
    """A console and a worker read what the version before them has written: each member of it."""
    for value in golden(version, name):
        assert read_now(name, value).items() >= json.loads(value).items()


@pytest.mark.parametrize("name", [*OUTPUTS, OUTCOMES, "lead.commands"])
def test_members_of_a_later_version_are_let_pass(name: str) -> None:
    """Readers ignore what they do not know, whatever its type: so workers of two versions may run side by side."""
    for value in golden(VERSIONS[-1], name):
        later = json.dumps(json.loads(value) | LATER).encode()
        now = read_now(name, later)
        now.pop("from_the_future", None)
        assert now == read_now(name, value)


def test_members_that_nobody_knows_are_attributes_of_a_signal() -> None:
    """And nothing else of it changes."""
    (value, *_) = golden(VERSIONS[-1], "email.opens")
    now, later = (READERS["email.opens"](json.dumps(json.loads(value) | more).encode()) for more in ({}, LATER))
    assert isinstance(now, Signal)
    attributes = now.attributes | LATER
    assert Signal(now.id, now.lead_id, now.kind, now.occurred_ms, now.machine, attributes) == later


@each_version
@pytest.mark.parametrize("name", [*(topic.name for topic in ALL if topic.name != "leadline.rekeyed"), EVENT])
def test_golden_values_are_of_their_version_and_of_the_present_one(version: str, name: str) -> None:
    """Valid by the schema that was exported then, and by that of now: it asks for no more than it did."""
    for value in golden(version, name):
        assert list(validator(version, name).iter_errors(json.loads(value))) == []
        assert list(validator(VERSIONS[-1], name).iter_errors(json.loads(value))) == []


def test_a_re_keyed_value_is_that_of_any_input() -> None:
    """Its schema takes each golden value, and what takes nothing at all takes no list."""
    rekeyed = validator(VERSIONS[-1], "leadline.rekeyed")
    for name in (*INPUTS, EVENT):
        assert all(rekeyed.is_valid(json.loads(value)) for value in golden(VERSIONS[-1], name))
    assert not rekeyed.is_valid([])


@each_version
@pytest.mark.parametrize("name", [*INPUTS, *OUTPUTS, EVENT])
def test_golden_values_have_every_member(version: str, name: str) -> None:
    """Each that the version's schema names occurs in them: so none can go unnoticed."""
    named = set(_members_of(validator(version, name).schema))
    found = {member for value in golden(version, name) for member in _members_in(json.loads(value))}
    assert named - found == set()
    assert named


def _members_of(schema: Any) -> Iterator[str]:
    """The names of all members that a schema knows, at any depth."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield from schema["properties"]
        for part in schema.values():
            yield from _members_of(part)
    if isinstance(schema, list):
        for part in schema:
            yield from _members_of(part)


def _members_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from _members_in(part)
    if isinstance(value, list):
        for part in value:
            yield from _members_in(part)


def written_now() -> Iterator[tuple[str, Members]]:
    """Records as this version writes them: of each kind of change, each reason of a refusal, a mark."""
    raised = said("flag", reason="doubt", by="sales:kim", until="2026-11-30T12:00:00Z", cap=50)
    for lines in ((SIGNUP, raised, timer("2027-03-01T00:00:00Z")), (profile(job_title="VP", size=5000), SIGNUP)):
        for change in published(*lines, model=WHOLE):
            yield CHANGES.name, plain(change)
    place = {"topic": "email.opens", "partition": 0, "offset": 7, "timestamp": "2026-11-23T09:30:00Z"}
    for reason in Reason:
        for payload in ("e30=", None):
            rejected = RejectedRecord(**place, reason=reason, field="", hash="", size_bytes=2, payload=payload)
            yield REJECTED.name, plain(rejected)
    yield PUBLISHED.name, plain(Published(timeline=2, outbox=0, environment="e", lineage="l", tenure="t"))


@each_version
def test_what_is_written_now_is_valid_by_the_schemas_of_a_version(version: str) -> None:
    """So a consumer that was written against them goes on; words in lists that may grow are no fault."""
    kinds = set()
    for name, members in written_now():
        assert list(validator(version, name).iter_errors(members)) == []
        kinds.add(members.get("kind"))
    assert {"band", "surge", "flag"} <= kinds


@each_version
@pytest.mark.parametrize(
    ("name", "difference", "is_valid"),
    [
        (CHANGES.name, {"cause": "moonlight", "kind": "eclipse"}, True),
        (CHANGES.name, {"cause": 7}, False),
        (CHANGES.name, {"direction": "sideways"}, False),
        (CHANGES.name, {"score": "71.25"}, False),
        (CHANGES.name, {"seq": None}, False),
        (REJECTED.name, {"reason": "moonlight"}, True),
        (REJECTED.name, {"offset": "7"}, False),
        (PUBLISHED.name, {"outbox": "7"}, False),
    ],
)
def test_the_schemas_of_a_version_would_tell(version: str, name: str, difference: Members, is_valid: bool) -> None:
    """A member of another type, or gone, or a word in a list that may not grow is no record of that version."""
    members = dict(written_now())[name]
    assert validator(version, name).is_valid(members)
    assert validator(version, name).is_valid(members | difference) is is_valid


def test_the_place_of_a_re_keyed_record_is_spelled_as_ever() -> None:
    """Workers of two versions re-key for each other; what is no place is none."""
    spelled = "leadline-origin", b"engagements/3/421"
    assert origin_header(GivenRecord("engagements", 3, 421, 0, b"L-7", b"{}")) == spelled
    assert parse_origin(spelled[1]) == Origin("engagements", 3, 421)
    for other in (
        None,
        b"",
        b"engagements",
        b"engagements/3",
        b"engagements/3/x",
        b"\xff/3/1",
        b"a/1/" + b"9" * 5_000,
    ):
        assert parse_origin(other) in (None, Origin("\ufffd", 3, 1))


def test_the_golden_readings_say_something() -> None:
    """Every command is among them, and each topic has its kind."""
    read = read_then(VERSIONS[0])
    commands = {each["command"] for each in read["lead.commands"]}
    assert commands == {"flag", "unflag", "retract", "outcome", "contacted", "erase", "model"}
    assert {each["kind"] for each in read["email.opens"]} == {"email.opened"}
    assert {each["lead_id"] for each in read["cloudevent"]} == {"L-7"}
