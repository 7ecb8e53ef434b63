"""A Kafka in memory: logs with transactions, as brokers keep them and as `read_committed` consumers see them.

Markers take offsets, an open transaction holds readers up, a producer of an older epoch is fenced, and a batch that
is sent again is written once.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError, ProducerFenced

from tests.simulation.loop import NOBODY
from tests.support.doubles.lane import GivenRecord


class State(Enum):
    """Of a transaction."""

    OPEN = auto()
    COMMITTED = auto()
    ABORTED = auto()


@dataclass(eq=False, slots=True)
class Transaction:
    """What belongs together; `places` are the logs that it has written to."""

    state: State = State.OPEN
    places: dict[TopicPartition, None] = field(default_factory=dict)


@dataclass(slots=True)
class Slot:
    """One offset: a record, or a marker that ends a transaction."""

    record: GivenRecord | None
    transaction: Transaction | None
    stable_at_s: float = -1.0


class Told(NamedTuple):
    """What a fetch brings of one log."""

    records: list[GivenRecord]
    next_offset: int
    stable: int
    end: int


class Log:
    """One partition of one topic."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.stable = 0
        """The last stable offset: nothing before it belongs to an open transaction."""

    @property
    def end(self) -> int:
        """The offset after the last."""
        return len(self.slots)

    def settle(self, now_s: float) -> None:
        """Move the last stable offset up, as far as transactions have ended."""
        while self.stable < self.end:
            slot = self.slots[self.stable]
            if slot.transaction is not None and slot.transaction.state is State.OPEN:
                return
            slot.stable_at_s = now_s
            self.stable += 1

    def read(self, offset: int, most: int) -> Told:
        """Committed records from there on, and the position behind them."""
        if not 0 <= offset <= self.end:
            raise OffsetOutOfRangeError
        records: list[GivenRecord] = []
        while offset < self.stable and len(records) < most:
            if record := self.visible(offset):
                records.append(record)
            offset += 1
        return Told(records, offset, self.stable, self.end)

    def visible(self, offset: int) -> GivenRecord | None:
        """The record there, if a `read_committed` consumer sees one."""
        slot = self.slots[offset]
        is_aborted = slot.transaction is not None and slot.transaction.state is State.ABORTED
        return None if is_aborted else slot.record


FETCH_RECORDS = 5
"""Of one log in one fetch: few, so that backlogs take several."""


class Broker:
    """All logs, and what transactional producers have under way. `was` is told of what is rare."""

    def __init__(self, now_ms: Callable[[], int], was: Callable[[str], None]) -> None:
        self.logs: defaultdict[TopicPartition, Log] = defaultdict(Log)
        self.stalled: set[TopicPartition] = set()
        """Of these a fetch tells nothing."""
        self._now_ms = now_ms
        self._was = was
        self._epochs: defaultdict[str, int] = defaultdict(int)
        self._timeouts_s: dict[str, float] = {}
        self._open: dict[str, Transaction] = {}
        self._seen: set[tuple[str, int, TopicPartition, int]] = set()
        self._news: defaultdict[int, int] = defaultdict(int)
        self._waiting: defaultdict[int, list[asyncio.Future[None]]] = defaultdict(list)

    def fetch(self, positions: Mapping[TopicPartition, int]) -> dict[TopicPartition, Told]:
        """From these positions on, of the logs that can be read."""
        return {
            tp: self.logs[tp].read(offset, FETCH_RECORDS)
            for tp, offset in positions.items()
            if tp not in self.stalled
        }

    def news(self, partition: int) -> int:
        """Counts what has happened to a partition."""
        return self._news[partition]

    async def more(self, partition: int, since: int, timeout_s: float) -> None:
        """Returns when something has happened to the partition since, or after that time."""
        if self._news[partition] != since:
            return
        loop = asyncio.get_running_loop()
        happened = loop.create_future()
        self._waiting[partition].append(happened)
        timer = loop.call_later(timeout_s, _wake, happened, context=NOBODY)
        try:
            await happened
        finally:
            timer.cancel()

    def write(
        self, tp: TopicPartition, records: Sequence[GivenRecord], transaction: Transaction | None = None
    ) -> None:
        """Append; in a transaction nobody sees it yet."""
        log = self.logs[tp]
        for record in records:
            record.offset = log.end
            log.slots.append(Slot(record, transaction))
        if transaction is not None:
            transaction.places[tp] = None
        self._happened(tp)

    def end(self, transaction: Transaction, state: State) -> None:
        """Commit or take back: a marker in each log, and then everybody sees what it says."""
        transaction.state = state
        for tp in transaction.places:
            self.logs[tp].slots.append(Slot(None, None))
        for tp in transaction.places:
            self._happened(tp)

    def begin_producer(self, name: str, timeout_s: float) -> int:
        """The next epoch of a transactional id: who had it before is fenced, and what they had begun taken back."""
        self._take_back(name, "a take-over")
        self._epochs[name] += 1
        self._timeouts_s[name] = timeout_s
        return self._epochs[name]

    def send(self, name: str, epoch: int, tp: TopicPartition, number: int, records: Sequence[GivenRecord]) -> None:
        """A batch of a transaction; `number` counts those of this producer to this log."""
        self._check(name, epoch)
        if (name, epoch, tp, number) in self._seen:
            self._was("kafka: a batch came again")
            return
        self._seen.add((name, epoch, tp, number))
        if name not in self._open:
            self._open[name] = Transaction()
            loop = asyncio.get_running_loop()
            loop.call_later(self._timeouts_s[name], self._expire, name, self._open[name], context=NOBODY)
        self.write(tp, records, self._open[name])

    def end_transaction(self, name: str, epoch: int, state: State) -> None:
        """End what this producer has begun."""
        self._check(name, epoch)
        if transaction := self._open.pop(name, None):
            self.end(transaction, state)
            if state is State.ABORTED:
                self._was("kafka: transaction taken back by its producer")

    @property
    def is_settled(self) -> bool:
        """Whether every transaction has ended."""
        return all(log.stable == log.end for log in self.logs.values())

    def _expire(self, name: str, transaction: Transaction) -> None:
        """A transaction that has been open for too long is taken back, and its producer fenced."""
        if self._open.get(name) is transaction:
            self._take_back(name, "its age")
            self._epochs[name] += 1

    def _take_back(self, name: str, reason: str) -> None:
        if transaction := self._open.pop(name, None):
            self._was(f"kafka: transaction aborted by {reason}")
            self.end(transaction, State.ABORTED)

    def _check(self, name: str, epoch: int) -> None:
        if self._epochs[name] != epoch:
            self._was("kafka: producer fenced")
            raise ProducerFenced

    def _happened(self, tp: TopicPartition) -> None:
        self.logs[tp].settle(asyncio.get_running_loop().time())
        self._news[tp.partition] += 1
        waiting, self._waiting[tp.partition] = self._waiting[tp.partition], []
        for future in waiting:
            _wake(future)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
