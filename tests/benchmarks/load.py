"""Each event on its way into Kafka: through librdkafka, to its partition, as fast as the broker takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from confluent_kafka import KafkaError, Message, Producer

from tests.benchmarks.generator import Event

QUEUED_MAX = 200_000
"""Records waiting in the producer: some 60 MB; when it is full we wait for the broker."""

POLL_EVERY = 10_000
"""Events between two looks for refusals: rarely, since each look costs as much as an event."""

FLUSH_TIMEOUT_S = 120.0
"""The queue of a broker that is busy with everything else; it takes 2 s."""

SETTINGS = {
    "acks": "all",
    "enable.idempotence": True,
    "linger.ms": 50,
    "batch.size": 262_144,
    "queue.buffering.max.messages": QUEUED_MAX,
    "delivery.report.only.error": True,
    "log_level": 3,  # a young broker answers "not yet" a few times, which is no news
}


class NotTaken(Exception):
    """Kafka has not taken every event: the run would measure something else."""


def load(bootstrap: str, events: Iterable[Event]) -> int:
    """Produce all events in their order; how many there were. Raises NotTaken."""
    producer = Producer({"bootstrap.servers": bootstrap, **SETTINGS})
    failures: list[KafkaError] = []

    def note(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failures.append(error)

    count = 0
    for count, event in enumerate(events, start=1):
        send(producer, event, note)
        if count % POLL_EVERY == 0:
            producer.poll(0)
    left = producer.flush(FLUSH_TIMEOUT_S)
    if left or failures:
        raise NotTaken(f"{left} of {count} events were not acknowledged, {len(failures)} refused: {failures[:1]}")
    return count


def send(
    producer: Producer, event: Event, note: Callable[[KafkaError | None, Message], None] | None = None
) -> None:
    """Hand one event over, to its partition; waits while the producer is full. `note` is told what became of it."""
    while True:
        try:
            producer.produce(
                event.topic,
                partition=event.partition,
                key=event.key,
                value=event.value,
                timestamp=event.timestamp_ms,
                on_delivery=note,
            )
            return
        except BufferError:
            producer.poll(0.1)
