"""A scoring model in words: what was understood of the document, for whoever wrote it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scoring.bounds import STATE_MAX_BYTES
from scoring.explain import words
from scoring.fields import Plain
from scoring.model import Band, Inactivity, Rule, ScoringModel, Window
from scoring.parts import Condition
from scoring.plan import Plan
from streams.cli.output import aligned

WORDS_MAX = 1_000
"""Columns of a rule in words: nobody wants half of a condition."""


def model_lines(plan: Plan) -> Iterator[str]:
    """The lines."""
    model = plan.model
    yield f"model {model.version}: scores from {model.scale.min:g} to {model.scale.max:g}, days of {model.timezone}"
    yield from _section("rules", ((rule.id, f"{rule.points:+d}", _rule(rule)) for rule in model.rules))
    yield from _section("windows", ((window.id, _window(window)) for window in model.windows))
    if model.inactivity:
        yield from _section("inactivity", [(f"{model.inactivity.points:+d}", _inactivity(model.inactivity))])
    yield from _section("groups", ((name, _group(plan, name)) for name in plan.groups))
    yield from _section("bands", ((band.name, _band(band)) for band in model.bands))
    yield ""
    yield _threshold(model)
    yield f"a lead's state takes at most {plan.state_worst_bytes:,} of {STATE_MAX_BYTES:,} bytes"


def _section(title: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A title over rows of (name, points, meaning) or (name, meaning)."""
    cells = list(rows)
    if cells:
        ends_right = [False, True, False] if len(cells[0]) == 3 else [False, False]
        yield ""
        yield title
        yield from (f"  {line}" for line in aligned(cells, ends_right, WORDS_MAX))


def _rule(rule: Rule) -> str:
    parts = [" or ".join(rule.kind)]
    parts += (
        [f"where {' and '.join(_condition(name, rule.where[name]) for name in rule.where)}"] if rule.where else []
    )
    parts.append(_decay(rule))
    parts += [_limit(rule)] if rule.limit else []
    return ", ".join([*parts, f"group {rule.group}"])


def _decay(rule: Rule) -> str:
    if rule.half_life:
        return f"half of it left after {words(rule.half_life)}"
    if rule.fades_over:
        return f"fades to nothing over {words(rule.fades_over)}"
    if rule.expires_after:
        return f"ends after {words(rule.expires_after)}"
    return "for ever"


def _limit(rule: Rule) -> str:
    assert rule.limit is not None
    per = {"day": "a day", "week": "a week", "ever": "ever"}.get(rule.limit.per, f"for each {rule.limit.per}")
    return f"at most {_times(rule.limit.times)} {per}"


def _times(times: int) -> str:
    return {1: "once", 2: "twice"}.get(times, f"{times} times")


def _condition(name: str, condition: Condition) -> str:
    found = []
    if condition.equals is not None:
        found.append(f"{name} is {_plain(condition.equals)}")
    if condition.in_ is not None:
        found.append(f"{name} is one of {', '.join(map(_plain, condition.in_))}")
    if condition.contains is not None:
        found.append(f'{name} contains "{condition.contains}"')
    if condition.starts_with is not None:
        found.append(f'{name} starts with "{condition.starts_with}"')
    if condition.matches is not None:
        found.append(f"{name} matches /{condition.matches}/")
    if condition.min is not None:
        found.append(f"{name} is at least {condition.min:g}")
    if condition.max is not None:
        found.append(f"{name} is at most {condition.max:g}")
    if condition.missing is not None:
        found.append(f"{name} is {'missing' if condition.missing else 'there'}")
    return " and ".join(found)


def _plain(value: Plain) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def _window(window: Window) -> str:
    steps = ", ".join(f"{step.points:+d} from {step.at_least} on" for step in window.steps)
    return f"{' or '.join(window.count)} within {words(window.within)}: {steps}, group {window.group}"


def _inactivity(inactivity: Inactivity) -> str:
    of = f" of {' or '.join(inactivity.count)}" if inactivity.count else " of any kind with positive points"
    again = f", and again every {words(inactivity.every)}" if inactivity.every else ""
    most = f", at most {_times(inactivity.at_most)}" if inactivity.every else ""
    return f"after {words(inactivity.after)} without a signal{of}{again}{most}, group {inactivity.group}"


def _group(plan: Plan, name: str) -> str:
    group = plan.model.groups.get(name)
    if group is None or (group.min is None and group.max is None):
        return "no limit"
    bounds = [] if group.min is None else [f"at least {group.min:g}"]
    bounds += [] if group.max is None else [f"at most {group.max:g}"]
    return ", ".join(bounds)


def _band(band: Band) -> str:
    alert = ""
    if band.alert:
        alert = ", alerts sales"
        alert += f" at most once in {words(band.cooldown)}" if band.cooldown else " each time"
    return f"entered at {band.enter:g}, left below {band.leave:g}{alert}"


def _threshold(model: ScoringModel) -> str:
    if model.threshold is None:
        return "no band alerts: no lead will ever be handed to sales"
    return f"the line agreed with sales is {model.threshold:g}"
