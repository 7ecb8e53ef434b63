"""Leads scored from a few signals, and a store that holds them: for whatever reads scores.

scorer = scored([signal("L-1", "email.clicked", "2026-11-20T10:00:00Z", url="https://x.example/pricing")])
reader = ScoredLeads({0: scorer})     # streams.store.Reader, as far as rankings and pages need it
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import xxhash

from schemas.codec import encode
from scoring.document import read_model
from scoring.lead import encode_lead
from scoring.offline import FileScorer
from scoring.plan import Plan

MODEL = """
version: small
rules:
  - {id: open,   kind: email.opened,       points: 2,   half_life: 7d,  group: email}
  - {id: click,  kind: email.clicked,      points: 6,   half_life: 14d, group: email}
  - {id: page,   kind: page.viewed,        points: 10,  half_life: 14d, limit: {times: 3, per: day}, group: intent}
  - {id: form,   kind: form.submitted,     points: 20,  half_life: 30d, limit: {times: 2, per: week}, group: intent}
  - {id: signup, kind: webinar.signed_up,  points: 25,  half_life: 30d, limit: {times: 1, per: webinar_id}}
  - {id: unsub,  kind: email.unsubscribed, points: -15, half_life: 90d, group: email}
windows:
  - {id: busy, count: [email.clicked, page.viewed], within: 7d, steps: [{at_least: 3, points: 5}], group: intent}
inactivity: {after: 14d, points: -10, every: 14d, at_most: 3, group: quiet}
groups: {intent: {max: 45}}
bands:
  - {name: warm, enter: 40, leave: 32}
  - {name: hot,  enter: 70, leave: 60, alert: true}
"""
"""Something of everything, and its own: tests do not change with what the packaged default gives."""


def signal(lead_id: str, kind: str, occurred_at: str, **attributes: object) -> bytes:
    """One line of a file; its id is all of it, so that no two are duplicates unless they are the same."""
    value = {"lead_id": lead_id, "kind": kind, "occurred_at": occurred_at, **attributes}
    value["id"] = xxhash.xxh3_64_hexdigest(json.dumps(value).encode())
    return json.dumps({"topic": "engagements", "value": value}).encode()


def scored(lines: Iterable[bytes]) -> FileScorer:
    """A scorer that was fed these lines, under MODEL."""
    scorer = FileScorer(Plan(read_model(MODEL)))
    for number, line in enumerate(lines, start=1):
        scorer.feed(number, line)
    assert not scorer.rejected
    return scorer


class ScoredLeads:
    """A Redis into which lanes have written what these scorers hold, by partition. Counts the states read."""

    def __init__(self, scorers: Mapping[int, FileScorer]) -> None:
        self.scorers = dict(scorers)
        self.metas = {number: {"model_ordinal": "1", "model_body": MODEL} for number in self.scorers}
        self.states_read = 0

    async def partitions(self) -> int:
        """How many scorers there are."""
        return len(self.scorers)

    async def meta(self, partition: int) -> dict[str, str]:
        """The model in force."""
        return dict(self.metas[partition])

    async def board(self, partition: int, start: int, limit: int) -> Sequence[tuple[str, float]]:
        """By ceiling, highest first."""
        scorer = self.scorers[partition]
        most = scorer.plan.model.scale.max
        board = [(lead_id, min(lead.ceiling, most)) for lead_id, lead in scorer.leads.items()]
        return sorted(board, key=lambda each: -each[1])[start : start + limit]

    async def states(self, partition: int, lead_ids: Sequence[str]) -> list[bytes | None]:
        """The packed states."""
        self.states_read += len(lead_ids)
        leads = self.scorers[partition].leads
        return [encode_lead(leads[lead_id]) if lead_id in leads else None for lead_id in lead_ids]

    async def lead_state(self, partition: int, lead_id: str) -> bytes | None:
        """One of them."""
        return (await self.states(partition, [lead_id]))[0]

    async def history(self, partition: int, lead_id: str, limit: int) -> list[bytes]:
        """The lead's changes, newest first."""
        changes = [change for change in self.scorers[partition].changes if change.lead_id == lead_id]
        return [encode(change) for change in reversed(changes)][:limit]
