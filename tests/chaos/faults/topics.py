"""What happens to the topics themselves. No lane goes on by itself: it says what is, and the operator decides."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, RecordsToDelete

from schemas.topics import BY_NAME, INPUT_NAMES
from tests.chaos.faults.fault import Evidence, Fault
from tests.chaos.lanes import Lane
from tests.chaos.stage import PARTITIONS, Stage
from tests.support.servers import Program
from tests.support.servers.topics import make_topics_anew
from tests.support.workers import ROOT, WORKER, Place

TOPIC = "email.clicks"
"""The topic that things happen to: every lane has many records of it."""

LOST = 20
"""Records that retention removes of each partition before they were scored."""

SETTLED_S = 1.0
"""For what the load has sent to be in Kafka."""

ANSWERED_S = 60.0
"""For a command, on a machine that runs everything else too."""

REFUSED = 5
"""The exit code of what leadline does not do for the sake of safety."""


class Halting(Fault):
    """The workers are told to stop, a topic changes, and others start: they halt until somebody accepts it."""

    async def inject(self, stage: Stage) -> None:
        """Stop, change, start; every lane halts where it stands."""
        self.stage = stage
        for hand in tuple(stage.crew.alive):
            await hand.stop()
        await self.change(stage)
        for _ in range(self.workers):
            await stage.crew.start()
        await stage.until(self._are_halted, "all lanes are halted", timeout_s=60)
        self.halted, self.halted_at = len(self._halted()), await stage.lanes.read()

    async def heal(self, stage: Stage) -> None:
        """Nothing has gone on; then the operator accepts it lane by lane."""
        self.still = sum(
            now.ver == then.ver for now, then in zip(await stage.lanes.read(), self.halted_at, strict=True)
        )
        self.accepted = 0
        for partition in range(PARTITIONS):
            code = await accept_gap(stage, partition)
            self.accepted += code == 0
        await stage.mark(f"back after {self.name} is accepted")

    def evidence(self, stage: Stage) -> Evidence:
        """The log's word for why, Redis's for standing still, the command's exit code."""
        return {
            "lanes halted": self.halted,
            "lanes that stood still": self.still,
            "lanes accepted": self.accepted,
        }

    async def change(self, stage: Stage) -> None:
        """What happens to the topic, while nobody reads it."""
        raise NotImplementedError

    def _halted(self) -> set[int]:
        """Lanes that were halted because of the topic."""
        return {
            line["partition"]
            for hand in self.stage.crew.alive
            for line in hand.said("lane.halted")
            if TOPIC in line["cause"]
        }

    async def _are_halted(self) -> bool:
        return len(self._halted()) == PARTITIONS


class RetentionPassed(Halting):
    """Kafka has removed records before they were scored: so many, and no others, are lost."""

    name = "retention-passed"

    async def change(self, stage: Stage) -> None:
        """More comes; then all but the last of it is removed."""
        lanes = await stage.lanes.read()
        stands = {partition: lane.offsets.get(TOPIC, 0) for partition, lane in enumerate(lanes)}

        async def has_come() -> bool:
            ends = await stage.site.ends()
            return all(ends[TopicPartition(TOPIC, number)] > stand + 2 * LOST for number, stand in stands.items())

        await stage.until(has_come, "more has come", timeout_s=60)
        stage.past.records, _ = await stage.site.records(*INPUT_NAMES)
        beginnings = {TopicPartition(TOPIC, partition): stand + LOST for partition, stand in stands.items()}
        await remove_before(stage.site.kafka, beginnings)
        stage.past.removed = {(TOPIC, partition): (stand, stand + LOST) for partition, stand in stands.items()}


class TopicMadeAnew(Halting):
    """A topic is deleted, made again, and filled again: its offsets begin anew."""

    name = "topic-made-anew"

    async def change(self, stage: Stage) -> None:
        """All that it held is scored; then it is another."""
        stage.load.topics = tuple(topic for topic in stage.load.topics if topic != TOPIC)
        await stage.spend(SETTLED_S)
        lanes = await stage.lanes.read()
        kept, _ = await stage.site.records(TOPIC)
        stage.past.records = {place: record for place, record in kept.items() if _is_scored(place, lanes)}
        stage.past.anew = {TOPIC}
        await make_topics_anew(stage.site.kafka, PARTITIONS, [BY_NAME[TOPIC]], replicas=stage.servers.replicas)
        stage.load.topics = (*stage.load.topics, TOPIC)


class PartitionsAdded(Fault):
    """Somebody adds partitions to a topic: keys move away from their scores, so the workers end, and stay so."""

    name = "partitions-added"

    async def inject(self, stage: Stage) -> None:
        """Add two; every worker notices by itself."""
        self.stage, stage.is_halted, stage.watch.supervises = stage, True, False
        admin = AIOKafkaAdminClient(bootstrap_servers=stage.site.kafka)
        await admin.start()
        try:
            await admin.create_partitions({TOPIC: NewPartitions(PARTITIONS + 2)})
        finally:
            await admin.close()
        await stage.until(self._have_ended, "all workers have ended", timeout_s=90)
        late = await stage.crew.start()
        late.is_over = True
        await stage.until(self._have_ended, "a new worker ends too", timeout_s=60)

    async def heal(self, stage: Stage) -> None:
        """Kafka cannot take partitions away: what is scored is right, and stays as it is."""

    def evidence(self, stage: Stage) -> Evidence:
        """The kernel's word."""
        return {
            "workers ended with code 5": sum(hand.worker.exit_code == REFUSED for hand in stage.crew.hands),
            "all of them": all(hand.worker.exit_code == REFUSED for hand in stage.crew.hands),
        }

    async def _have_ended(self) -> bool:
        return not self.stage.crew.alive


def _is_scored(place: Place, lanes: Sequence[Lane]) -> bool:
    topic, partition, offset = place
    return offset < lanes[partition].offsets.get(topic, 0)


async def accept_gap(stage: Stage, partition: int) -> int:
    """Run `leadline accept-gap`; its exit code."""
    environ = {f"LEADLINE_{name.upper()}": str(value) for name, value in stage.site.settings().items()}
    command = Program(
        [*WORKER[:-1], "accept-gap", "--partition", str(partition), "--topic", TOPIC, "--yes"],
        log=stage.logs / "accept-gap.log",
        env={**os.environ, **environ},
        cwd=ROOT,
    )
    return await asyncio.to_thread(command.wait, ANSWERED_S)


async def remove_before(bootstrap: str, beginnings: dict[TopicPartition, int]) -> None:
    """Have Kafka forget the records before these offsets, as retention does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_records({place: RecordsToDelete(offset) for place, offset in beginnings.items()})
    finally:
        await admin.close()
