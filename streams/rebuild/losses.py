"""How far a lane is computed again, and what the logs no longer hold for that. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from schemas.topics import COMMANDS
from scoring.document import default_text
from streams.lane.gaps import Gap, Inputs, input_gaps
from streams.lane.ports import Bounds
from streams.lane.position import Position


@dataclass(frozen=True, slots=True)
class Loss:
    """Records that were scored, or were to be, and that Kafka does not hold any more."""

    partition: int
    topic: str
    records: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}: {self.records} records are gone from Kafka"


def obstacles(partition: int, position: Position, inputs: Inputs) -> list[Gap]:
    """Logs that do not belong to the scores: what to read of them is to be decided first, by `accept-gap`."""
    return [gap for gap in input_gaps(partition, position, inputs) if gap.skipping is not None]


def losses(partition: int, position: Position, bounds: Mapping[str, Bounds]) -> Iterator[Loss]:
    """Of each log that does not reach back to the lane's first record."""
    for topic, each in bounds.items():
        records = each.beginning + position.gone.get(topic, 0)
        if records:
            yield Loss(partition, topic, records)


def ends(position: Position, bounds: Mapping[str, Bounds]) -> dict[str, int]:
    """Up to where each log is computed again: where the lane stands, or all of it if there are no scores."""
    if position.is_new:
        return {topic: each.end for topic, each in bounds.items()}
    stands = {topic: position.offsets.get(topic, each.beginning) for topic, each in bounds.items()}
    return {topic: max(offset, bounds[topic].beginning) for topic, offset in stands.items()}


def first_model(meta: Mapping[str, str], lost: Iterable[Loss]) -> str:
    """The text of the model to begin with: the first one of the lane, if all commands that followed are there."""
    in_force = meta.get("model_body") or default_text()
    if any(loss.topic == COMMANDS.name for loss in lost) or meta.get("model_ordinal", "1") == "1":
        return in_force
    return meta.get("first_model") or default_text()
