"""CloudEvents coming in: what an envelope fills in, what the data says itself, what is refused."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from schemas.accepted import Signal
from schemas.cloudevents import envelope_headers, is_cloud_event
from schemas.codec import decode_signal
from schemas.commands import FlagCommand
from schemas.profiles import ProfileUpdate
from schemas.signals import RESERVED
from schemas.topics import REKEYED
from streams.lane.inputs import Input, read_input
from tests.support.doubles.lane import GivenRecord

NOON, NOON_MS = "2026-11-23T12:00:00Z", 1_795_435_200_000
ANY, OPENS, PROFILES, COMMANDS = "engagements", "email.opens", "lead.profiles", "lead.commands"
ENVELOPE = {"specversion": "1.0", "id": "e-1", "source": "/mailer", "type": "page.viewed"}
WHOLE = ENVELOPE | {"subject": "L-7", "time": NOON}
STRUCTURED = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)

Attributes = dict[str, Any]
Headers = tuple[tuple[str, bytes | None], ...]


def read(topic: str, value: bytes | None, headers: Headers, key: bytes = b"L-7") -> Input:
    """What a lane makes of a record."""
    return read_input(GivenRecord(topic, 0, 0, NOON_MS, key, value, headers), NOON_MS)


def structured(topic: str, attributes: Attributes, **data: Any) -> Input:
    """The same of an event in structured mode; `data=` is its data."""
    return read(topic, json.dumps(attributes | data).encode(), STRUCTURED)


def binary(topic: str, attributes: Attributes, *others: tuple[str, bytes], data: Any = None) -> Input:
    """The same of an event in binary mode."""
    headers = tuple((f"ce_{name}", str(text).encode()) for name, text in attributes.items())
    return read(topic, None if data is None else json.dumps(data).encode(), (*headers, *others))


def in_both_modes(topic: str, attributes: Attributes, data: Any) -> Input:
    """What both modes say of an event, which is the same."""
    one, other = structured(topic, attributes, data=data), binary(topic, attributes, data=data)
    assert told(one) == told(other)
    return one


def told(given: Input) -> tuple[str, str] | None:
    """Reason and field of a refusal."""
    return None if given.refused is None else (given.refused.reason.value, given.refused.field)


def signal_of(given: Input) -> tuple[str, str, str, int, dict[str, Any]]:
    """Id, lead, kind, instant and attributes of an accepted signal."""
    assert isinstance(given.said, Signal), told(given)
    said = given.said
    attributes = {name: value for name, value in said.attributes.items() if name not in RESERVED}
    return said.id, said.lead_id, said.kind, said.occurred_ms, attributes


OWN = {"id": "own", "lead_id": "L-7", "occurred_at": "2026-11-23T11:00:00Z", "kind": "form.submitted"}


@pytest.mark.parametrize(
    ("topic", "attributes", "data", "expected"),
    [
        pytest.param(ANY, WHOLE, {"url": "/x"}, ("e-1", "L-7", "page.viewed", NOON_MS, {"url": "/x"}), id="whole"),
        pytest.param(ANY, WHOLE, None, ("e-1", "L-7", "page.viewed", NOON_MS, {}), id="no data"),
        pytest.param(
            ANY, WHOLE, OWN, ("own", "L-7", "form.submitted", NOON_MS - 3_600_000, {}), id="data that says it all"
        ),
        pytest.param(
            ANY,
            WHOLE | {"subject": "somebody else"},
            {"lead_id": "L-7", "id": None, "kind": " "},
            ("e-1", "L-7", "page.viewed", NOON_MS, {}),
            id="null and blank are not said",
        ),
        pytest.param(
            OPENS, WHOLE, {"campaign": "fall"}, ("e-1", "L-7", "email.opened", NOON_MS, {"campaign": "fall"}),
            id="a topic with a kind of its own",
        ),
        pytest.param(
            OPENS, WHOLE | {"type": "com.acme.Mail Opened"}, {}, ("e-1", "L-7", "email.opened", NOON_MS, {}),
            id="where a type is no kind",
        ),
        pytest.param(
            ANY, WHOLE | {"partitionkey": "L-7", "dataschema": "x"}, {"source": "ad"},
            ("e-1", "L-7", "page.viewed", NOON_MS, {"source": "ad"}),
            id="attributes of the envelope are none of the signal",
        ),
    ],
)  # fmt: skip
def test_an_envelope_fills_in_what_its_data_does_not_say(
    topic: str, attributes: Attributes, data: Any, expected: tuple[object, ...]
) -> None:
    """Id, lead, instant, and the kind where the topic has none; in both modes alike."""
    assert signal_of(in_both_modes(topic, attributes, data)) == expected


@pytest.mark.parametrize("topic", [ANY, OPENS])
def test_an_envelope_around_a_complete_value_changes_nothing(topic: str) -> None:
    """The signal is the one of the bare value, to the last attribute."""
    value = OWN | {"url": "/pricing", "minutes": 42, "machine": True, "tags": [{"a": None}]}
    bare = decode_signal(json.dumps(value).encode(), None, NOON_MS)
    assert in_both_modes(topic, WHOLE | {"time": "no instant", "id": "x" * 300}, value).said == bare


@pytest.mark.parametrize("write", [to_structured_event, to_binary_event])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_what_the_sdk_of_cloudevents_writes_is_read(write: Any, as_bytes: bool) -> None:
    """Whether the sender's data are members or bytes, which the structured mode puts into base64."""
    data: Any = {"url": "/x"}
    event = CloudEvent(
        ENVELOPE | {"subject": "L-7", "time": datetime(2026, 11, 23, 13, tzinfo=UTC).replace(hour=12)},
        json.dumps(data).encode() if as_bytes else data,
    )
    message: KafkaMessage = write(event)
    assert (b"data_base64" in message.value) is (as_bytes and write is to_structured_event)
    given = read(ANY, message.value, tuple(message.headers.items()))
    assert signal_of(given) == ("e-1", "L-7", "page.viewed", NOON_MS, data)


def test_profiles_and_commands_come_as_events_too() -> None:
    """Attributes of the envelope are no fields of a profile, and a type is no command."""
    profile = in_both_modes(PROFILES, WHOLE, {"email": "ann@acme.example", "source": "fair"}).said
    assert profile == ProfileUpdate("L-7", NOON_MS, {"email": "ann@acme.example", "source": "fair"})
    flag = in_both_modes(COMMANDS, WHOLE, {"command": "flag", "reason": "doubt"}).said
    assert isinstance(flag, FlagCommand)
    assert (flag.id, flag.lead_id, flag.occurred_at, flag.reason) == ("e-1", "L-7", NOON_MS, "doubt")
    assert told(in_both_modes(COMMANDS, WHOLE | {"type": "flag"}, {"reason": "doubt"})) == ("missing", "command")
    retract = {"command": "retract", "signal_id": "e-9"}
    assert told(in_both_modes(COMMANDS, WHOLE, retract)) == ("missing", "kind")


@pytest.mark.parametrize(
    ("attributes", "data", "reason", "field"),
    [
        ({"specversion": "0.3"}, OWN, "bad_value", "ce_specversion"),
        ({"specversion": "1"}, OWN, "bad_value", "ce_specversion"),
        ({"specversion": " "}, OWN, "empty", "ce_specversion"),
        ({"id": ""}, OWN, "empty", "ce_id"),
        ({"source": ""}, OWN, "empty", "ce_source"),
        ({"source": "x" * 1_001}, OWN, "too_long", "ce_source"),
        ({"type": ""}, OWN, "empty", "ce_type"),
        ({"type": "Page.Viewed"}, {}, "bad_kind", "kind"),
        ({"id": "x" * 201}, {}, "too_long", "id"),
        ({"subject": "x" * 201}, {}, "too_long", "lead_id"),
        ({"subject": ""}, {}, "missing", "lead_id"),
        ({"subject": "L-8"}, {}, "key_mismatch", "lead_id"),
        ({"time": ""}, {}, "missing", "occurred_at"),
        ({"time": "yesterday"}, {}, "bad_instant", "occurred_at"),
        ({"time": "2026-11-23T12:00:00"}, {}, "no_zone", "occurred_at"),
        ({"time": "2026-11-23T12:06:00Z"}, {}, "in_future", "occurred_at"),
        ({}, {"occurred_at": "1999-01-01T00:00:00Z"}, "too_old", "occurred_at"),
        ({}, {"id": 7}, "wrong_type", "id"),
    ],
)
def test_a_bad_envelope_is_refused(attributes: Attributes, data: Any, reason: str, field: str) -> None:
    """With the reason and the member of ours, or the attribute, that is at fault; in both modes alike."""
    assert told(in_both_modes(ANY, WHOLE | attributes, data)) == (reason, field)


@pytest.mark.parametrize("name", ["id", "source", "type"])
def test_what_every_event_has_is_required(name: str) -> None:
    """Also where leadline does without it; without `ce_specversion` headers are those of any record."""
    attributes = {attribute: text for attribute, text in WHOLE.items() if attribute != name}
    assert told(in_both_modes(ANY, attributes, OWN)) == ("missing", f"ce_{name}")


@pytest.mark.parametrize(
    ("members", "reason", "field"),
    [
        ({"data": "{}"}, "not_object", "data"),
        ({"data": [OWN]}, "not_object", "data"),
        ({"data": OWN, "data_base64": "e30="}, "bad_value", "data_base64"),
        ({"data_base64": 7}, "wrong_type", "data_base64"),
        ({"data_base64": "e30"}, "bad_value", "data_base64"),
        ({"data_base64": "é"}, "bad_value", "data_base64"),
        ({"data_base64": b64encode(b"{").decode()}, "not_json", "data_base64"),
        ({"data_base64": b64encode(b"[]").decode()}, "not_object", "data_base64"),
        ({"data_base64": b64encode(b'{"a": ' + b"[" * 65 + b"]" * 65 + b"}").decode()}, "too_deep", "data_base64"),
        ({"datacontenttype": "application/avro", "data": OWN}, "bad_value", "datacontenttype"),
        ({"datacontenttype": 5, "data": OWN}, "wrong_type", "datacontenttype"),
        ({"source": ["a"]}, "wrong_type", "ce_source"),
        ({"specversion": 1.0}, "wrong_type", "ce_specversion"),
        ({"specversion": None}, "missing", "ce_specversion"),
        ({"subject": 7}, "wrong_type", "lead_id"),
        ({"time": 7}, "wrong_type", "occurred_at"),
    ],
)
def test_a_bad_structured_event_is_refused(members: Attributes, reason: str, field: str) -> None:
    """Data that are no members, or not JSON, and attributes that are no texts."""
    assert told(structured(ANY, WHOLE, **members)) == (reason, field)


@pytest.mark.parametrize(
    ("value", "content_type", "reason", "field"),
    [
        (None, b"application/cloudevents+json", "no_value", ""),
        (b"{", b"application/cloudevents+json", "not_json", ""),
        (b"[]", b"application/cloudevents+json", "not_object", ""),
        (b"[{}]", b"application/cloudevents-batch+json", "bad_value", "content-type"),
        (b"\x00", b"application/cloudevents+avro", "bad_value", "content-type"),
        (b"{}", b"application/cloudevents", "bad_value", "content-type"),
        (b"{}", b"application/cloudevents+json" + b" " * 1_000, "too_long", "content-type"),
        (b"{}", b"application/cloudevents\xff", "wrong_type", "content-type"),
    ],
)
def test_what_is_no_event_in_json_is_refused(
    value: bytes | None, content_type: bytes, reason: str, field: str
) -> None:
    """Batches and other formats are not guessed at."""
    assert told(read(ANY, value, (("content-type", content_type),))) == (reason, field)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (("content-type", b"application/json"), None),
        (("content-type", b"Application/JSON; charset=utf-8"), None),
        (("content-type", b"application/vnd.acme.lead+json"), None),
        (("content-type", b""), None),
        (("content-type", b"application/avro"), ("bad_value", "content-type")),
        (("content-type", b"text/plain"), ("bad_value", "content-type")),
        (("ce_id", b"\xff"), ("wrong_type", "ce_id")),
        (("ce_time", b"x" * 1_001), ("too_long", "ce_time")),
        (("ce_trace", b"\xff" * 2_000), None),
    ],
)
def test_headers_of_the_binary_mode(header: tuple[str, bytes], expected: tuple[str, str] | None) -> None:
    """Of two headers of one name the last counts; extensions are not looked at."""
    assert told(binary(ANY, WHOLE, header, data={})) == expected


@pytest.mark.parametrize("value", [None, b""])
def test_an_event_without_data_in_binary_mode_is_no_tombstone(value: bytes | None) -> None:
    """Its headers say all that is needed; a record of no event and without a value is one."""
    headers = tuple((f"ce_{name}", text.encode()) for name, text in WHOLE.items())
    assert signal_of(read(OPENS, value, headers))[:3] == ("e-1", "L-7", "email.opened")
    assert told(read(OPENS, None, ())) == ("no_value", "")


@pytest.mark.parametrize(
    "headers",
    [
        (("traceparent", b"00-1-2-01"),),
        (("content-type", b"text/plain"),),
        (("content-type", None),),
        (("ce_id", b"other"), ("ce_subject", b"other")),
    ],
)
def test_headers_that_say_nothing_of_an_event_change_nothing(headers: Headers) -> None:
    """Tracing, a content type, attributes without a version: the value is read as it always was."""
    assert not is_cloud_event(headers)
    assert read(ANY, json.dumps(OWN).encode(), headers).said == decode_signal(json.dumps(OWN).encode(), None, None)


def test_a_structured_event_is_not_read_by_its_headers() -> None:
    """It may have the headers of the binary mode beside: the envelope counts."""
    beside = (("ce_specversion", b"0.3"), ("ce_id", b"other"), ("ce_subject", b"other"))
    given = read(ANY, json.dumps(WHOLE).encode(), (*beside, *STRUCTURED))
    assert signal_of(given)[:2] == ("e-1", "L-7")


@pytest.mark.parametrize("headers", [STRUCTURED, tuple((f"ce_{k}", v.encode()) for k, v in WHOLE.items())])
def test_a_rekeyed_event_is_read_as_it_was(headers: Headers) -> None:
    """What goes with it to its right partition is all that it needs, and bounded; nothing goes with others."""
    value = json.dumps(WHOLE if headers == STRUCTURED else {}).encode()
    carried = envelope_headers((*headers, ("ce_trace", b"x" * 9_999), ("other", b"y"), ("ce_subject", None)))
    assert carried == headers
    assert envelope_headers((("content-type", b"application/json"), ("other", b"y"))) == ()
    given = read(REKEYED.name, value, (("leadline-origin", b"engagements/3/5"), *carried))
    assert given.said == read(ANY, value, headers).said
    assert given.origin == (ANY, 3, 5)
