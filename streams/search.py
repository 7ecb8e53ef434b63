"""Leads by other things than their rank: filters, and those just below the line.

A search looks at every lead of every lane, a page at a time, and keeps no more than it is asked for: a lead whose
upper bound cannot reach the list is not even read. Each lead is judged exactly at the instant of the question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schemas.instants import DAY_MS
from scoring.explain import dimensions, grade, rolling_counts
from scoring.lead import NEVER, Status
from scoring.plan import Plan
from streams.scan import Found, Lanes, ScanReader

QUIET_DAYS = 7
"""A lead that has been silent for a week is missing something to answer to."""

NO_SEGMENT = "none"
"""As a wanted segment: leads that no segment takes in."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which leads are asked for; all that is given must hold.

    `grade`: such as B2, or B, or 2. `quiet_ms`: engaged at least so long ago. `since_ms`: has been in its band only
    since then. `nearly`: at most so many points below the line agreed with sales, and not handed over before.
    """

    band: str | None = None
    segment: str | None = None
    grade: str | None = None
    quiet_ms: int | None = None
    since_ms: int | None = None
    nearly: float | None = None


class UnknownName(Exception):
    """The sender's fault: a band or segment that no model in force has."""


class Missing(NamedTuple):
    """What could still lift a lead: dimensions not known, days of silence, kinds that never came in 30 days."""

    unknown: tuple[str, ...]
    quiet_days: int | None
    kinds: tuple[str, ...]


async def search(
    reader: ScanReader, partitions: Sequence[int], wanted: Wanted, limit: int, now_ms: int
) -> list[Found]:
    """The first `limit` of the leads that are wanted: by score from the highest, `nearly` by the gap to the line.

    Raises UnknownName, ModelChanging, and whatever the reader raises.
    """
    lanes = Lanes(reader, now_ms)
    plans = await lanes.plans(partitions)
    _check_names(wanted, plans)
    best = _Best(wanted, limit, _lowest(wanted, plans))
    for partition in partitions:
        async for page in lanes.pages(partition, best.reaches):
            best.add([each for each in page if await _is_wanted(wanted, each, lanes)])
    return best.found


def missing(found: Found) -> Missing:
    """What could still lift the lead."""
    plan, lead = found.plan, found.lead
    seen = rolling_counts(plan, lead, lead.as_of)
    gives = dict.fromkeys(kind for rule in plan.model.rules if rule.points > 0 for kind in rule.kind)
    quiet_days = None if lead.latest == NEVER else (lead.as_of - lead.latest) // DAY_MS
    return Missing(
        unknown=tuple(name for name, each in dimensions(plan, lead).items() if not each["known"]),
        quiet_days=quiet_days if quiet_days is not None and quiet_days >= QUIET_DAYS else None,
        kinds=tuple(kind for kind in gives if kind not in seen),
    )


class _Best:
    """The best so far. What cannot come onto the list need not be read."""

    def __init__(self, wanted: Wanted, limit: int, lowest: float) -> None:
        self.found: list[Found] = []
        self._by_gap = wanted.nearly is not None
        self._limit = limit
        self._lowest = lowest

    def reaches(self, bound: float) -> bool:
        """Whether a lead whose score is at most this may come onto the list."""
        if bound < self._lowest:
            return False
        is_full = len(self.found) == self._limit
        return self._by_gap or not is_full or bound > self.found[-1].score

    def add(self, page: Sequence[Found]) -> None:
        """Put these in their places."""
        known = {each.lead_id for each in self.found}
        self.found += [each for each in page if each.lead_id not in known]
        self.found.sort(key=self._place)
        del self.found[self._limit :]

    def _place(self, found: Found) -> tuple[float, str]:
        return (found.gap or 0.0) if self._by_gap else -found.score, found.lead_id


async def _is_wanted(wanted: Wanted, found: Found, lanes: Lanes) -> bool:
    """What is cheap to tell comes first."""
    plan, lead = found.plan, found.lead
    if wanted.band is not None and plan.names[lead.band] != wanted.band:
        return False
    if wanted.segment is not None and (plan.segments[lead.segment].name or NO_SEGMENT) != wanted.segment:
        return False
    if wanted.quiet_ms is not None and (lead.latest == NEVER or lead.as_of - lead.latest < wanted.quiet_ms):
        return False
    if wanted.nearly is not None and not _is_near(found, wanted.nearly):
        return False
    if wanted.grade is not None and wanted.grade not in _grades(found):
        return False
    if wanted.since_ms is None:
        return True
    entered_ms = await lanes.entered_ms(found)
    return entered_ms is not None and entered_ms >= wanted.since_ms


def _is_near(found: Found, points: float) -> bool:
    """Below the line by no more than that, in no band that alerts, and still to be won."""
    plan, lead, gap = found.plan, found.lead, found.gap
    handed_over = any(band.alert for band in plan.bands[: lead.band])
    return gap is not None and 0 < gap <= points and not handed_over and lead.status is Status.OPEN


def _grades(found: Found) -> tuple[str, ...]:
    """The ways in which a grade may be asked for: B2, B, 2; nothing if the model has no grades."""
    known = grade(found.plan, found.lead, found.lead.as_of)
    return () if known is None else (known, known[0], known[1:])


def _check_names(wanted: Wanted, plans: Sequence[Plan]) -> None:
    bands = {name for plan in plans for name in plan.names}
    segments = {segment.name or NO_SEGMENT for plan in plans for segment in plan.segments}
    for what, name, known in (("band", wanted.band, bands), ("segment", wanted.segment, segments)):
        if name is not None and plans and name not in known:
            raise UnknownName(f"no model in force has a {what} {name!r}; there is {', '.join(sorted(known))}")


def _lowest(wanted: Wanted, plans: Sequence[Plan]) -> float:
    """No lead that is wanted has a lower score."""
    lines: list[float] = []
    for plan in plans:
        place = plan.names.index(wanted.band) if wanted.band in plan.names else 0
        for segment in plan.segments:
            if wanted.nearly is not None:
                lines += [] if segment.threshold is None else [segment.threshold - wanted.nearly]
            else:
                lines.append(segment.lines[place - 1].leave if place else float("-inf"))
    return min(lines, default=float("-inf"))
