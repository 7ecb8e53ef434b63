"""`leadline erase ID`: a lead is forgotten, and the report for whoever asked for it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

import click

from schemas.instants import DAY_MS, format_ms
from schemas.topics import CHANGES, COMMANDS, INPUTS, Topic
from streams.cli.clients import settings
from streams.cli.decision import Command, Result, carry_out, compose, send_only
from streams.cli.decisions import leave_if_rejected, members_of, no_wait_option, not_applied, tell_sent
from streams.cli.errors import USAGE, Failure
from streams.cli.output import json_option, write, write_json
from streams.cli.parameters import lead_argument
from streams.clock import SystemClock
from streams.kafka.cluster import Cluster
from streams.kafka.errors import KafkaFault
from streams.kafka.topics import retentions
from streams.settings import Settings

Retentions = dict[str, int | None]
"""For how long Kafka keeps each topic, in ms; None: for ever."""

ABOUT_LEADS: tuple[Topic, ...] = (*INPUTS, CHANGES)
"""What Kafka holds of a lead."""


@click.command("erase")
@lead_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@no_wait_option
@json_option
def command(lead_id: str, yes: bool, no_wait: bool, as_json: bool) -> None:
    """Forget the lead ID: its score, its profile, its history, all that leadline keeps of it.

    What occurred up to now does not bring it back if it comes again. What Kafka itself still holds is told in the
    report. It cannot be undone.
    """
    clock, given = SystemClock(), settings()
    erasure = compose(lead_id, "erase", {}, clock)
    _ask(lead_id, yes)
    if no_wait:
        tell_sent(erasure, asyncio.run(send_only(given, erasure)), as_json)
        return
    result, kept = asyncio.run(_erase(given, erasure, clock))
    if as_json:
        write_json({**members_of(erasure, result), **_report(erasure, result, kept)})
    else:
        write(_lines(erasure, result, kept))
    leave_if_rejected(result)


def _ask(lead_id: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure("nothing was erased: nobody is there to be asked; --yes erases without a question", USAGE)
    if not click.confirm(f"Erase all that leadline keeps of the lead {lead_id!r}? It cannot be undone", err=True):
        raise Failure("nothing was erased", USAGE)


async def _erase(given: Settings, erasure: Command, clock: SystemClock) -> tuple[Result, Retentions]:
    """The erasure, and the retentions as far as Kafka tells them: the report must not fail for want of these."""
    result = await carry_out(given, erasure, clock)
    try:
        return result, await retentions(Cluster.of(given), [topic.name for topic in ABOUT_LEADS])
    except KafkaFault:
        return result, {}


def _removed(result: Result) -> dict[str, object]:
    """What was there before. Changes that had waited for Kafka are counted by the tombstones in their place."""
    was, profile = result.before.remains, result.before.page.profile if result.before.page else ()
    return {
        "state_bytes": was.state_bytes,
        "profile_fields": len(profile),
        "timer": was.timer,
        "board": was.board,
        "history": was.history,
        "outcomes": was.outcomes,
        "pending_changes": max(0, len(result.tombstones) - 1),
    }


def _report(erasure: Command, result: Result, kept: Retentions) -> dict[str, object]:
    if result.outcome != "applied":
        return {}
    last = result.tombstones[-1] if result.tombstones else None
    return {
        "removed": _removed(result),
        "left": result.after.remains._asdict(),
        "tombstone": last and {"partition": result.sent.partition, "offset": last.offset, "seq": last.seq},
        "kept": {"keyed_hash": True, "instant": format_ms(erasure.said.occurred_at)},
        "kafka_keeps_ms": kept,
    }


def _lines(erasure: Command, result: Result, kept: Retentions) -> Iterator[str]:
    sent, said = result.sent, not_applied(result)
    if said:
        yield said
        return
    yield f"erased: {erasure.said.lead_id}"
    yield f"  command    {COMMANDS.name}, partition {sent.partition}, offset {sent.offset}"
    yield f"  tombstone  {_tombstone(result)}"
    yield from ("", "removed from Redis", *_removed_lines(result))
    yield from ("", "kept", "  a keyed hash of the id, and the instant up to which what occurred stays forgotten")
    yield f"  ({format_ms(erasure.said.occurred_at)}, or that of the lead's latest input if it was later)"
    yield from ("", "still in Kafka, until its retention ends", *_kafka_lines(kept))
    yield "  a single record cannot be deleted there; to be rid of it sooner shorten the topic's retention.ms for"
    yield "  a while, or cut the partition's log up to an offset with kafka-delete-records.sh: both remove records"
    yield "  of other leads too, from which scores could have been computed again"


def _tombstone(result: Result) -> str:
    if not result.tombstones:
        return f"waits for Kafka: it comes to {CHANGES.name}, partition {result.sent.partition}, in its turn"
    return f"{CHANGES.name}, partition {result.sent.partition}, offset {result.tombstones[-1].offset}"


def _removed_lines(result: Result) -> Iterator[str]:
    removed = _removed(result)
    yield f"  the state ({removed['state_bytes']} bytes), its place on the board{_timer(result)}"
    yield f"  the profile ({removed['profile_fields']} fields)"
    yield f"  {removed['history']} changes in its history, {removed['outcomes']} outcomes and contacts"
    yield f"  {removed['pending_changes']} changes that waited for Kafka: published as tombstones of the same seq"


def _timer(result: Result) -> str:
    return ", its timer" if result.before.remains.timer else ""


def _kafka_lines(kept: Retentions) -> Iterator[str]:
    if not kept:
        yield "  for as long as the topics' retention.ms says, which Kafka has not told"
    for topic, milliseconds in kept.items():
        yield f"  {topic:<20} {'for ever' if milliseconds is None else f'{milliseconds // DAY_MS} days'}"
