"""What can go wrong with Kafka, by whose turn it is, and the one place that waits for Kafka at the start.

    KafkaFault
    ├── KafkaUnreachable   nobody answers at the address: wait, or look at the address  (exit code 3)
    ├── Unprotected        it would be spoken to in plain text through a network: refused  (exit code 5)
    ├── TopicsDiffer       Kafka has other topics than leadline needs: the operator decides  (exit code 5)
    ├── NeverTaken         Kafka will never take this record, however often it is offered: a lane halts
    └── Unreadable         what Kafka holds cannot be unpacked, however often it is fetched: a lane halts

A running worker knows two more, from the lane's ports: SourceUnavailable (wait) and PositionLost (take over
again). aiokafka's own errors do not leave this package, save those that nobody expects: these end the process.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol

from aiokafka.errors import (
    GroupAuthorizationFailedError,
    InvalidTopicError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    UnknownTopicOrPartitionError,
    UnsupportedCodecError,
)

from streams.kafka.cluster import Cluster, Kafka
from streams.lane.ports import Halted

REACH_TIMEOUT_S = 10.0
"""A command has said that Kafka is away within 15 s, interpreter and imports included."""

CLOSE_S = 2.0
"""For closing a connection: milliseconds, unless something waits in it that nobody takes any more."""

RETRY_S = 0.5
"""Between two attempts of a worker that starts before its Kafka does."""

NEVER = (
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    InvalidTopicError,
)
"""Answers that another attempt does not change."""


PROTECTED = ", by TLS if LEADLINE_KAFKA_TLS says so; then the certificates, the user and the password."


class KafkaFault(Exception):
    """Anything that is wrong with Kafka and has a name here."""


class KafkaUnreachable(KafkaFault):
    """Nobody answers at `kafka`, or what answers is no Kafka."""

    def __init__(self, kafka: Kafka, reason: object) -> None:
        is_protected = isinstance(kafka, Cluster) and (kafka.tls or kafka.login)
        super().__init__(
            f"Kafka at {kafka} does not answer: {reason}. Check that it runs, that LEADLINE_KAFKA is its "
            "address, and that its advertised.listeners can be reached from here"
            f"{PROTECTED if is_protected else '.'}"
        )


class Unprotected(KafkaFault):
    """What was asked for would send events and passwords in plain text; the text has the fix."""


class TopicsDiffer(KafkaFault):
    """Kafka's topics are not what leadline needs; the text says which, and what to do."""


class NeverTaken(KafkaFault, Halted):
    """Kafka refuses this record for good: too large, or not allowed."""


class Unreadable(KafkaFault, Halted):
    """Bytes at an offset that nobody can unpack. They end before `end`, if what stands before them is true."""

    def __init__(self, topic: str, partition: int, offset: int, end: int, error: Exception) -> None:
        place = f"{topic}/{partition}"
        cause = str(error) or type(error).__name__
        if isinstance(error, UnsupportedCodecError):
            remedy = "Install leadline with all its libraries, or in a version that knows this compression."
        else:
            remedy = (
                "What Kafka holds there is damaged. If another replica has it whole, make that one the leader, and "
                "the lane goes on by itself. If none has: remove what is before offset "
                f"{max(end, offset + 1)} with Kafka's kafka-delete-records.sh, and then `leadline accept-gap "
                f"--partition {partition} --topic {topic}` goes on without what was not scored of it."
            )
        super().__init__(f"{place} cannot be read from offset {offset} on: {cause}. {remedy}")


PATIENCE_S = 2.0
"""A broker that has just started, or is busy, may refuse once or twice."""


class Startable(Protocol):
    """What aiokafka's consumer, producer and admin client have in common."""

    async def start(self) -> None:
        """Connect."""


async def reach(client: Startable, kafka: Kafka, patience_s: float = PATIENCE_S) -> None:
    """Start `client`; for `patience_s` seconds a refusal is not the last word. Raises KafkaUnreachable."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + patience_s
    with _last_words() as words:
        async with answering(kafka, REACH_TIMEOUT_S):
            while True:
                try:
                    return await client.start()
                except KafkaConnectionError as error:
                    if loop.time() + RETRY_S > give_up_at:
                        raise KafkaUnreachable(kafka, words[-1] if words else "no connection") from error
                await asyncio.sleep(RETRY_S)


@contextmanager
def _last_words() -> Iterator[deque[str]]:
    """Why a connection failed: aiokafka raises that there is none, and logs the reason."""
    words: deque[str] = deque(maxlen=1)
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: words.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("aiokafka")
    logger.addHandler(handler)
    try:
        yield words
    finally:
        logger.removeHandler(handler)


@asynccontextmanager
async def answering(kafka: Kafka, within_s: float = REACH_TIMEOUT_S) -> AsyncIterator[None]:
    """Everything inside is done within `within_s`, or Kafka is unreachable. Raises KafkaFault."""
    try:
        async with asyncio.timeout(within_s):
            yield
    except TimeoutError:
        raise KafkaUnreachable(kafka, f"no answer within {within_s:g} s") from None
    except KafkaError as error:
        raise named(kafka, error) from error


async def closed(closing: Awaitable[None], within_s: float = CLOSE_S) -> None:
    """Returns once a client is closed, or its time is up: what it still had to say was waited for before.

    aiokafka cancels tasks of its own, and may let that out as if whoever closes were cancelled: so it runs apart.
    """
    task = asyncio.ensure_future(closing)
    try:
        await asyncio.wait({task}, timeout=within_s)
    finally:
        task.cancel()
    error = None if not task.done() or task.cancelled() else task.exception()
    if error is not None and not isinstance(error, TimeoutError | KafkaError):
        raise error


def named(kafka: Kafka, error: KafkaError) -> Exception:
    """aiokafka's error as a fault in the operator's words; as it is, if it has none and waiting does not help."""
    match error:
        case UnknownTopicOrPartitionError():
            return TopicsDiffer(f"A topic is missing ({error}): `leadline topics apply` makes it.")
        case MessageSizeTooLargeError() | RecordListTooLargeError():
            return NeverTaken(
                f"Kafka refuses a record for its size ({error}): see the topic's max.message.bytes "
                "(`leadline topics apply` sets it where leadline writes)."
            )
        case TopicAuthorizationFailedError() | GroupAuthorizationFailedError():
            return NeverTaken(f"Kafka's access rules do not allow this to leadline ({error}).")
        case TransactionalIdAuthorizationFailed():
            return NeverTaken(f"Kafka's access rules do not allow this transactional id to leadline ({error}).")
        case InvalidTopicError():
            return NeverTaken(f"Kafka refuses the topic's name ({error}).")
        case KafkaConnectionError():
            return KafkaUnreachable(kafka, "no connection")
        case KafkaTimeoutError():
            return KafkaUnreachable(kafka, error)
        case _:
            return KafkaUnreachable(kafka, error) if error.retriable else error
