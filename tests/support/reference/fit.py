"""Section 6: what a lead's profile makes of it. Nothing of it changes with time alone."""

from __future__ import annotations

from typing import Any

from tests.support.reference.bands import Lines
from tests.support.reference.conditions import all_hold
from tests.support.reference.lead import Lead
from tests.support.reference.model import FitRule, Model, Segment

FIT_FLAG_BY = "fit"
"""Who has raised a flag that a fit rule raises."""


def matching(model: Model, lead: Lead) -> list[FitRule]:
    """The fit rules that match; none of a lead without a profile, `missing` included."""
    if lead.profile is None:
        return []
    return [rule for rule in model.fit if all_hold(rule.where, lead.fields)]


def reasons_by_fit(model: Model, lead: Lead) -> frozenset[str]:
    """The reasons of the red flags that fit rules raise."""
    return frozenset(rule.flag for rule in matching(model, lead) if rule.flag is not None)


def segment_of(model: Model, lead: Lead) -> Segment | None:
    """The first segment that matches; none without a profile."""
    if lead.profile is None:
        return None
    return next((segment for segment in model.segments if all_hold(segment.where, lead.fields)), None)


def lines_of(model: Model, lead: Lead) -> Lines:
    """The bands with the lines that hold for this lead."""
    segment = segment_of(model, lead)
    return model.bands if segment is None else segment.bands


def dimensions(model: Model, lead: Lead) -> dict[str, dict[str, Any]]:
    """Each dimension of the model: known once a field that one of its rules asks about was sent; its points."""
    matched = matching(model, lead)
    told = {}
    for name in sorted({rule.dimension for rule in model.fit if rule.dimension is not None}):
        asked = {field for rule in model.fit if rule.dimension == name for field in rule.where}
        points = sum(rule.points or 0 for rule in matched if rule.dimension == name)
        told[name] = {"known": bool(asked & lead.fields.keys()), "points": points}
    return told
