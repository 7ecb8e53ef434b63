"""A scoring model in words: what was understood of the document, for whoever wrote it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scoring.bounds import STATE_MAX_BYTES
from scoring.explain import words
from scoring.fit_model import FitRule, Grades, Segment
from scoring.model import Band, Inactivity, ScoringModel, Surge, Window
from scoring.plan import Plan
from streams.cli.output import aligned
from streams.cli.rule_words import condition_words, rule_words, steps_words, times_words

WORDS_MAX = 1_000
"""Columns of a rule in words: nobody wants half of a condition."""


def model_lines(plan: Plan) -> Iterator[str]:
    """The lines."""
    model = plan.model
    yield f"model {model.version}: scores from {model.scale.min:g} to {model.scale.max:g}, days of {model.timezone}"
    yield from _section("rules", ((rule.id, f"{rule.points:+d}", rule_words(rule)) for rule in model.rules))
    yield from _section("windows", ((window.id, window_words(window)) for window in model.windows))
    if model.inactivity:
        yield from _section("inactivity", [(f"{model.inactivity.points:+d}", inactivity_words(model.inactivity))])
    yield from _section("fit", ((rule.id, _gives(rule), fit_words(rule)) for rule in model.fit))
    yield from _section("groups", ((name, _group(model, name)) for name in plan.groups))
    yield from _section("bands", ((band.name, band_words(band)) for band in model.bands))
    yield from _section("segments", ((segment.name, segment_words(segment)) for segment in model.segments))
    if model.grades:
        yield from _section("grades", grade_rows(model.grades))
    if model.surge:
        yield from _section("surge", [(f"{model.surge.points}", surge_words(model.surge))])
    yield ""
    yield _agreed(model)
    yield f"while a red flag is up a score is at most {model.flag_cap:g}, or what the flag says itself"
    yield f"a lead's state takes at most {plan.state_worst_bytes:,} of {STATE_MAX_BYTES:,} bytes"


def window_words(window: Window) -> str:
    """`email.clicked within 7d: +5 from 3 on, group engagement`."""
    steps = steps_words(window.steps)
    return f"{' or '.join(window.count)} within {words(window.within)}: {steps}, group {window.group}"


def inactivity_words(inactivity: Inactivity) -> str:
    """When points are taken, without the points."""
    of = f" of {' or '.join(inactivity.count)}" if inactivity.count else " of any kind with positive points"
    again = f", and again every {words(inactivity.every)}" if inactivity.every else ""
    most = f", at most {times_words(inactivity.at_most)}" if inactivity.every else ""
    return f"after {words(inactivity.after)} without a signal{of}{again}{most}, group {inactivity.group}"


def fit_words(rule: FitRule) -> str:
    """What a profile must say, and what for."""
    about = [f"tells of {rule.dimension}"] if rule.dimension else []
    about += [f"group {rule.group}"] if rule.points else [f"raises the red flag {rule.flag} while that is so"]
    return ", ".join([where_words(rule), *about])


def where_words(part: FitRule | Segment) -> str:
    """The conditions on the profile."""
    return " and ".join(condition_words(name, condition) for name, condition in part.where.items())


def band_words(band: Band) -> str:
    """Its lines, and whether sales is told."""
    alert = ""
    if band.alert:
        alert = ", alerts sales"
        alert += f" at most once in {words(band.cooldown)}" if band.cooldown else " each time"
    return f"entered at {band.enter:g}, left below {band.leave:g}{alert}"


def segment_words(segment: Segment) -> str:
    """Whom it takes in, and what lines they have."""
    lines = [
        f"{name} entered at {lines.enter:g}, left below {lines.leave:g}" for name, lines in segment.bands.items()
    ]
    return f"{where_words(segment)}: {'; '.join(lines) or 'the lines of all'}"


def grade_rows(grades: Grades) -> list[tuple[str, str]]:
    """(what the grade is about, its lines) of the letter and of the number."""
    letters = [f"{letter} from {line:g} on" for letter, line in grades.fit.items()]
    numbers = [f"{number} from {line:g} on" for number, line in grades.engagement.items()]
    return [("fit", ", ".join([*letters, "else D"])), ("engagement", ", ".join([*numbers, "else 4"]))]


def surge_words(surge: Surge) -> str:
    """When a lead surges, without the points."""
    kinds = f", of at least {surge.kinds} kinds" if surge.kinds > 1 else ""
    usual = f", and {surge.times_usual:g} times what is usual for the lead" if surge.times_usual else ""
    again = f"at most once in {words(surge.cooldown)}" if surge.cooldown else "each time"
    return f"points or more within {words(surge.within)}{kinds}{usual}: alerts sales, {again}"


def _section(title: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A title over rows of (name, points, meaning) or (name, meaning)."""
    cells = list(rows)
    if cells:
        ends_right = [False, True, False] if len(cells[0]) == 3 else [False, False]
        yield ""
        yield title
        yield from (f"  {line}" for line in aligned(cells, ends_right, WORDS_MAX))


def _gives(rule: FitRule) -> str:
    return "flag" if rule.points is None else f"{rule.points:+d}"


def _group(model: ScoringModel, name: str) -> str:
    group = model.groups.get(name)
    if group is None or (group.min is None and group.max is None):
        return "no limit"
    bounds = [] if group.min is None else [f"at least {group.min:g}"]
    bounds += [] if group.max is None else [f"at most {group.max:g}"]
    return ", ".join(bounds)


def _agreed(model: ScoringModel) -> str:
    """The line agreed with sales, for all and for segments that have another."""
    threshold = model.threshold
    if threshold is None:
        return f"no band alerts: no lead will ever be handed to sales{' but by a surge' if model.surge else ''}"
    own = {segment.name: model.threshold_of(segment) for segment in model.segments}
    others = [f"{line:g} for {name}" for name, line in own.items() if line is not None and line != threshold]
    return ", ".join([f"the line agreed with sales is {threshold:g}", *others])
