"""Two models compared, as text: their differences, and what a file comes to under each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from streams.cli.model_diff import Difference
from streams.cli.model_trial import Crossing, Side, TrialReport
from streams.cli.output import table
from streams.cli.rule_words import number_words

SIGNS = {"new": "+", "gone": "-", "changed": "~"}

LEADS_SHOWN = 20
"""Of each list, half a screen; `--json` has all of them."""


def difference_lines(before: str, after: str, found: Sequence[Difference]) -> Iterator[str]:
    """What is different from the model of version `before` to `after`, part by part."""
    yield f"from model {before} to {after}: {_counted(len(found), 'difference') if found else 'no differences'}"
    if not found:
        yield "every lead keeps its score and its band"
        return
    for part, members in groupby(found, key=lambda difference: difference.part):
        yield ""
        yield part
        for difference in members:
            yield from _difference(difference)
    yield ""
    yield "bands that change by a new model are published with the cause model, and never alert"


def _difference(difference: Difference) -> Iterator[str]:
    name = difference.name or difference.part
    told = difference.words if difference.what != "changed" else ""
    yield f"  {SIGNS[difference.what]} {name}  {told}".rstrip()
    for move in difference.moves:
        yield f"      {move.member}: {move.before} -> {move.after}"
    yield f"      {difference.effect}"


def trial_lines(report: TrialReport) -> Iterator[str]:
    """Both models side by side, then who crosses the line under one of them only."""
    if report["as_of"] is None:
        yield "no line of this file was accepted"
        return
    yield f"{_counted(report['leads'], 'lead')} over {_counted(report['days'], 'day')} until {report['as_of']}"
    yield ""
    yield from _sides(report["current"], report["tried"])
    yield from _crossings("would newly cross the line", report["newly"], "newly")
    yield from _crossings("would not cross it any more", report["dropped"], "dropped")
    yield ""
    yield f"rejected: {_counted(report['rejected'], 'line')}, the same under both"
    left_out = report["models_left_out"]
    if left_out:
        verb = "puts" if left_out == 1 else "put"
        yield f"left out: {_counted(left_out, 'command')} that {verb} another model in force"


def _sides(current: Side, tried: Side) -> list[str]:
    names = [*tried["bands"], *(name for name in current["bands"] if name not in tried["bands"])]
    rows = [
        ("line agreed with sales", *(_line(side["threshold"]) for side in (current, tried)), ""),
        _row("leads that crossed it", current["crossed"], tried["crossed"]),
        _row("alerts", current["alerts"], tried["alerts"]),
        _row("  by a surge", current["surges"], tried["surges"]),
        _row("alerts a day", current["alerts_per_day"], tried["alerts_per_day"]),
    ]
    for name in reversed(names):
        rows.append(_row(f"{name} at the end", current["bands"].get(name, 0), tried["bands"].get(name, 0)))
    columns = ("", f"now: {current['version']}", f"tried: {tried['version']}", "more")
    return table(columns, rows, right=columns[1:])


def _row(what: str, current: float, tried: float) -> tuple[str, str, str, str]:
    more = round(tried - current, 2)
    told = f"{'+' if more > 0 else ''}{number_words(more)}" if more else ""
    return what, number_words(current), number_words(tried), told


def _line(threshold: float | None) -> str:
    return "none" if threshold is None else number_words(threshold)


def _crossings(title: str, found: Sequence[Crossing], member: str) -> Iterator[str]:
    yield ""
    yield f"{title}: {_counted(len(found), 'lead')}"
    yield from table(
        ("lead", "first at", "score now", "tried", "band now", "tried"),
        (_crossing_row(crossing) for crossing in found[:LEADS_SHOWN]),
        right=("score now", "tried"),
    )
    if len(found) > LEADS_SHOWN:
        yield f"… and {len(found) - LEADS_SHOWN:,} with lower scores; --json has them as {member}"


def _crossing_row(crossing: Crossing) -> tuple[str, ...]:
    score, band = crossing["score"], crossing["band"]
    return (
        crossing["lead_id"],
        crossing["at"],
        f"{score['current']:.1f}",
        f"{score['tried']:.1f}",
        band["current"],
        band["tried"],
    )


def _counted(count: float, noun: str) -> str:
    return f"{number_words(count)} {noun}{'' if count == 1 else 's'}"
