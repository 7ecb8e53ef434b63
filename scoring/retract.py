"""Taking a signal out of a lead's state as if it had not counted: the fold of signals, backwards.

What time has already dropped from the state is not there to be taken out.
"""

from __future__ import annotations

from schemas.instants import HOUR_MS
from scoring.layout import DAY_TOTALS, KIND_SERIES, LIMIT_VALUES
from scoring.lead import Lead
from scoring.limits import take_back
from scoring.memory import points_of, rules_of, slot_of, strike, values_before
from scoring.plan import Plan
from scoring.series import take_away
from scoring.terms import RulePlan


def take_out(plan: Plan, lead: Lead, place: int) -> None:
    """Take out the signal at this place of the log; its id stays remembered."""
    fact, occurred_ms = lead.facts[place], lead.occurred[place]
    kind = plan.slots[slot_of(fact)]
    value_at = values_before(plan, lead, place)
    for rule in kind.rules:
        if not rules_of(fact) & rule.bit:
            continue
        _take_weight(lead, rule, occurred_ms)
        if rule.limit is not None:
            if rule.limit.by_value:
                bucket, value_at = lead.parts[LIMIT_VALUES][value_at], value_at + 1
            else:
                bucket = plan.bucket(rule.limit, occurred_ms, {})
            take_back(lead.part(rule.limit.tag), bucket)
    if take_away(lead.part(KIND_SERIES + kind.slot), occurred_ms // HOUR_MS):
        lead.buckets -= 1
    if points := points_of(fact):
        take_away(lead.part(DAY_TOTALS), plan.day(occurred_ms), points)
    strike(lead, place)


def _take_weight(lead: Lead, rule: RulePlan, occurred_ms: int) -> None:
    if rule.stepped is not None:
        take_away(lead.part(rule.stepped.tag), occurred_ms // rule.stepped.unit_ms)
        return
    weight = 2.0 ** ((occurred_ms - lead.mark) * rule.rate) if rule.rate else 1.0
    lead.counts[rule.slot] = max(lead.counts[rule.slot] - weight, 0.0)
