"""The consumer group of the workers, as Kafka's coordinator knows it."""

from __future__ import annotations

from typing import NamedTuple

from aiokafka.errors import (
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    IncompatibleBrokerVersion,
    for_code,
)

from streams.kafka.clients import admin_client
from streams.kafka.cluster import Kafka
from streams.kafka.errors import KafkaFault

UNTOLD = (GroupAuthorizationFailedError, GroupCoordinatorNotAvailableError)
"""We may not see it; or no group ever was in this Kafka, which then has no coordinator yet."""


class Group(NamedTuple):
    """`state` in Kafka's words: `Stable`, one of its two rebalances, or, without any member, `Empty` or `Dead`."""

    state: str
    members: int


async def group_of(kafka: Kafka, name: str) -> Group | None:
    """The group of this name; None where Kafka does not tell us. Raises KafkaFault."""
    try:
        async with admin_client(kafka) as admin:
            (response,) = await admin.describe_consumer_groups([name])
        ((code, _, state, _, _, members, *_),) = response.groups
    except IncompatibleBrokerVersion:
        return None
    except KafkaFault as error:
        if isinstance(error.__cause__, UNTOLD):
            return None
        raise
    if code == GroupAuthorizationFailedError.errno:
        return None
    if code:
        raise for_code(code)(f"the group {name}")
    return Group(state, len(members))
