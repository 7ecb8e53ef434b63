"""Bytes in and out: the one place that decodes and encodes what is on the topics.

A good signal is read without the pydantic definition, three times as fast; whatever the fast way does not
know for good is handed to the definition, which accepts it or says why not. So there is one definition, and
a test feeds both the same values.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from pydantic import BaseModel, ValidationError

from schemas.accepted import Json, Signal, is_blank
from schemas.changes import Change
from schemas.commands import BY_COMMAND, LeadCommand, ModelCommand
from schemas.instants import DAY_MS, LATEST_MS, MINUTE_MS, YEAR_2000_MS, NotAnInstant, NoZone, parse_ms
from schemas.outcomes import OutcomeRecord
from schemas.profiles import ProfileUpdate, ProfileValue, read_fields
from schemas.rejected import Reason, Refused
from schemas.signals import ID_MAX_LENGTH, KIND, SignalValue

VALUE_MAX_BYTES = 1 << 20
"""Kafka's own default bound of a message; a signal is a few hundred bytes."""

DEPTH_MAX = 64
"""Deeper nesting is an attack or a bug, and would depend on the interpreter's stack."""

AHEAD_MAX_MS = 5 * MINUTE_MS
"""Clocks of senders differ by seconds; more than this is a wrong clock."""

BEHIND_MAX_MS = 400 * DAY_MS
"""As long as the inputs are kept."""

Word = TypeVar("Word", bound=BaseModel)

_KINDS_MAX = 4096
_decode_json = msgspec.json.Decoder().decode
_decode_change = msgspec.json.Decoder(Change).decode
_decode_outcome = msgspec.json.Decoder(OutcomeRecord).decode
_encode_json = msgspec.json.Encoder().encode
_known_kinds: set[str] = set()


def decode_object(value: bytes | None) -> dict[str, Json]:
    """The members of a record's value. Raises Refused."""
    if value is None:
        raise Refused(Reason.NO_VALUE)
    if len(value) > VALUE_MAX_BYTES:
        raise Refused(Reason.TOO_LARGE)
    try:
        members: dict[str, Json] = _decode_json(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        _check_depth(value)
        raise Refused(Reason.NOT_JSON) from None
    if type(members) is not dict:
        _check_depth(value)
        raise Refused(Reason.NOT_OBJECT)
    for member in members.values():
        if type(member) is dict or type(member) is list:
            _check_depth(value)
            break
    return members


def decode_signal(value: bytes | None, default_kind: str | None, timestamp_ms: int | None) -> Signal:
    """The signal of a record with this Kafka timestamp (None: when it occurred). Raises Refused."""
    return read_signal(decode_object(value), default_kind, timestamp_ms)


def read_signal(members: dict[str, Json], default_kind: str | None, timestamp_ms: int | None) -> Signal:
    """The signal that has these members, else as `decode_signal`. Raises Refused."""
    signal = _read_good_signal(members, default_kind) or _read_any_signal(members, default_kind)
    check_instant(signal.occurred_ms, timestamp_ms)
    return signal


def check_instant(occurred_ms: int, timestamp_ms: int | None) -> None:
    """Refuses an instant before 2000 or after 2100, or too far from the record's Kafka timestamp."""
    known_ms = occurred_ms if timestamp_ms is None else timestamp_ms
    if occurred_ms < YEAR_2000_MS or known_ms - occurred_ms > BEHIND_MAX_MS:
        raise Refused(Reason.TOO_OLD, "occurred_at")
    if occurred_ms - known_ms > AHEAD_MAX_MS or occurred_ms > LATEST_MS:
        raise Refused(Reason.IN_FUTURE, "occurred_at")


def decode_profile(value: bytes | None, timestamp_ms: int | None) -> ProfileUpdate:
    """The profile of a record. Raises Refused."""
    return read_profile(decode_object(value), timestamp_ms)


def read_profile(members: dict[str, Json], timestamp_ms: int | None) -> ProfileUpdate:
    """The profile that has these members, else as `decode_profile`. Raises Refused."""
    profile = _validated(ProfileValue, members)
    fields = read_fields(members)
    check_instant(profile.occurred_at, timestamp_ms)
    return ProfileUpdate(profile.lead_id, profile.occurred_at, fields)


def decode_command(value: bytes | None, timestamp_ms: int | None) -> LeadCommand | ModelCommand:
    """The command of a record. Raises Refused."""
    return read_command(decode_object(value), timestamp_ms)


def read_command(members: dict[str, Json], timestamp_ms: int | None) -> LeadCommand | ModelCommand:
    """The command that has these members, else as `decode_command`. Raises Refused."""
    name = members.get("command")
    if is_blank(name):
        raise Refused(Reason.MISSING, "command")
    if not isinstance(name, str):
        raise Refused(Reason.WRONG_TYPE, "command")
    word = BY_COMMAND.get(name)
    if word is None:
        raise Refused(Reason.UNKNOWN_COMMAND, "command")
    command = _validated(word, members)
    check_instant(command.occurred_at, timestamp_ms)
    return command


def encode(value: BaseModel | msgspec.Struct) -> bytes:
    """A word of ours as JSON."""
    if isinstance(value, BaseModel):
        return value.model_dump_json(exclude_none=False).encode()
    return _encode_json(value)


def decode_change(value: bytes) -> Change:
    """A change from the topic, or from a lead's history. Raises msgspec.ValidationError."""
    return _decode_change(value)


def read_change(members: dict[str, Json]) -> Change:
    """A change from its members. Raises msgspec.ValidationError."""
    return msgspec.convert(members, Change)


def decode_outcome(value: bytes) -> OutcomeRecord:
    """An outcome as it was recorded. Raises msgspec.ValidationError."""
    return _decode_outcome(value)


def _read_good_signal(members: dict[str, Json], default_kind: str | None) -> Signal | None:
    """The signal if every member is plainly good, else None: the definition decides."""
    signal_id, lead_id, text = members.get("id"), members.get("lead_id"), members.get("occurred_at")
    kind = members.get("kind", default_kind)
    machine = members.get("machine", False)
    if (
        type(signal_id) is not str
        or type(lead_id) is not str
        or type(text) is not str
        or type(kind) is not str
        or type(machine) is not bool
        or not 0 < len(signal_id) <= ID_MAX_LENGTH
        or not 0 < len(lead_id) <= ID_MAX_LENGTH
        or signal_id.isspace()
        or lead_id.isspace()
        or not (kind in _known_kinds or _is_kind(kind))
    ):
        return None
    try:
        return Signal(signal_id, lead_id, kind, parse_ms(text), machine, members)
    except (NotAnInstant, NoZone):
        return None


def _is_kind(kind: str) -> bool:
    if len(kind) > ID_MAX_LENGTH or not KIND.fullmatch(kind):
        return False
    if len(_known_kinds) < _KINDS_MAX:
        _known_kinds.add(kind)
    return True


def _read_any_signal(members: dict[str, Json], default_kind: str | None) -> Signal:
    value = _validated(SignalValue, members)
    kind = value.kind or default_kind
    if kind is None:
        raise Refused(Reason.MISSING, "kind")
    return Signal(value.id, value.lead_id, kind, value.occurred_at, bool(value.machine), members)


def _validated(word: type[Word], members: dict[str, Json]) -> Word:
    try:
        return word.model_validate(members)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        match first["type"]:
            case "refused":
                reason = Reason(first["ctx"]["reason"])
            case "missing":
                reason = Reason.MISSING
            case _:
                reason = Reason.WRONG_TYPE
        raise Refused(reason, path) from None


def _check_depth(value: bytes) -> None:
    """Raises Refused. Nobody has more brackets inside each other than brackets."""
    if value.count(b"[") + value.count(b"{") > DEPTH_MAX and _depth(value) > DEPTH_MAX:
        raise Refused(Reason.TOO_DEEP)


def _depth(value: bytes) -> int:
    """How deep brackets nest, outside of texts."""
    depth = deepest = 0
    quoted = escaped = False
    for byte in value:
        if quoted:
            quoted = escaped or byte != 0x22
            escaped = byte == 0x5C and not escaped
        elif byte == 0x22:
            quoted = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest
