"""aiokafka's consumer and producer, as far as streams/kafka uses them, before a Kafka in memory.

So what runs in a simulation is streams/kafka's own source, publisher and marks.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError, ProducerFenced

from schemas.topics import ALL
from tests.simulation.broker import State, Told
from tests.simulation.loop import OWNER, pass_time
from tests.simulation.wire import Unanswered
from tests.support.doubles.lane import GivenRecord

if TYPE_CHECKING:
    from tests.simulation.worker import Worker

ATTEMPTS = 3
"""aiokafka repeats a batch by itself; then it is too old."""

CALL_S = 0.0002
"""What a call costs that fetches nothing: without it a loop that waits for the rest of a millisecond never ends."""


@contextmanager
def in_place_of_aiokafka() -> Iterator[None]:
    """Meanwhile publishers and readers of marks are given these."""
    with (
        patch("streams.kafka.transactions.AIOKafkaProducer", SimulatedProducer),
        patch("streams.kafka.marks.AIOKafkaConsumer", SimulatedConsumer),
    ):
        yield


def _worker() -> Worker:
    return cast("Worker", OWNER.get())


class SimulatedConsumer:
    """See aiokafka.AIOKafkaConsumer, `read_committed`."""

    def __init__(self, **settings: object) -> None:
        self._worker = _worker()
        self._positions: dict[TopicPartition, int] = {}
        self._told: dict[TopicPartition, tuple[int, int, int]] = {}
        self.told_at_s: dict[TopicPartition, tuple[float, float]] = {}
        """Of each log, when the broker has last told of it, and when that was heard."""
        self._asked_at_s = -1.0
        self._assigned: frozenset[TopicPartition] = frozenset()

    async def start(self) -> None:
        """Connect."""
        await self._ask(lambda: None)

    async def stop(self) -> None:
        """Nothing is open."""

    async def topics(self) -> set[str]:
        """All of the table."""
        return {topic.name for topic in ALL}

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        """These, and no positions yet."""
        self._assigned = frozenset(partitions)

    def assignment(self) -> frozenset[TopicPartition]:
        """What it holds."""
        return self._assigned

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """Stand there."""
        self._positions[tp] = offset

    async def position(self, tp: TopicPartition) -> int:
        """Where it stands; -1 where it was never told."""
        return self._positions.get(tp, -1)

    def last_poll_timestamp(self, tp: TopicPartition) -> int | None:
        """When a fetch has told of this log, by the worker's own clock."""
        return self._told[tp][0] if tp in self._told else None

    def last_stable_offset(self, tp: TopicPartition) -> int | None:
        """As the last fetch has told."""
        return self._told[tp][1] if tp in self._told else None

    def highwater(self, tp: TopicPartition) -> int | None:
        """As the last fetch has told."""
        return self._told[tp][2] if tp in self._told else None

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Nothing is ever removed."""
        return await self._ask(lambda: dict.fromkeys(partitions, 0))

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The last stable ones."""
        logs = self._worker.world.broker.logs
        return await self._ask(lambda: {tp: logs[tp].stable for tp in partitions})

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0
    ) -> dict[TopicPartition, list[GivenRecord]]:
        """As soon as there is anything; nothing was fetched ahead."""
        loop, broker = asyncio.get_running_loop(), self._worker.world.broker
        if not timeout_ms:
            if loop.time() == self._asked_at_s:
                await pass_time(CALL_S)
            self._asked_at_s = loop.time()
            return {}
        until_s = loop.time() + timeout_ms / 1_000
        while True:
            asked = {tp: self._positions[tp] for tp in partitions}
            told, since = await self._fetch(asked)
            if (taken := self._take(asked, told)) is not None:
                return taken
            left_s = until_s - loop.time()
            if left_s <= 0:
                return {}
            await broker.more(partitions[0].partition, since, left_s)

    async def _fetch(self, asked: dict[TopicPartition, int]) -> tuple[dict[TopicPartition, Told], int]:
        """What the broker tells, and up to which news of the partition; nothing if it does not answer."""
        broker, loop = self._worker.world.broker, asyncio.get_running_loop()
        partition = next(iter(asked)).partition
        try:
            at_s, told, since = await self._worker.inputs.ask(
                lambda: (loop.time(), broker.fetch(asked), broker.news(partition))
            )
        except Unanswered:  # aiokafka fetches again by itself, and says nothing
            return {}, broker.news(partition)
        self.told_at_s.update(dict.fromkeys(told, (at_s, loop.time())))
        return told, since

    def _take(
        self, asked: dict[TopicPartition, int], told: dict[TopicPartition, Told]
    ) -> dict[TopicPartition, list[GivenRecord]] | None:
        """What was fetched from where the consumer still stands; None if nothing has moved."""
        now_ms = self._worker.clock.now_ms()
        taken: dict[TopicPartition, list[GivenRecord]] = {}
        has_moved = False
        for tp, (records, next_offset, stable, end) in told.items():
            if self._positions[tp] != asked[tp]:
                continue
            self._told[tp] = now_ms, stable, end
            has_moved = has_moved or next_offset != asked[tp]
            if next_offset - asked[tp] > len(records):
                self._worker.world.was("source: passed markers or what was taken back")
            self._positions[tp] = next_offset
            if records:
                taken[tp] = records
        return taken if has_moved else None

    async def _ask(self, serve: Any) -> Any:
        try:
            return await self._worker.inputs.ask(serve)
        except Unanswered:
            raise KafkaTimeoutError from None


class NoMetadata:
    """What a producer asks Kafka by. In the simulation all know who leads."""

    async def _metadata_update(self) -> bool:
        return True


class SimulatedProducer:
    """See aiokafka.AIOKafkaProducer, with transactions. The records of each log are a batch."""

    def __init__(self, *, transactional_id: str, transaction_timeout_ms: int, **settings: object) -> None:
        self._worker = _worker()
        self._broker = self._worker.world.broker
        self._name = transactional_id
        self._timeout_s = transaction_timeout_ms / 1_000
        self._epoch = 0
        self._numbers: defaultdict[TopicPartition, int] = defaultdict(int)
        self._batches: dict[TopicPartition, list[tuple[GivenRecord, asyncio.Future[object]]]] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._is_failed = False
        self.client = NoMetadata()

    async def start(self) -> None:
        """Fence whoever has this transactional id."""
        self._epoch = await self._ask(lambda: self._broker.begin_producer(self._name, self._timeout_s))

    async def begin_transaction(self) -> None:
        """Only the client knows of it, until something is sent."""
        if self._is_failed:
            raise ProducerFenced

    async def send(
        self, topic: str, value: bytes | None = None, key: bytes | None = None, *, partition: int, **more: Any
    ) -> asyncio.Future[object]:
        """Acknowledged when the future says so."""
        loop = asyncio.get_running_loop()
        acknowledged: asyncio.Future[object] = loop.create_future()
        timestamp_ms = more.get("timestamp_ms")
        headers = tuple(more.get("headers") or ())
        now_ms = self._worker.world.now_ms() if timestamp_ms is None else timestamp_ms
        record = GivenRecord(topic, partition, -1, now_ms, key, value, headers)
        if not self._batches:
            loop.call_soon(self._flush)
        self._batches.setdefault(TopicPartition(topic, partition), []).append((record, acknowledged))
        return acknowledged

    async def commit_transaction(self) -> None:
        """See the broker. Where no answer comes nobody knows, and the producer has failed."""
        await self._end(State.COMMITTED)

    async def abort_transaction(self) -> None:
        """The same."""
        await self._end(State.ABORTED)

    async def stop(self) -> None:
        """Drop what was not sent."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _end(self, state: State) -> None:
        try:
            await self._ask(lambda: self._ended_as(state))
        except Exception:
            self._is_failed = True
            self._worker.world.was(f"publisher: failed to end as {state.name.lower()}")
            raise

    def _ended_as(self, state: State) -> None:
        """Where the broker takes until the last moment, that is because nobody is there any more."""
        if not self._broker.end_transaction(self._name, self._epoch, state):
            self._worker.world.kill(self._worker)

    def _flush(self) -> None:
        batches, self._batches = self._batches, {}
        for tp, batch in batches.items():
            task = asyncio.get_running_loop().create_task(self._deliver(tp, batch))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _deliver(self, tp: TopicPartition, batch: list[tuple[GivenRecord, asyncio.Future[object]]]) -> None:
        self._numbers[tp] += 1
        records = [record for record, _ in batch]
        serve = partial(self._broker.send, self._name, self._epoch, tp, self._numbers[tp], records)
        failure: Exception | None = KafkaTimeoutError()
        for _ in range(ATTEMPTS):
            try:
                await self._worker.outputs.ask(serve)
                failure = None
                break
            except Unanswered:
                self._worker.world.was("publisher: sends once more")
            except Exception as error:
                failure = error
                break
        for _, acknowledged in batch:
            if not acknowledged.done() and failure is None:
                acknowledged.set_result(None)
            elif not acknowledged.done():
                acknowledged.set_exception(failure)

    async def _ask(self, serve: Any) -> Any:
        try:
            return await self._worker.outputs.ask(serve)
        except Unanswered:
            raise KafkaTimeoutError from None
