"""The Kafka in memory does with transactions what a real one does in tests/connected/test_kafka_transactions.py."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import ProducerFenced

from tests.simulation.broker import Broker, State
from tests.simulation.loop import VirtualLoop, pass_time
from tests.support.doubles.lane import GivenRecord

PLACE = TopicPartition("out", 0)
NAME = "out-0"
TIMEOUT_S = 20.0


def record(value: bytes) -> GivenRecord:
    """One of little content."""
    return GivenRecord(PLACE.topic, PLACE.partition, -1, 0, None, value)


def seen(broker: Broker) -> list[bytes | None]:
    """By a `read_committed` consumer."""
    return [each.value for each in broker.logs[PLACE].read(0, 100).records]


def on_a_broker(work: Callable[[Broker], None], *, then_s: float = 0.0) -> tuple[Broker, Counter[str]]:
    """Do it, and let so much time pass."""
    told: Counter[str] = Counter()
    broker = Broker(lambda what: told.update([what]))

    async def main() -> None:
        work(broker)
        await pass_time(then_s)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())
    return broker, told


def test_a_transaction_is_seen_once_it_is_committed() -> None:
    """Until then it holds back what was written after it, too; its marker takes an offset."""

    def work(broker: Broker) -> None:
        epoch = broker.begin_producer(NAME, TIMEOUT_S)
        broker.send(NAME, epoch, PLACE, 1, [record(b"a")])
        broker.write(PLACE, [record(b"b")])
        assert seen(broker) == []
        broker.end_transaction(NAME, epoch, State.COMMITTED)

    broker, _ = on_a_broker(work)
    assert seen(broker) == [b"a", b"b"]
    assert broker.logs[PLACE].read(0, 100).next_offset == broker.logs[PLACE].end == 3


def test_a_batch_that_is_sent_again_is_written_once() -> None:
    """As by an idempotent producer."""

    def work(broker: Broker) -> None:
        epoch = broker.begin_producer(NAME, TIMEOUT_S)
        for _ in range(2):
            broker.send(NAME, epoch, PLACE, 1, [record(b"a")])
        broker.end_transaction(NAME, epoch, State.COMMITTED)

    broker, told = on_a_broker(work)
    assert seen(broker) == [b"a"]
    assert told["kafka: a batch came again"] == 1


def test_a_successor_takes_back_what_was_begun_and_fences() -> None:
    """Whoever had the transactional id can neither send nor commit any more."""

    def work(broker: Broker) -> None:
        old = broker.begin_producer(NAME, TIMEOUT_S)
        broker.send(NAME, old, PLACE, 1, [record(b"a")])
        broker.begin_producer(NAME, TIMEOUT_S)
        with pytest.raises(ProducerFenced):
            broker.send(NAME, old, PLACE, 2, [record(b"b")])
        with pytest.raises(ProducerFenced):
            broker.end_transaction(NAME, old, State.COMMITTED)

    broker, told = on_a_broker(work)
    assert seen(broker) == []
    assert told["kafka: transaction aborted by a take-over"] == 1
    assert broker.is_settled


def test_a_transaction_that_is_open_for_too_long_is_taken_back() -> None:
    """And its producer is fenced."""

    def work(broker: Broker) -> None:
        epoch = broker.begin_producer(NAME, TIMEOUT_S)
        broker.send(NAME, epoch, PLACE, 1, [record(b"a")])

    broker, told = on_a_broker(work, then_s=TIMEOUT_S + 1)
    assert seen(broker) == []
    assert told["kafka: transaction aborted by its age"] == 1
    with pytest.raises(ProducerFenced):
        broker.end_transaction(NAME, 1, State.COMMITTED)
