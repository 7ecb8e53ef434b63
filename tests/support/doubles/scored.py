"""Leads scored from a few signals, and a store that holds them: for whatever reads scores.

scorer = scored([signal("L-1", "email.clicked", "2026-11-20T10:00:00Z", url="https://x.example/pricing")])
reader = ScoredLeads({0: scorer})     # streams.store.Reader, as far as rankings and pages need it
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import xxhash

from schemas.codec import encode
from scoring.document import default_text, read_model
from scoring.lead import encode_lead
from scoring.offline import FileScorer
from scoring.plan import Plan


def signal(lead_id: str, kind: str, occurred_at: str, **attributes: object) -> bytes:
    """One line of a file; its id is all of it, so that no two are duplicates unless they are the same."""
    value = {"lead_id": lead_id, "kind": kind, "occurred_at": occurred_at, **attributes}
    value["id"] = xxhash.xxh3_64_hexdigest(json.dumps(value).encode())
    return json.dumps({"topic": "engagements", "value": value}).encode()


def scored(lines: Iterable[bytes], text: str | None = None) -> FileScorer:
    """A scorer that was fed these lines, under the model in this text or the packaged default."""
    scorer = FileScorer(Plan(read_model(text or default_text())))
    for number, line in enumerate(lines, start=1):
        scorer.feed(number, line)
    assert not scorer.rejected
    return scorer


class ScoredLeads:
    """A Redis into which lanes have written what these scorers hold, by partition. Counts the states read."""

    def __init__(self, scorers: Mapping[int, FileScorer], text: str | None = None) -> None:
        self.scorers = dict(scorers)
        self.metas = {
            number: {"model_ordinal": "1", "model_body": text or default_text()} for number in self.scorers
        }
        self.states_read = 0

    async def partitions(self) -> int:
        """How many scorers there are."""
        return len(self.scorers)

    async def meta(self, partition: int) -> dict[str, str]:
        """The model in force."""
        return dict(self.metas[partition])

    async def board(self, partition: int, start: int, limit: int) -> Sequence[tuple[str, float]]:
        """By ceiling, highest first."""
        leads = self.scorers[partition].leads
        board = sorted(((lead_id, lead.ceiling) for lead_id, lead in leads.items()), key=lambda each: -each[1])
        return board[start : start + limit]

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
