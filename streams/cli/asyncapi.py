"""The AsyncAPI 3 document: which topics there are, who writes them, what a record of each looks like.

Pure. It is made from the table of topics, and points to the JSON Schemas that are exported beside it.
"""

from __future__ import annotations

from schemas.cloudevents import EVENT_IN_JSON
from schemas.topics import ALL, INPUTS, OUTPUTS, Family, Topic
from streams.cli.json_schemas import EVENT, SUFFIX, JsonSchema

ASYNCAPI = "3.0.0"
KAFKA_BINDING = "0.5.0"

JSON_SCHEMA = "application/schema+json;version=draft-2020-12"
JSON = "application/json"

BINARY, STRUCTURED = "event.binary", "event.structured"
"""Names of the messages that an input may come as beside its own."""

SUMMARY: dict[Family, str] = {
    Family.SIGNAL: "what leads do",
    Family.PROFILE: "who leads are",
    Family.COMMAND: "what people say and decide about leads",
    Family.REKEYED: "internal: records that came in a wrong partition, on their way to the right one",
    Family.CHANGE: "bands entered and left, surges, red flags, with the reasons; an erased lead is a tombstone",
    Family.REJECTED: "records that were not accepted, and why",
    Family.PUBLISHED: "internal: how far the outbox of each lane has been published",
}

KEY: dict[Family, str] = {
    Family.SIGNAL: "the lead's id",
    Family.PROFILE: "the lead's id",
    Family.COMMAND: "the lead's id; none for the command `model`",
    Family.REKEYED: "the lead's id",
    Family.CHANGE: "the lead's id",
    Family.REJECTED: "the key of the record that was rejected",
    Family.PUBLISHED: "always `outbox`: the partition is the lane",
}

PLACE = {
    "timeline": "higher after Redis has lost acknowledged commits; with `seq` it is the record's place",
    "seq": "counts the records of a partition without a gap; drop what is not above the last (timeline, seq)",
}
ATTRIBUTES = {
    "ce_specversion": "1.0",
    "ce_id": "of the event; the `id` of an input that has none, the `change_id` of a change",
    "ce_source": "who says it: /leadline for a change",
    "ce_type": "the `kind` of a signal on `engagements` that has none; leadline.lead.<kind> for a change",
}
SUBJECT_AND_TIME = {
    "ce_subject": "the lead: the `lead_id` of an input that has none",
    "ce_time": "when it happened: the `occurred_at` of an input that has none",
}
CONTENT_TYPE = {"content-type": JSON}


def asyncapi(version: str) -> JsonSchema:
    """The document for this version of the contracts."""
    return {
        "asyncapi": ASYNCAPI,
        "info": {
            "title": "leadline",
            "version": version,
            "description": "Scores leads from what they do, and tells when one crosses the line.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": JSON,
        "channels": {topic.name: _channel(topic) for topic in ALL},
        "operations": dict(_operation(action, topic) for topic in ALL for action in _actions(topic)),
        "components": {"messages": {**{topic.name: _message(topic) for topic in ALL}, **_events()}},
    }


def headers_of(family: Family) -> JsonSchema:
    """The headers of the records that leadline writes of this family."""
    match family:
        case Family.CHANGE:
            alert = {"alert": "1 if sales should know now, else 0"}
            return _headers({**PLACE, **alert, **CONTENT_TYPE, **ATTRIBUTES, **SUBJECT_AND_TIME})
        case Family.REJECTED:
            return _headers({**PLACE, "reason": "as in the value", **CONTENT_TYPE})
        case Family.REKEYED:
            origin = {"leadline-origin": "where the record came from: <topic>/<partition>/<offset>"}
            return _headers(origin, {**CONTENT_TYPE, **ATTRIBUTES, **SUBJECT_AND_TIME})
        case _:
            return _headers({})


def _actions(topic: Topic) -> tuple[str, ...]:
    """What leadline does with it, in AsyncAPI's words."""
    reads, writes = topic in INPUTS, topic in OUTPUTS or topic.family is Family.REKEYED
    if topic.family is Family.PUBLISHED:
        reads = writes = True
    return (*(("receive",) if reads else ()), *(("send",) if writes else ()))


def _operation(action: str, topic: Topic) -> tuple[str, JsonSchema]:
    return f"{action}.{topic.name}", {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": SUMMARY[topic.family],
    }


def _channel(topic: Topic) -> JsonSchema:
    is_given = topic in INPUTS and topic.family is not Family.REKEYED
    names = (topic.name, BINARY, STRUCTURED) if is_given else (topic.name,)
    cleanup = {"cleanup.policy": ["compact"]} if topic.is_compacted else {"cleanup.policy": ["delete"]}
    kept = {} if topic.is_compacted else {"retention.ms": topic.retention_ms}
    return {
        "address": topic.name,
        "summary": SUMMARY[topic.family],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "topicConfiguration": {**cleanup, **kept},
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _message(topic: Topic) -> JsonSchema:
    message = {
        "name": topic.name,
        "summary": SUMMARY[topic.family],
        "contentType": JSON,
        "payload": _schema_file(topic.name),
        "bindings": {"kafka": {"key": _text(KEY[topic.family]), "bindingVersion": KAFKA_BINDING}},
    }
    headers = headers_of(topic.family)
    return {**message, "headers": headers} if headers["properties"] else message


def _events() -> JsonSchema:
    """The two modes of a CloudEvent, for any topic that others write."""
    filled = "a member that the value has not may be left to the headers"
    return {
        BINARY: {
            "name": BINARY,
            "summary": f"an input as a CloudEvent in binary mode: {filled}",
            "contentType": JSON,
            "headers": _headers(ATTRIBUTES, {**SUBJECT_AND_TIME, **CONTENT_TYPE}),
            "payload": {"type": "object"},
        },
        STRUCTURED: {
            "name": STRUCTURED,
            "summary": "an input as a CloudEvent in structured mode",
            "contentType": EVENT_IN_JSON,
            "headers": _headers({"content-type": EVENT_IN_JSON}),
            "payload": _schema_file(EVENT),
        },
    }


def _schema_file(name: str) -> JsonSchema:
    return {"schemaFormat": JSON_SCHEMA, "schema": {"$ref": f"./{name}{SUFFIX}"}}


def _headers(always: dict[str, str], sometimes: dict[str, str] | None = None) -> JsonSchema:
    told = {**always, **(sometimes or {})}
    return {
        "type": "object",
        "properties": {name: _text(description) for name, description in told.items()},
        "required": list(always),
    }


def _text(description: str) -> JsonSchema:
    return {"type": "string", "description": description}
