"""Rules and conditions in words. Pure.

Apart from `model_words` because whole models and their differences are both made of these.
"""

from __future__ import annotations

from collections.abc import Sequence

from scoring.explain import words
from scoring.fields import Plain
from scoring.model import Limit, Rule, Step
from scoring.parts import Condition, EmailClass, FitCondition

EMAIL_CLASSES: dict[EmailClass, str] = {
    "free": "of a provider of free addresses",
    "disposable": "a disposable address",
    "role": "the address of a function such as info@",
    "invalid": "no valid address",
    "business": "a business address",
}


def rule_words(rule: Rule) -> str:
    """What counts, how it fades, how often; without the points."""
    parts = [" or ".join(rule.kind)]
    parts += (
        [f"where {' and '.join(condition_words(name, rule.where[name]) for name in rule.where)}"]
        if rule.where
        else []
    )
    parts.append(_decay(rule))
    parts += [limit_words(rule.limit)] if rule.limit else []
    return ", ".join([*parts, f"group {rule.group}"])


def limit_words(limit: Limit) -> str:
    """`at most 5 times a day`."""
    per = {"day": "a day", "week": "a week", "ever": "ever"}.get(limit.per, f"for each {limit.per}")
    return f"at most {times_words(limit.times)} {per}"


def steps_words(steps: Sequence[Step]) -> str:
    """`+5 from 3 on, +10 from 6 on`."""
    return ", ".join(f"{step.points:+d} from {step.at_least} on" for step in steps)


def times_words(times: int) -> str:
    """`once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(times, f"{times} times")


def condition_words(name: str, condition: Condition) -> str:
    """What must hold of the attribute or field of this name."""
    return " and ".join([*_texts(name, condition), *_bounds(name, condition)])


def _texts(name: str, condition: Condition) -> list[str]:
    found = []
    if condition.equals is not None:
        found.append(f"{name} is {plain_words(condition.equals)}")
    if condition.in_ is not None:
        found.append(f"{name} is one of {', '.join(map(plain_words, condition.in_))}")
    if condition.contains is not None:
        found.append(f'{name} contains "{condition.contains}"')
    if condition.starts_with is not None:
        found.append(f'{name} starts with "{condition.starts_with}"')
    if condition.matches is not None:
        found.append(f"{name} matches /{condition.matches}/")
    return found


def _bounds(name: str, condition: Condition) -> list[str]:
    found = []
    if condition.min is not None:
        found.append(f"{name} is at least {number_words(condition.min)}")
    if condition.max is not None:
        found.append(f"{name} is at most {number_words(condition.max)}")
    if condition.missing is not None:
        found.append(f"{name} is {'missing' if condition.missing else 'there'}")
    if isinstance(condition, FitCondition) and condition.is_ is not None:
        found.append(f"{name} is {EMAIL_CLASSES[condition.is_]}")
    return found


def plain_words(value: Plain) -> str:
    """A value as in YAML, texts in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else number_words(value)


def number_words(value: float) -> str:
    """`20,000`, `0.5`: no digit is lost."""
    return f"{int(value):,}" if value == int(value) else f"{value:,}"


def _decay(rule: Rule) -> str:
    if rule.half_life:
        return f"half of it left after {words(rule.half_life)}"
    if rule.fades_over:
        return f"fades to nothing over {words(rule.fades_over)}"
    if rule.expires_after:
        return f"ends after {words(rule.expires_after)}"
    return "for ever"
