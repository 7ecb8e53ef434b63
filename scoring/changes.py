"""From a notice to the change that is published."""

from __future__ import annotations

from typing import Literal, TypedDict, assert_never

import xxhash

from schemas.changes import Change, FlagChange
from schemas.instants import format_ms
from scoring.lead import NEVER
from scoring.notices import BandMove, FlagMove, Notice, SurgeSeen
from scoring.plan import Plan


def record_origin(topic: str, partition: int, offset: int) -> str:
    """The cause of a change that a record made."""
    return f"{topic}/{partition}/{offset}"


def make_change(plan: Plan, lead_id: str, notice: Notice, origin: str, place: tuple[int, int]) -> Change:
    """The change of a notice. `origin` names the record that caused it; `place` is its (timeline, seq).

    What time alone did has its instant for an origin, so that a timer and the next input make the same change.
    """
    moved, picture = notice.moved, notice.picture
    kind, target = _kind_and_target(moved)
    return Change(
        change_id=_change_id(lead_id, format_ms(notice.at_ms) if notice.by_itself else origin, kind, target),
        timeline=place[0],
        seq=place[1],
        lead_id=lead_id,
        kind=kind,
        **_of_its_kind(moved),
        alert=notice.alert,
        occurred_at=format_ms(notice.at_ms),
        score=notice.score,
        previous_score=notice.previous_score,
        threshold=picture.threshold,
        cause=notice.cause,
        reasons=picture.reasons,
        adjustments=picture.adjustments,
        windows=picture.windows,
        grade=picture.grade,
        segment=picture.segment,
        falls_at=None if picture.falls_ms == NEVER else format_ms(picture.falls_ms),
        model_version=plan.model.version,
    )


class _OfItsKind(TypedDict, total=False):
    """The members that not every change has."""

    from_: str
    to: str
    direction: Literal["up", "down"]
    flag: FlagChange
    rise: float
    usual: float
    kinds: tuple[str, ...]


def _of_its_kind(moved: BandMove | FlagMove | SurgeSeen) -> _OfItsKind:
    match moved:
        case BandMove():
            return {"from_": moved.from_, "to": moved.to, "direction": "up" if moved.is_up else "down"}
        case FlagMove():
            return {"flag": _flag_change(moved)}
        case SurgeSeen():
            return {"rise": moved.rise, "usual": moved.usual, "kinds": moved.kinds}
        case _:
            assert_never(moved)


def _kind_and_target(moved: BandMove | FlagMove | SurgeSeen) -> tuple[Literal["band", "flag", "surge"], str]:
    match moved:
        case BandMove():
            return "band", moved.to
        case FlagMove():
            return "flag", f"{moved.action} {moved.reason}"
        case SurgeSeen():
            return "surge", ""
        case _:
            assert_never(moved)


def _flag_change(flag: FlagMove) -> FlagChange:
    until = None if flag.until == NEVER else format_ms(flag.until)
    return FlagChange(reason=flag.reason, action=flag.action, by=flag.by, until=until, cap=flag.cap)


def _change_id(lead_id: str, origin: str, kind: str, target: str) -> str:
    """32 hexadecimal digits: the same for the same lead, cause, kind and target."""
    return xxhash.xxh3_128_hexdigest("\0".join((lead_id, origin, kind, target)).encode())
