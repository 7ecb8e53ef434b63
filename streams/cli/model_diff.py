"""What is different between two scoring models, and what each difference does to leads. Pure.

What takes effect at once and what counts anew is decided by `scoring.succession`; here it is only said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel

from scoring.fit_model import FitRule
from scoring.model import Band, Rule, ScoringModel, Window
from streams.cli.diff_words import member_words, part_words

What = Literal["new", "gone", "changed"]

AT_ONCE = "at once, for every lead"
FIT = "profiles are judged anew at once"
LINES = "leads are put at once where the new lines say"


class Move(NamedTuple):
    """One member of a part, before and after, in words."""

    member: str
    before: str
    after: str


class Difference(NamedTuple):
    """A part of the model that is new, gone or changed, and what that does; no `name` where there is one part."""

    part: str
    name: str
    what: What
    words: str
    moves: tuple[Move, ...]
    effect: str


def differences(before: ScoringModel, after: ScoringModel) -> list[Difference]:
    """All of them, in the order of a document; versions aside."""
    return [
        *_plain_members(before, after),
        *_rules(before, after),
        *_windows(before, after),
        *_kinds(before, after),
        *_single("inactivity", before, after, f"{AT_ONCE}, by its latest engagement"),
        *_fit(before, after),
        *_single("flag_cap", before, after, "at once, for every flag that says no cap itself"),
        *_named("groups", before.groups, after.groups, AT_ONCE),
        *_bands(before, after),
        *_segments(before, after),
        *_single("grades", before, after, "at once; a grade moves no band"),
        *_single("surge", before, after, "from the next signal on; points that were counted before count as well"),
    ]


def _plain_members(before: ScoringModel, after: ScoringModel) -> Iterator[Difference]:
    yield from _single("timezone", before, after, "limits by day and week follow the other calendar from then on")
    yield from _single("scale", before, after, AT_ONCE)


def _single(part: str, before: ScoringModel, after: ScoringModel, effect: str) -> Iterator[Difference]:
    """A part of which there is one."""
    old, new = getattr(before, part), getattr(after, part)
    if old == new:
        return
    if isinstance(old, BaseModel) and isinstance(new, BaseModel):
        yield Difference(part, "", "changed", part_words(new), tuple(_moves(old, new)), effect)
    elif old is None or new is None:
        yield Difference(part, "", "gone" if new is None else "new", part_words(new or old), (), effect)
    else:
        yield Difference(
            part, "", "changed", "", (Move(part, member_words(part, old), member_words(part, new)),), effect
        )


def _named(
    part: str, before: Mapping[str, BaseModel], after: Mapping[str, BaseModel], effect: str
) -> Iterator[Difference]:
    """Parts that are known by name."""
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if old is None and new is not None:
            yield Difference(part, name, "new", part_words(new), (), effect)
        elif new is None and old is not None:
            yield Difference(part, name, "gone", part_words(old), (), effect)
        elif old is not None and new is not None and old != new:
            yield Difference(part, name, "changed", part_words(new), tuple(_moves(old, new)), effect)


def _moves(old: BaseModel, new: BaseModel) -> Iterator[Move]:
    for member, field in type(new).model_fields.items():
        one, other = getattr(old, member), getattr(new, member)
        if one != other:
            yield Move(field.alias or member, member_words(member, one), member_words(member, other))


def _rules(before: ScoringModel, after: ScoringModel) -> Iterator[Difference]:
    old, new = ({rule.id: rule for rule in model.rules} for model in (before, after))
    for found in _named("rules", old, new, ""):
        yield found._replace(effect=_rule_effect(found, old, new))


def _rule_effect(found: Difference, old: Mapping[str, Rule], new: Mapping[str, Rule]) -> str:
    match found.what:
        case "gone":
            return "what it gives goes at once from every lead"
        case "changed" if old[found.name].identity == new[found.name].identity:
            return "at once, on what it has counted already"
        case "changed":
            return "it is another rule now: what it has counted goes at once, and it counts from the activation on"
        case _:
            twin = _same_by_another_name(new[found.name], old, new)
            advice = f"; to keep what {twin} has counted, keep that name" if twin else ""
            return f"counts from the activation on: what was before gives nothing{advice}"


def _same_by_another_name(rule: Rule, old: Mapping[str, Rule], new: Mapping[str, Rule]) -> str | None:
    """The rule that is gone, and counted just what this one counts."""
    for name, one in old.items():
        if name not in new and one.model_copy(update={"id": rule.id}).identity == rule.identity:
            return name
    return None


def _windows(before: ScoringModel, after: ScoringModel) -> Iterator[Difference]:
    old, new = ({window.id: window for window in model.windows} for model in (before, after))
    for found in _named("windows", old, new, AT_ONCE):
        unknown = _unknown_kinds(new.get(found.name), before)
        if unknown:
            found = found._replace(effect=f"{AT_ONCE}; but {' and '.join(unknown)} only from the activation on")
        yield found


def _unknown_kinds(window: Window | None, before: ScoringModel) -> list[str]:
    return [kind for kind in window.count if kind not in before.kinds] if window else []


def _kinds(before: ScoringModel, after: ScoringModel) -> Iterator[Difference]:
    """A kind is counted under its own name if the model names it anywhere."""
    for kind in before.kinds:
        if kind not in after.kinds:
            yield Difference("kinds", kind, "gone", "", (), "its signals count as `other`, those before as well")
    for kind in after.kinds:
        if kind not in before.kinds:
            effect = "counted under its own name from the activation on; those before stay `other`"
            yield Difference("kinds", kind, "new", "", (), effect)


def _fit(before: ScoringModel, after: ScoringModel) -> Iterator[Difference]:
    old, new = ({rule.id: rule for rule in model.fit} for model in (before, after))
    for found in _named("fit", old, new, FIT):
        rules: list[FitRule | None] = [old.get(found.name), new.get(found.name)]
        if any(rule and rule.flag for rule in rules):
            found = found._replace(effect=f"{FIT}; flags that it raises or lifts are published (cause model)")
        yield found


def _bands(before: ScoringModel, after: ScoringModel) -> Iterator[Difference]:
    old, new = ({band.name: band for band in model.bands} for model in (before, after))
    for found in _named("bands", old, new, ""):
        yield found._replace(effect=_band_effect(found, old, new))


def _band_effect(found: Difference, old: Mapping[str, Band], new: Mapping[str, Band]) -> str:
    match found.what:
        case "new":
            return f"leads from {new[found.name].enter:g} on enter it at once, without an alert"
        case "gone":
            return "its leads go at once to the highest band that their score enters, and its alerts are forgotten"
        case _:
            band, moved = new[found.name], {move.member for move in found.moves}
            parts = []
            if moved & {"enter", "leave"}:
                parts.append(f"leads in it stay at once from {band.leave:g} on, others enter at {band.enter:g}")
            if moved & {"alert", "cooldown"}:
                parts.append("alerts follow from the next time that a lead enters")
            return "; ".join(parts)


def _segments(before: ScoringModel, after: ScoringModel) -> Iterator[Difference]:
    old, new = ({segment.name: segment for segment in model.segments} for model in (before, after))
    yield from _named("segments", old, new, f"{FIT}, and {LINES}")
    both = [[name for name in names if name in old and name in new] for names in (old, new)]
    if both[0] != both[1]:
        move = Move("order", _listed(both[0]), _listed(both[1]))
        effect = f"the first that matches counts: {FIT}, and {LINES}"
        yield Difference("segments", "", "changed", "", (move,), effect)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
