"""Puts another scoring model in force on a lane: brings every lead over, page by page, then names the new model.

The model to come is noted in the lane's meta hash by the very commit that passes its record, so that a lane that
breaks off goes on from there: leads that were brought over carry the new model's ordinal and are left alone.
Inputs wait until all leads are over: each lead meets the new model before its next input.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import partial

from scoring.lead import Lead
from scoring.notices import Notice
from scoring.plan import Plan
from scoring.profile import Profile
from scoring.succession import succeed
from streams.lane.batch import Batch
from streams.lane.commits import Committer
from streams.lane.leads import Leads
from streams.lane.ports import LaneStore
from streams.lane.position import Position, Succession, plan_of


def next_plan(position: Position, succession: Succession) -> Plan:
    """The plan of the model to come."""
    return plan_of(succession.body, position.plan.ordinal + 1)


async def pages_of_leads(store: LaneStore, leads: Leads, committer: Committer) -> AsyncIterator[dict[str, Lead]]:
    """Every lead of the lane, page by page; a lead may come twice."""
    cursor = 0
    while True:
        page = await committer.until_available(partial(store.board_scan, cursor))
        cursor, lead_ids = page
        yield await committer.until_available(partial(leads.load, lead_ids))
        if cursor == 0:
            return


def profiled(leads: Mapping[str, Lead]) -> list[str]:
    """The leads of which a profile is kept."""
    return [lead_id for lead_id, lead in leads.items() if lead.is_profiled]


def bring_over(batch: Batch, plan: Plan, succession: Succession) -> None:
    """Bring the leads of a batch over to the new plan, and publish what that changes."""
    for lead_id, lead in sorted(batch.leads.items()):
        if lead.model >= plan.ordinal:
            continue
        batch.touch(lead_id, lead)
        notices: list[Notice] = []
        profile = batch.profiles.get(lead_id, Profile())
        succeed(batch.plan, plan, lead, profile, succession.since_ms, notices)
        for notice in notices:
            in_force = plan if notice.cause.value == "model" else batch.plan
            batch.outputs.add_changes(in_force, lead_id, [notice], succession.cause)
    batch.plan = plan
