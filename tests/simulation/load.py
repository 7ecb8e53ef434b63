"""What is written to the input topics in a run, and when: drawn from the seed before the run begins.

A few leads, scores that rise and fade within seconds, and some of everything that makes logs difficult: a backlog
whose topics were written out of step, transactions that commit, abort and stay open for a while, records in the
wrong partition, repeats, wrong clocks, records that are refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from aiokafka import TopicPartition

from schemas.instants import format_ms
from schemas.topics import COMMANDS, REKEYED
from streams.kafka.placement import partition_of
from tests.simulation.broker import State
from tests.support.doubles.lane import GivenRecord
from tests.support.traffic import model_command

BEGIN_MS = 1_763_899_200_000
"""The instant at which a run begins."""

LOAD_S = 4.0
"""How long records are written."""

CLICKS, ENGAGEMENTS = "email.clicks", "engagements"
TOPICS = (CLICKS, ENGAGEMENTS, COMMANDS.name, REKEYED.name)
"""Those that a run reads: two of signals are as many as it takes to get out of step."""

LEADS = 6
BACKLOG, LIVE = 10, 15
"""Records waiting at the beginning, and written during a run."""

BACKLOG_MS = 20_000

IN_TRANSACTION, ABORTED, MISPLACED, REPEATED, BAD, WRONG_CLOCK = 0.2, 0.3, 0.12, 0.1, 0.05, 0.1
"""Shares of the records; of those in transactions the share that is taken back."""

MODEL_AGAIN = 0.2
"""Of the runs that put another model in force while faults are at work."""

MODEL = """
version: simulation
rules:
  - {id: click,   kind: email.clicked,  points: 12, half_life: 4s}
  - {id: pricing, kind: email.clicked,  where: {url: {contains: /pricing}}, points: 12, half_life: 3s}
  - {id: form,    kind: form.submitted, points: 30, half_life: 5s, limit: {times: 3, per: campaign}}
bands:
  - {name: warm, enter: 20, leave: 14}
  - {name: hot,  enter: 45, leave: 35, alert: true}
"""


class Placed(NamedTuple):
    """A record and where it goes."""

    place: TopicPartition
    record: GivenRecord


@dataclass(frozen=True)
class Writing:
    """Records that are written at one moment; in a transaction, how it ends and when."""

    at_s: float
    placed: tuple[Placed, ...]
    ends: State | None = None
    ends_at_s: float = 0.0


def draw_load(seed: int, partitions: int) -> list[Writing]:
    """In order of time."""
    rng = Random(f"load {seed}")
    drawn = [*_models(rng, partitions), *_Drawing(rng, partitions).writings()]
    return sorted(drawn, key=lambda writing: writing.at_s)


def _models(rng: Random, partitions: int) -> Iterator[Writing]:
    """One record in each partition, in one transaction."""
    instants = [-BACKLOG_MS / 1_000 - 1.0, *([rng.uniform(1.0, LOAD_S)] if rng.random() < MODEL_AGAIN else [])]
    for number, at_s in enumerate(instants):
        at_ms = BEGIN_MS + int(at_s * 1_000)
        body = MODEL.replace("points: 12", f"points: {12 + 4 * number}")
        value = model_command(body, f"m-{number}", at_ms)
        placed = tuple(
            Placed(TopicPartition(COMMANDS.name, each), GivenRecord(COMMANDS.name, each, -1, at_ms, None, value))
            for each in range(partitions)
        )
        yield Writing(max(0.0, at_s), placed, State.COMMITTED, max(0.0, at_s))


class _Drawing:
    """Signals and commands."""

    def __init__(self, rng: Random, partitions: int) -> None:
        self._rng = rng
        self._partitions = partitions
        self._number = 0
        self._recent: list[Placed] = []

    def writings(self) -> Iterator[Writing]:
        """First the backlog: each topic's in the order of its timestamps, one topic after the other."""
        rng = self._rng
        for topic in (ENGAGEMENTS, CLICKS):
            instants = sorted(rng.uniform(-BACKLOG_MS, 0) for _ in range(BACKLOG // 2))
            for instant in instants:
                yield Writing(0.0, (self._placed(topic, BEGIN_MS + int(instant)),))
        left = LIVE
        while left > 0:
            at_s, count = rng.uniform(0.0, LOAD_S), rng.choice((1, 1, 2, 4))
            left -= count
            yield self._live(at_s, count)

    def _live(self, at_s: float, count: int) -> Writing:
        rng, at_ms = self._rng, BEGIN_MS + int(at_s * 1_000)
        placed = tuple(
            self._placed(rng.choices((CLICKS, ENGAGEMENTS, COMMANDS.name), (5, 4, 1))[0], at_ms)
            for _ in range(count)
        )
        if rng.random() >= IN_TRANSACTION:
            return Writing(at_s, placed)
        ends = State.ABORTED if rng.random() < ABORTED else State.COMMITTED
        return Writing(at_s, placed, ends, at_s + rng.choice((0.01, 0.3, 1.5)))

    def _placed(self, topic: str, at_ms: int) -> Placed:
        rng = self._rng
        if self._recent and rng.random() < REPEATED:
            (topic, partition), old = rng.choice(self._recent)
            return Placed(
                TopicPartition(topic, partition), GivenRecord(topic, partition, -1, at_ms, old.key, old.value)
            )
        self._number += 1
        lead_id = f"L-{rng.randrange(LEADS)}"
        value = {"id": f"e-{self._number}", "lead_id": lead_id, **self._members(topic, at_ms)}
        if rng.random() >= BAD:
            value["occurred_at"] = format_ms(at_ms - rng.choice((0, 0, 0, 1_500)))
        if rng.random() < WRONG_CLOCK:
            at_ms += rng.choice((120_000, -3_000))
        key = lead_id.encode()
        partition = (partition_of(key, self._partitions) + (rng.random() < MISPLACED)) % self._partitions
        record = GivenRecord(topic, partition, -1, at_ms, key, json.dumps(value).encode())
        self._recent.append(Placed(TopicPartition(topic, partition), record))
        return self._recent[-1]

    def _members(self, topic: str, at_ms: int) -> dict[str, object]:
        rng = self._rng
        match topic:
            case "email.clicks":
                return {"url": rng.choice(("https://x.example/pricing", "https://x.example"))}
            case "engagements":
                return {"kind": "form.submitted", "campaign": rng.choice("ab")}
            case _:
                until_ms = at_ms + rng.randrange(1_000, 6_000)
                return rng.choice(
                    (
                        {"command": "flag", "reason": "doubt", "cap": 10, "until": format_ms(until_ms)},
                        {"command": "unflag", "reason": "doubt"},
                        {"command": "outcome", "result": "reopened"},
                    )
                )
