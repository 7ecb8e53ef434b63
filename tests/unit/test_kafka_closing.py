"""Closing a client takes its time and no more, and what comes out of it is nobody else's end."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.errors import KafkaError

from streams.kafka.errors import closed


async def test_a_cancellation_within_a_client_does_not_cancel_who_closes_it() -> None:
    """aiokafka cancels its own tasks, and may let that out; then what has ended a lane would be lost."""

    async def closing() -> None:
        raise asyncio.CancelledError

    async def end_by_a_bug() -> None:
        try:
            raise ValueError("a bug")
        finally:
            await closed(closing())

    with pytest.raises(ValueError, match="a bug"):
        await end_by_a_bug()


async def test_a_client_that_does_not_close_is_left() -> None:
    """Its time is up, and the task is told to end."""
    is_told = asyncio.Event()

    async def closing() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            is_told.set()

    await closed(closing(), within_s=0.01)
    async with asyncio.timeout(5.0):
        await is_told.wait()


async def test_what_kafka_still_says_is_nothing_and_a_bug_is_raised() -> None:
    """Only Kafka's own faults are let pass."""

    async def closing(error: Exception) -> None:
        raise error

    await closed(closing(KafkaError()))
    with pytest.raises(ZeroDivisionError):
        await closed(closing(ZeroDivisionError()))
