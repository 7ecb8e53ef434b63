"""What is known of a lead when people tell what became of it: the record that calibration learns from."""

from __future__ import annotations

from schemas.commands import ContactedCommand, OutcomeCommand
from schemas.instants import format_ms
from schemas.outcomes import LastAlert, OutcomeRecord
from scoring.explain import explain, rolling_counts
from scoring.layout import ALERT_TIMES
from scoring.lead import NEVER, Lead
from scoring.plan import Plan
from scoring.score import score_now


def record_outcome(plan: Plan, lead: Lead, command: OutcomeCommand | ContactedCommand) -> OutcomeRecord:
    """The record of a command that has just been applied."""
    contributions, adjustments, grade = explain(plan, lead, lead.as_of)
    outcome = command if isinstance(command, OutcomeCommand) else None
    contact = command if isinstance(command, ContactedCommand) else None
    return OutcomeRecord(
        id=command.id,
        lead_id=command.lead_id,
        occurred_at=format_ms(command.occurred_at),
        command=command.command,
        result=outcome.result if outcome else None,
        value=outcome.value if outcome else None,
        by=contact.by if contact else None,
        note=contact.note if contact else None,
        score=score_now(plan, lead),
        band=plan.names[lead.band],
        segment=plan.segments[lead.segment].name,
        grade=grade,
        fit=tuple(rule.id for rule, each in zip(plan.model.fit, plan.fit, strict=True) if lead.fit & each.bit),
        reasons=contributions,
        adjustments=adjustments,
        windows=rolling_counts(plan, lead, lead.as_of),
        last_alert=_last_alert(plan, lead),
        model_version=plan.model.version,
    )


def _last_alert(plan: Plan, lead: Lead) -> LastAlert | None:
    """The band's or surge's alert that came last. A surge counts as one, whether or not it alerted."""
    bands = zip(lead.parts.get(ALERT_TIMES, ()), plan.names[1:], strict=False)
    alerts: list[tuple[int, str | None]] = [(at_ms, name) for at_ms, name in bands if at_ms != NEVER]
    if lead.surged != NEVER:
        alerts.append((lead.surged, None))
    if not alerts:
        return None
    at_ms, band = max(alerts, key=lambda alert: alert[0])
    return LastAlert(at=format_ms(at_ms), band=band)
