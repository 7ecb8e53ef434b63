"""Profiles: who a lead is, and what that is worth.

Each field keeps the value that occurred last. A lead's state does not hold the profile but what it comes to (the
fit rules that match, the segment, the dimensions of which something is known), so that signals need not read it.
"""

from __future__ import annotations

import msgspec

from schemas.changes import Cause
from schemas.profiles import FIELDS_MAX, Field, ProfileUpdate
from schemas.rejected import Reason, Refused
from scoring.advance import advance, flag_notice
from scoring.bands import Step, settle
from scoring.fit_model import DIMENSIONS
from scoring.flags import BY_FIT, fit_flags
from scoring.fold import new_lead
from scoring.lead import NEVER, Flag, Lead
from scoring.notices import Notice
from scoring.plan import FitPlan, Plan
from scoring.score import score_now
from scoring.terms import SegmentPlan


class Profile(msgspec.Struct):
    """The fields of a lead: name to (when it occurred in ms, value)."""

    fields: dict[str, tuple[int, Field]] = {}

    def value(self, name: str) -> Field | None:
        """The value of a field; None: unknown."""
        found = self.fields.get(name)
        return None if found is None else found[1]


def encode_profile(profile: Profile) -> bytes:
    """The profile as JSON, to be kept beside the state."""
    return msgspec.json.encode(profile.fields)


def decode_profile(stored: bytes | None) -> Profile:
    """The profile in these bytes; an empty one if there are none."""
    return Profile(_decode(stored)) if stored else Profile()


_decode = msgspec.json.Decoder(dict[str, tuple[int, Field]]).decode


def apply_profile(
    plan: Plan, lead: Lead | None, profile: Profile, update: ProfileUpdate, notices: list[Notice]
) -> Lead:
    """The lead after an update of its profile, which is updated in place. Raises Refused, changing nothing."""
    if len(profile.fields.keys() | update.fields.keys()) > FIELDS_MAX:
        raise Refused(Reason.TOO_MANY)
    if lead is None:
        lead = new_lead(plan, update.occurred_ms)
    else:
        advance(plan, lead, update.occurred_ms, notices)
    for name, value in update.fields.items():
        known = profile.fields.get(name)
        if known is None or update.occurred_ms >= known[0]:
            profile.fields[name] = (update.occurred_ms, value)
    lead.is_profiled = True
    previous_score, flagged = score_now(plan, lead), fit_flags(plan, lead.fit)
    judge(plan, lead, profile)
    step = Step(Cause.PROFILE, plan.names[lead.band], previous_score, may_alert=True)
    settle_fit(plan, lead, flagged, step, notices)
    return lead


def judge(plan: Plan, lead: Lead, profile: Profile) -> None:
    """Note in the lead's state what its profile comes to under this plan."""
    lead.fit = lead.known = lead.segment = 0
    if not lead.is_profiled:
        return
    for rule in plan.fit:
        if _matches(rule, profile):
            lead.fit |= rule.bit
        if rule.dimension and any(name in profile.fields for name, _ in rule.where):
            lead.known |= 1 << DIMENSIONS.index(rule.dimension)
    for place, segment in enumerate(plan.segments[1:], start=1):
        if _matches(segment, profile):
            lead.segment = place
            return


def settle_fit(plan: Plan, lead: Lead, flagged: frozenset[str], step: Step, notices: list[Notice]) -> None:
    """Evaluate the bands, and publish the flags that fit rules have lifted and raised since `flagged`."""
    moved: list[Notice] = []
    score = settle(plan, lead, step, moved)
    now = fit_flags(plan, lead.fit)
    scores = (step.cause, score, step.previous_score)
    for reason in sorted(flagged - now):
        notices.append(flag_notice(plan, lead, Flag(reason, BY_FIT, NEVER, None), "lifted", scores))
    for reason in sorted(now - flagged):
        notices.append(flag_notice(plan, lead, Flag(reason, BY_FIT, NEVER, None), "raised", scores))
    notices += moved


def _matches(rule: FitPlan | SegmentPlan, profile: Profile) -> bool:
    return all(satisfied(profile.value(name)) for name, satisfied in rule.where)
