"""The one table of topics: names, order, what each carries.

Everything that needs a topic's name, its place in the order of ties, its default kind or its settings reads
it here; nothing else spells a topic's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DAY_MS = 86_400_000

INPUT_RETENTION_MS = 400 * DAY_MS
"""Redis can be rebuilt for as long as Kafka keeps the inputs; an input older than 400 days is refused."""

OUTPUT_RETENTION_MS = 30 * DAY_MS
"""Consumers of changes have a month to come back; the log of inputs can make the changes again."""


class Family(StrEnum):
    """What kind of value a topic carries, and so which schema reads it."""

    SIGNAL = "signal"
    PROFILE = "profile"
    COMMAND = "command"
    REKEYED = "rekeyed"
    CHANGE = "change"
    REJECTED = "rejected"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: `default_kind` is the kind of a signal that names none (None: `kind` is required).

    Of a compacted one Kafka keeps the last record of each key for ever, and `retention_ms` says nothing.
    """

    name: str
    family: Family
    retention_ms: int
    default_kind: str | None = None
    is_compacted: bool = False


INPUTS: tuple[Topic, ...] = (
    Topic("email.opens", Family.SIGNAL, INPUT_RETENTION_MS, "email.opened"),
    Topic("email.clicks", Family.SIGNAL, INPUT_RETENTION_MS, "email.clicked"),
    Topic("webinar.signups", Family.SIGNAL, INPUT_RETENTION_MS, "webinar.signed_up"),
    Topic("engagements", Family.SIGNAL, INPUT_RETENTION_MS),
    Topic("lead.profiles", Family.PROFILE, INPUT_RETENTION_MS),
    Topic("lead.commands", Family.COMMAND, INPUT_RETENTION_MS),
    Topic("leadline.rekeyed", Family.REKEYED, INPUT_RETENTION_MS),
)
"""What a lane reads. The order is the order of ties: two records of one millisecond are applied in it."""

CHANGES = Topic("lead.score-changes", Family.CHANGE, OUTPUT_RETENTION_MS)
REJECTED = Topic("lead.events.rejected", Family.REJECTED, OUTPUT_RETENTION_MS)
COMMANDS = INPUTS[5]
REKEYED = INPUTS[6]

PUBLISHED = Topic("leadline.published", Family.PUBLISHED, OUTPUT_RETENTION_MS, is_compacted=True)
"""Internal: how far each lane's outbox has been published, written in the transaction that publishes it."""

OUTPUTS: tuple[Topic, ...] = (CHANGES, REJECTED)
ALL: tuple[Topic, ...] = (*INPUTS, *OUTPUTS, PUBLISHED)

INPUT_NAMES: tuple[str, ...] = tuple(topic.name for topic in INPUTS)
PLACE: dict[str, int] = {topic.name: place for place, topic in enumerate(INPUTS)}
BY_NAME: dict[str, Topic] = {topic.name: topic for topic in ALL}
