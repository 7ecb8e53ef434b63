"""Refusals: the closed list of reason codes, and the record that goes to `lead.events.rejected`."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Reason(StrEnum):
    """Why a record was refused. A promise: consumers and alerts name these."""

    NO_VALUE = "no_value"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    NOT_OBJECT = "not_object"
    MISSING = "missing"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    WRONG_TYPE = "wrong_type"
    BAD_VALUE = "bad_value"
    BAD_KIND = "bad_kind"
    BAD_INSTANT = "bad_instant"
    NO_ZONE = "no_zone"
    TOO_OLD = "too_old"
    IN_FUTURE = "in_future"
    TOO_MANY = "too_many"
    UNKNOWN_COMMAND = "unknown_command"
    BAD_MODEL = "bad_model"
    KEY_MISSING = "key_missing"
    KEY_MISMATCH = "key_mismatch"
    BAD_ORIGIN = "bad_origin"
    POISON = "poison"
    UNKNOWN_TOPIC = "unknown_topic"


MEANING: dict[Reason, str] = {
    Reason.NO_VALUE: "the record has no value (a tombstone)",
    Reason.TOO_LARGE: "the value is larger than 1 MiB",
    Reason.NOT_JSON: "the value is not valid JSON in UTF-8 (NaN and numbers beyond a double are not)",
    Reason.TOO_DEEP: "the value is nested more than 64 deep",
    Reason.NOT_OBJECT: "the value is JSON, but no object",
    Reason.MISSING: "a required field is missing or null",
    Reason.EMPTY: "a required field is empty or blank",
    Reason.TOO_LONG: "an id has more than 200 characters, or a profile field or an attribute more than 1,000",
    Reason.WRONG_TYPE: "a field has the wrong type",
    Reason.BAD_VALUE: "a field is none of the words that it may be, or not of a form that leadline reads",
    Reason.BAD_KIND: "`kind` is no dotted lower-case name such as page.viewed",
    Reason.BAD_INSTANT: "an instant is no ISO 8601 date and time",
    Reason.NO_ZONE: "an instant has no time zone",
    Reason.TOO_OLD: "`occurred_at` is before 2000, or more than 400 days before the record",
    Reason.IN_FUTURE: "`occurred_at` is more than 5 minutes after the record",
    Reason.TOO_MANY: "a profile of more than 64 fields, or a 17th red flag",
    Reason.UNKNOWN_COMMAND: "`command` is none that leadline knows",
    Reason.BAD_MODEL: "`body` is no valid scoring model",
    Reason.KEY_MISSING: "the record has no key; the key is the lead's id",
    Reason.KEY_MISMATCH: "the key is not the record's lead_id",
    Reason.BAD_ORIGIN: "a re-keyed record does not say where it came from",
    Reason.POISON: "the process died, or hung, each time that it scored this record",
    Reason.UNKNOWN_TOPIC: "a line of a file names no input topic",
}


class Refused(Exception):
    """The sender's fault: not accepted. `field` is the member's path, empty for the whole value."""

    def __init__(self, reason: Reason, field: str = "") -> None:
        super().__init__(f"{reason}: {field or 'value'}: {MEANING[reason]}")
        self.reason = reason
        self.field = field


class RejectedRecord(BaseModel):
    """One entry of `lead.events.rejected`: which record, why, and a hash to find it by."""

    model_config = ConfigDict(frozen=True)

    topic: str
    partition: int
    offset: int
    timestamp: str = Field(description="the record's Kafka timestamp")
    reason: Reason
    field: str = Field(description="path of the field, empty for the whole value")
    hash: str = Field(description="xxh3-64 of the value in hexadecimal, empty without a value")
    size_bytes: int
    payload: str | None = Field(
        default=None, description="the value in base64, cut at 64 KiB; only if so configured"
    )
