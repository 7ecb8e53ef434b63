"""One command about one lead, from the command line into Kafka and back: sent, applied by its lane, told.

1 look     how the lead stands
2 send     the command as a record of `lead.commands`, keyed by the lead
3 wait     until the meta hash of the lead's lane says that the record is behind it
4 look     again, and judge what came of it
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.codec import decode_command
from schemas.commands import EraseCommand, LeadCommand, ModelCommand
from schemas.instants import format_ms
from schemas.rejected import MEANING, Refused, RejectedRecord
from schemas.topics import COMMANDS
from streams.cli.clients import reading
from streams.cli.errors import BAD_INPUT, UNREACHABLE, Failure
from streams.cli.judgement import Look, ignored_because, look_at
from streams.clock import Clock
from streams.kafka.cluster import Cluster
from streams.kafka.placement import partition_of
from streams.kafka.told import Aftermath, Sent, Tombstone, send_command
from streams.kafka.topics import check
from streams.lane.position import OFFSET
from streams.settings import Settings
from streams.store import Reader

WAIT_S = 15.0
"""A lane that keeps up has applied a command in milliseconds; one that takes longer has a backlog, or no worker."""

LOOK_S = 0.05
"""Between two looks at the lane's meta hash."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and its record's value."""

    said: LeadCommand
    value: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a command: refused, ignored, or applied. `tombstones`: of an erasure, what was published."""

    sent: Sent
    before: Look
    after: Look
    refusal: RejectedRecord | None
    ignored: str | None
    tombstones: tuple[Tombstone, ...]

    @property
    def outcome(self) -> str:
        """In one word."""
        return "rejected" if self.refusal else "ignored" if self.ignored else "applied"


def compose(lead_id: str, name: str, members: Mapping[str, object], clock: Clock) -> Command:
    """The command, checked as a lane checks it. What is None is left out. Raises Failure."""
    now_ms = clock.now_ms()
    value = {"id": str(uuid.uuid4()), "lead_id": lead_id, "occurred_at": format_ms(now_ms), "command": name}
    given = {member: said for member, said in members.items() if said is not None}
    encoded = json.dumps(value | given, ensure_ascii=False).encode("utf-8", "replace")
    try:
        said = decode_command(encoded, now_ms)
    except Refused as refused:
        raise Failure(f"{refused.field or 'the command'}: {MEANING[refused.reason]}", BAD_INPUT) from None
    assert not isinstance(said, ModelCommand)
    return Command(said, encoded)


async def send_only(given: Settings, command: Command) -> Sent:
    """Into Kafka, and no more. Raises KafkaFault."""
    await check(Cluster.of(given), given.partitions, marks=False)
    return await send_command(Cluster.of(given), command.said.lead_id, command.value)


async def carry_out(given: Settings, command: Command, clock: Clock) -> Result:
    """Send it, wait until it is applied, and judge what came of it.

    Raises Failure (it is not applied in time), KafkaFault, and what the reader raises.
    """
    await check(Cluster.of(given), given.partitions, marks=False)
    said = command.said
    async with reading(given) as reader:
        partition = partition_of(said.lead_id.encode(), await reader.partitions())
        async with Aftermath(Cluster.of(given), partition) as aftermath:
            before = await look_at(reader, partition, said.lead_id, clock.now_ms())
            sent = await send_command(Cluster.of(given), said.lead_id, command.value)
            await _applied(reader, sent)
            after = await look_at(reader, partition, said.lead_id, clock.now_ms())
            return await _judged(said, sent, (before, after), aftermath)


async def _judged(said: LeadCommand, sent: Sent, looks: tuple[Look, Look], aftermath: Aftermath) -> Result:
    before, after = looks
    refusal = None
    if after.rejected_seq > before.rejected_seq:
        refusal = await aftermath.refusal(sent, after.rejected_seq)
    ignored = None if refusal else ignored_because(said, before, after)
    tombstones: list[Tombstone] = []
    if isinstance(said, EraseCommand) and not refusal and not ignored:
        tombstones = await aftermath.tombstones(said.lead_id, after.changes_seq)
    return Result(sent, before, after, refusal, ignored, tuple(tombstones))


async def _applied(reader: Reader, sent: Sent) -> None:
    """Return when the lane has the record behind it. Raises Failure when it takes too long."""
    field, stands = OFFSET + COMMANDS.name, "no record"
    loop = asyncio.get_running_loop()
    give_up_at_s = loop.time() + WAIT_S
    while loop.time() < give_up_at_s:
        offset = (await reader.meta(sent.partition)).get(field)
        if offset is not None and int(offset) > sent.offset:
            return
        stands = stands if offset is None else f"offset {offset}"
        await asyncio.sleep(LOOK_S)
    raise Failure(
        f"the command is in Kafka ({COMMANDS.name}, partition {sent.partition}, offset {sent.offset}) and will be "
        f"applied, but lane {sent.partition} has not come to it within {WAIT_S:g} s: it has read {stands} of that "
        "topic. Check that a worker runs and how far it is: `leadline doctor`",
        UNREACHABLE,
    )
