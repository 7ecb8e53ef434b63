"""What all parts of a scoring model share, and the conditions that its rules are written in.

Apart from the model because rules about signals and rules about people both stand on it.
"""

from __future__ import annotations

from typing import Literal

import re2
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    field_validator,
    model_validator,
)

from scoring.fields import Finite, Name, Plain, shown, wrong

REGEX_MEMORY_BYTES = 1 << 20
"""Of one compiled pattern: thousands of states. RE2 needs time in proportion to the text, whatever the pattern."""

EmailClass = Literal["free", "disposable", "role", "invalid", "business"]


class Part(BaseModel):
    """A part of the document: no member that is not known, nothing changes once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(Part):
    """What an attribute must satisfy; all members that are given must hold."""

    equals: Plain | None = None
    in_: tuple[Plain, ...] | None = Field(default=None, alias="in", min_length=1)
    contains: Name | None = None
    starts_with: Name | None = None
    matches: Name | None = None
    min: StrictInt | Finite | None = None
    max: StrictInt | Finite | None = None
    missing: StrictBool | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain_value_means_equal(cls, value: object) -> object:
        if isinstance(value, bool | int | float | str):
            return {"equals": value}
        if not isinstance(value, dict) or not value or None in value.values():
            known = ", ".join(field.alias or name for name, field in cls.model_fields.items() if name != "equals")
            raise wrong(f"{shown(value)} is no condition", f"write a plain value, or some of {known}")
        if "equals" in value:
            raise wrong("`equals` is not a condition", "write the plain value itself")
        return value

    @field_validator("matches")
    @classmethod
    def _regex(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                compile_regex(value)
            except re2.error as error:
                told = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
                raise wrong(f"{shown(value)} is no regular expression here: {told}", _regex_fix(told)) from error
        return value


def _regex_fix(told: str) -> str:
    """What would be right, by what RE2 told."""
    if told.startswith(("invalid perl operator", "invalid escape sequence")):
        return "write it without look-around such as (?=...) and back-references such as \\1, as RE2 has it"
    if told.startswith(("invalid repetition", "bad repetition", "pattern too large")):
        return "write a shorter one: repetitions go up to {1000} in all"
    return "correct it; brackets and quantifiers are as in RE2, and \\ is written twice in double quotes"


class FitCondition(Condition):
    """A condition on a profile field: also what kind of e-mail address it is."""

    is_: EmailClass | None = Field(default=None, alias="is")


def compile_regex(pattern: str) -> re2._Regexp[str]:
    """The pattern, found without case. Raises re2.error."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = REGEX_MEMORY_BYTES
    return re2.compile(pattern, options)
