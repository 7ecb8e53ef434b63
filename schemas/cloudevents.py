"""CloudEvents 1.0: an input in the envelope that other systems put around what they send.

    structured   the header `content-type` is `application/cloudevents+json`; the value is the envelope, and its
                 `data` (or `data_base64`) is what we read
    binary       the attributes are headers: `ce_specversion`, `ce_id`, ...; the value is what we read

An envelope fills in what its data does not say: `id` from `id`, `lead_id` from `subject`, `occurred_at` from
`time`, and, on a topic that has no kind of its own, `kind` from `type`. What the data says itself holds, so an
envelope around a value that is complete changes nothing. Everything else in an envelope is left alone.

A field that is refused has the name of our member, whoever has given it; an attribute that is refused for itself is
called as in Kafka's headers, `ce_source`, in both modes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from schemas.accepted import Json, is_blank
from schemas.codec import decode_object
from schemas.rejected import Reason, Refused
from schemas.topics import Family, Topic

CONTENT_TYPE = "content-type"
ATTRIBUTE = "ce_"
"""Before the name of an attribute, in a header."""

SPECVERSION, SPECVERSION_1_0 = "specversion", "1.0"
REQUIRED = (SPECVERSION, "id", "source", "type")
"""Of every CloudEvent, whether we use it or not: without them it is something else."""

FILLS = {"id": "id", "subject": "lead_id", "time": "occurred_at"}
"""Attribute -> the member that it is if the data has none."""

HEADERS = frozenset({CONTENT_TYPE, *(ATTRIBUTE + name for name in (*REQUIRED, "subject", "time"))})
"""All that is read; extensions are not."""

ATTRIBUTE_MAX_CHARS = 1_000
"""A longer `source` is no address. It bounds what a record carries along when it is re-keyed, too."""

EVENTS, EVENT_IN_JSON = "application/cloudevents", "application/cloudevents+json"
_SPECVERSION_HEADER = ATTRIBUTE + SPECVERSION
_EVENTS = EVENTS.encode()

Headers = Sequence[tuple[str, bytes | None]]


def is_cloud_event(headers: Headers) -> bool:
    """Whether these headers say that their record is a CloudEvent, in either mode."""
    for name, value in headers:
        if name == _SPECVERSION_HEADER:
            return True
        if name == CONTENT_TYPE and value is not None and value[: len(_EVENTS)].lower() == _EVENTS:
            return True
    return False


def open_event(value: bytes | None, headers: Headers, topic: Topic) -> dict[str, Json]:
    """The members of an input that came as a CloudEvent, as if it had come without. Raises Refused."""
    told = {name: _text(name, header) for name, header in headers if name in HEADERS and header is not None}
    content_type = told.get(CONTENT_TYPE, "")
    if content_type.lower().startswith(EVENTS):
        if _media_type(content_type) != EVENT_IN_JSON:
            raise Refused(Reason.BAD_VALUE, CONTENT_TYPE)
        attributes = decode_object(value)
        _check(attributes)
        members = _data_of(attributes)
    else:
        attributes = {name.removeprefix(ATTRIBUTE): text for name, text in told.items() if name != CONTENT_TYPE}
        _check(attributes)
        _check_json(content_type, CONTENT_TYPE)
        members = decode_object(value) if value else {}
    _fill(members, attributes, topic)
    return members


def envelope_headers(headers: Headers) -> tuple[tuple[str, bytes], ...]:
    """What must go with a record that is sent on unchanged; nothing for a record that is no CloudEvent."""
    if not is_cloud_event(headers):
        return ()
    return tuple({name: value for name, value in headers if name in HEADERS and value is not None}.items())


def _text(name: str, header: bytes) -> str:
    try:
        text = header.decode()
    except UnicodeDecodeError:
        raise Refused(Reason.WRONG_TYPE, name) from None
    if len(text) > ATTRIBUTE_MAX_CHARS:
        raise Refused(Reason.TOO_LONG, name)
    return text


def _check(attributes: dict[str, Json]) -> None:
    for name in REQUIRED:
        value, field = attributes.get(name), ATTRIBUTE + name
        if value is None:
            raise Refused(Reason.MISSING, field)
        if not isinstance(value, str):
            raise Refused(Reason.WRONG_TYPE, field)
        if is_blank(value):
            raise Refused(Reason.EMPTY, field)
        if len(value) > ATTRIBUTE_MAX_CHARS:
            raise Refused(Reason.TOO_LONG, field)
    if attributes[SPECVERSION] != SPECVERSION_1_0:
        raise Refused(Reason.BAD_VALUE, _SPECVERSION_HEADER)


def _data_of(envelope: dict[str, Json]) -> dict[str, Json]:
    """The members of `data`; none is as good as an empty one."""
    _check_json(envelope.get("datacontenttype"), "datacontenttype")
    members, encoded = envelope.get("data"), envelope.get("data_base64")
    if encoded is not None:
        if members is not None:
            raise Refused(Reason.BAD_VALUE, "data_base64")
        return _decode_base64(encoded)
    if members is None:
        return {}
    if not isinstance(members, dict):
        raise Refused(Reason.NOT_OBJECT, "data")
    return members


def _decode_base64(encoded: Json) -> dict[str, Json]:
    if not isinstance(encoded, str):
        raise Refused(Reason.WRONG_TYPE, "data_base64")
    try:
        return decode_object(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        raise Refused(Reason.BAD_VALUE, "data_base64") from None
    except Refused as refused:
        raise Refused(refused.reason, "data_base64") from None


def _check_json(content_type: Json, field: str) -> None:
    """Data is JSON if nothing is said of it."""
    if is_blank(content_type):
        return
    if not isinstance(content_type, str):
        raise Refused(Reason.WRONG_TYPE, field)
    if not _media_type(content_type).endswith(("/json", "+json")):
        raise Refused(Reason.BAD_VALUE, field)


def _media_type(content_type: str) -> str:
    """Without parameters such as the charset: JSON is in UTF-8."""
    return content_type.partition(";")[0].strip().lower()


def _fill(members: dict[str, Json], attributes: dict[str, Json], topic: Topic) -> None:
    for attribute, member in FILLS.items():
        if is_blank(members.get(member)) and not is_blank(attributes.get(attribute)):
            members[member] = attributes[attribute]
    if topic.family is Family.SIGNAL and topic.default_kind is None and is_blank(members.get("kind")):
        members["kind"] = attributes["type"]
