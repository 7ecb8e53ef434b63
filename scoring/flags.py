"""Red flags: while one is up, the score is at most its cap.

People raise and lift flags by command; a fit rule's flag stands while the rule matches. A flag ends at its `until`:
the score is free from that millisecond on, and the lead is looked at in the first whole second from then.
"""

from __future__ import annotations

from schemas.instants import SECOND_MS
from scoring.lead import NEVER, Flag, Lead
from scoring.plan import Plan

END_OF_TIME_MS = 1 << 60
"""Where whatever fades has faded, and a flag without `until` ends."""

BY_FIT = "fit"
"""Who has raised a fit rule's flag."""


def is_up(flag: Flag, at_ms: int) -> bool:
    """Whether the flag counts at an instant."""
    return flag.until == NEVER or at_ms < flag.until


def expiry_ms(flag: Flag) -> int:
    """The first whole second at or after its end; END_OF_TIME_MS if it has none."""
    return END_OF_TIME_MS if flag.until == NEVER else -(-flag.until // SECOND_MS) * SECOND_MS


def next_expiry(lead: Lead) -> int:
    """When the next flag of the lead expires; NEVER if none does."""
    if not lead.flags:
        return NEVER
    ends = [expiry_ms(flag) for flag in lead.flags if flag.until != NEVER]
    return min(ends, default=NEVER)


def fit_flags(plan: Plan, matched: int) -> frozenset[str]:
    """The reasons of the flags that fit rules with these bits have raised."""
    if not matched & plan.flagging:
        return frozenset()
    return frozenset(rule.flag for rule in plan.fit if rule.flag and matched & rule.bit)


def caps(plan: Plan, lead: Lead) -> list[tuple[int, float]]:
    """(until when, the score is at most) of each flag of the lead."""
    if not lead.flags and not lead.fit & plan.flagging:
        return []
    return [(until, cap) for _, until, cap in named_caps(plan, lead)]


def named_caps(plan: Plan, lead: Lead) -> list[tuple[str, int, float]]:
    """(reason, until when, cap) of each flag of the lead."""
    cap = plan.model.flag_cap
    found = [
        (flag.reason, flag.until or END_OF_TIME_MS, cap if flag.cap is None else flag.cap) for flag in lead.flags
    ]
    return found + [(reason, END_OF_TIME_MS, cap) for reason in sorted(fit_flags(plan, lead.fit))]


def flags_up(plan: Plan, lead: Lead, at_ms: int) -> list[str]:
    """The reasons of the flags that are up at an instant, each once."""
    return sorted({reason for reason, until, _ in named_caps(plan, lead) if at_ms < until})
