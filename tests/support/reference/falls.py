"""Section 9: the first whole second at which a lead falls from its band without an input.

The definition is a scan, second by second. The one short cut: if even the least that the score can be anywhere
in a span is not below the line, no second of the span is the one, and the span is skipped; else it is halved,
the earlier half first. The least of a span puts together the least of each part on it (points.py: weights and
window counts only fall, inactivity only grows), and the score never falls when a part rises. On a span of one
second the least is the score itself, so what is found is found by the definition.

The span may hold no second at which a flag expires: then the same flags are up at all of its seconds.
"""

from __future__ import annotations

from dataclasses import replace

from tests.support.reference.fit import lines_of
from tests.support.reference.instants import SECOND_MS
from tests.support.reference.lead import Lead
from tests.support.reference.model import Model
from tests.support.reference.points import Part, cap_at, compose, least_parts

SLACK = 1e-9
"""Taken off the least of a span against the rounding of floats; the definition itself gets none."""


def first_fall(model: Model, lead: Lead, until_ms: int) -> int | None:
    """The first whole second in (as_of, until] at which the score is below the line to leave, or None.

    No flag may expire in (as_of, until].
    """
    place = model.place_of(lead.band)
    if place < 0:
        return None
    first, last = lead.as_of_ms // SECOND_MS + 1, until_ms // SECOND_MS
    second = _search(model, lead, first, last) if first <= last else None
    return None if second is None else second * SECOND_MS


def _search(model: Model, lead: Lead, first: int, last: int) -> int | None:
    """Of the seconds first..last the first one below the line."""
    leave = lines_of(model, lead)[model.place_of(lead.band)].leave
    cap = cap_at(model, lead, first * SECOND_MS)
    parts = least_parts(model, lead, first * SECOND_MS, last * SECOND_MS)
    if first == last:
        return first if compose(model, parts, cap).score < leave else None
    if compose(model, [_less(part) for part in parts], cap).score >= leave:
        return None
    middle = (first + last) // 2
    found = _search(model, lead, first, middle)
    return found if found is not None else _search(model, lead, middle + 1, last)


def _less(part: Part) -> Part:
    return replace(part, points=part.points - SLACK)
