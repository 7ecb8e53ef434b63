"""Commands: what people say and decide about a lead. They are inputs like any other, ordered with what leads do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from schemas.accepted import is_blank
from schemas.rejected import Reason
from schemas.signals import KIND, Identifier, InputValue, InstantMs, read_instant, read_kind, refuse

TEXT_MAX = 200
"""Of what people write (a reason, a name, a note): cut there, since the first words say it."""


def _text(value: object) -> str:
    if value is None:
        raise refuse(Reason.MISSING)
    if not isinstance(value, str):
        raise refuse(Reason.WRONG_TYPE)
    if not value.strip():
        raise refuse(Reason.EMPTY)
    return value[:TEXT_MAX]


def _optional_text(value: object) -> str | None:
    return None if is_blank(value) else _text(value)


def _optional_instant(value: object) -> int | None:
    return None if is_blank(value) else read_instant(value)


def _number(value: object) -> float | None:
    if is_blank(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse(Reason.WRONG_TYPE)
    try:
        return float(value)
    except OverflowError:
        raise refuse(Reason.WRONG_TYPE) from None


def _required_kind(value: object) -> str:
    kind = read_kind(_text(value))
    assert kind is not None
    return kind


def _result(value: object) -> str:
    return _one_of(_text(value), ("converted", "dead", "reopened"))


def _verdict(value: object) -> str | None:
    return None if is_blank(value) else _one_of(_text(value), ("right", "wrong"))


def _one_of(text: str, words: tuple[str, ...]) -> str:
    if text not in words:
        raise refuse(Reason.BAD_VALUE)
    return text


_TEXT_SCHEMA = {"type": "string", "minLength": 1}
Text = Annotated[str, BeforeValidator(_text), WithJsonSchema(_TEXT_SCHEMA)]
OptionalText = Annotated[str | None, BeforeValidator(_optional_text), WithJsonSchema({"type": ["string", "null"]})]
Number = Annotated[float | None, BeforeValidator(_number), WithJsonSchema({"type": ["number", "null"]})]
OptionalInstantMs = Annotated[
    int | None,
    BeforeValidator(_optional_instant),
    WithJsonSchema({"type": ["string", "null"], "format": "date-time"}),
]
KindName = Annotated[
    str, BeforeValidator(_required_kind), WithJsonSchema({"type": "string", "pattern": f"^{KIND.pattern}$"})
]
Result = Annotated[
    Literal["converted", "dead", "reopened"],
    BeforeValidator(_result),
]
Verdict = Annotated[Literal["right", "wrong"] | None, BeforeValidator(_verdict)]


class FlagCommand(InputValue):
    """Raise a red flag: while it is up the score is at most `cap` (else the model's `flag_cap`)."""

    command: Literal["flag"]
    reason: Text
    until: OptionalInstantMs = None
    cap: Number = None
    by: OptionalText = None


class UnflagCommand(InputValue):
    """Lift a red flag; `verdict`: whether raising it was right."""

    command: Literal["unflag"]
    reason: Text
    by: OptionalText = None
    verdict: Verdict = None


class RetractCommand(InputValue):
    """A signal that turned out not to be the lead's doing: it is taken out as if it had not counted."""

    command: Literal["retract"]
    kind: KindName
    signal_id: Identifier
    why: OptionalText = None


class OutcomeCommand(InputValue):
    """What became of the lead; recorded with what was known at that instant."""

    command: Literal["outcome"]
    result: Result
    value: Number = None


class ContactedCommand(InputValue):
    """Sales has spoken to the lead; recorded with the alert that this answers."""

    command: Literal["contacted"]
    by: OptionalText = None
    note: OptionalText = None


class EraseCommand(InputValue):
    """Forget the lead: everything of it goes, and what it did before does not bring it back."""

    command: Literal["erase"]


class ModelCommand(BaseModel):
    """Another scoring model from here on: one record in every partition, in one transaction, without a key."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: Identifier
    occurred_at: InstantMs
    command: Literal["model"]
    version: Identifier
    body: str


LeadCommand = FlagCommand | UnflagCommand | RetractCommand | OutcomeCommand | ContactedCommand | EraseCommand
Command = Annotated[LeadCommand | ModelCommand, Field(discriminator="command")]

BY_COMMAND: dict[str, type[LeadCommand] | type[ModelCommand]] = {
    "flag": FlagCommand,
    "unflag": UnflagCommand,
    "retract": RetractCommand,
    "outcome": OutcomeCommand,
    "contacted": ContactedCommand,
    "erase": EraseCommand,
    "model": ModelCommand,
}
