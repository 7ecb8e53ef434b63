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
from scoring.offline import FileScorer
from scoring.plan import Plan
from scoring.profile import encode_profile
from scoring.state import encode_lead

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


WHOLE = (
    MODEL
    + """
fit:
  - {id: boss,   where: {job_title: {contains: vp}}, points: 15, dimension: authority}
  - {id: money,  where: {budget: {min: 10000}},      points: 10, dimension: budget}
  - {id: free,   where: {email: {is: free}},         points: -10}
  - {id: rival,  where: {company: rival},            flag: competitor}
segments:
  - {name: enterprise, where: {company_size: {min: 1000}}, bands: {hot: {enter: 60, leave: 50}}}
grades: {fit: {A: 20, B: 10, C: 0}, engagement: {1: 60, 2: 30, 3: 10}}
surge: {points: 40, within: 48h, kinds: 2, cooldown: 7d}
"""
)
"""The same, and all that is about who a lead is, red flags and surges."""


SCANNED = 7
"""A few leads are several steps of a scan."""


def profile(lead_id: str, occurred_at: str, **fields: object) -> bytes:
    """One line of a file: what is known of a lead."""
    value = {"id": f"p-{occurred_at}", "lead_id": lead_id, "occurred_at": occurred_at, **fields}
    return json.dumps({"topic": "lead.profiles", "value": value}).encode()


def command(lead_id: str, name: str, occurred_at: str, **members: object) -> bytes:
    """One line of a file: what people say or decide of a lead."""
    value = {"id": f"c-{occurred_at}", "lead_id": lead_id, "command": name, "occurred_at": occurred_at, **members}
    return json.dumps({"topic": "lead.commands", "value": value}).encode()


def signal(lead_id: str, kind: str, occurred_at: str, **attributes: object) -> bytes:
    """One line of a file; its id is all of it, so that no two are duplicates unless they are the same."""
    value = {"lead_id": lead_id, "kind": kind, "occurred_at": occurred_at, **attributes}
    value["id"] = xxhash.xxh3_64_hexdigest(json.dumps(value).encode())
    return json.dumps({"topic": "engagements", "value": value}).encode()


def scored(lines: Iterable[bytes], model: str = MODEL) -> FileScorer:
    """A scorer that was fed these lines, under this model."""
    scorer = FileScorer(Plan(read_model(model)))
    for number, line in enumerate(lines, start=1):
        scorer.feed(number, line)
    assert not scorer.rejected
    return scorer


class ScoredLeads:
    """A Redis into which lanes have written what these scorers hold, by partition. Counts the states read."""

    def __init__(self, scorers: Mapping[int, FileScorer], model: str = MODEL) -> None:
        self.scorers = dict(scorers)
        self.metas = {number: {"model_ordinal": "1", "model_body": model} for number in self.scorers}
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

    async def board_scan(self, partition: int, cursor: int) -> tuple[int, Sequence[tuple[str, float]]]:
        """The board in pages of SCANNED leads, in the order in which they came."""
        board = [(lead_id, lead.ceiling) for lead_id, lead in self.scorers[partition].leads.items()]
        end = cursor + SCANNED
        return (0 if end >= len(board) else end), board[cursor:end]

    async def profiles(self, partition: int, lead_ids: Sequence[str]) -> list[bytes | None]:
        """The packed profiles."""
        profiles = self.scorers[partition].profiles
        return [encode_profile(profiles[each]) if each in profiles else None for each in lead_ids]

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
