"""`leadline simulate`: the demo's marketing department, sending to a Kafka of your own."""

from __future__ import annotations

import asyncio
import sys

import click

from streams.cli.clients import settings
from streams.cli.output import json_option, write, write_json
from streams.clock import SystemClock
from streams.kafka.cluster import Cluster
from streams.kafka.producer import RecordProducer
from streams.kafka.topics import check
from streams.sandbox.marketing import Marketing
from streams.sandbox.simulate import Sent, Traffic, run
from streams.sandbox.terminal import Terminal

LINGER_MS = 20
"""Fills batches of the backlog, and is no delay that anybody sees in live traffic."""


@click.command("simulate")
@click.option(
    "--leads", type=click.IntRange(1, 1_000_000), default=2_000, show_default=True, help="How many people."
)
@click.option("--days", type=click.IntRange(0, 30), default=30, show_default=True, help="Of the past, sent first.")
@click.option(
    "--rate", type=click.FloatRange(0, 10_000), default=20.0, show_default=True, help="Live events a second."
)
@click.option("--events", type=click.IntRange(1), help="Stop after so many; without it at Ctrl-C.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same people.")
@json_option
def command(leads: int, days: int, rate: float, events: int | None, seed: int, as_json: bool) -> None:
    """Send what simulated leads do to the topics of LEADLINE_KAFKA: first the past, then live.

    For trying leadline out: do not point it at a Kafka whose scores matter.
    """
    clock, given, terminal = SystemClock(), settings(), Terminal(sys.stderr)
    sent = Sent()

    def tell(now: Sent) -> None:
        sent.backlog, sent.live = now.backlog, now.live
        terminal.status(f"sent  {now.backlog:,} events of the past, {now.live:,} live")

    async def send() -> None:
        kafka = Cluster.of(given)
        await check(kafka, given.partitions)
        marketing = Marketing(seed=seed, leads=leads, now_ms=clock.now_ms())
        async with RecordProducer(kafka, LINGER_MS) as producer:
            await run(producer, marketing, Traffic(days, rate, events), clock=clock, on_progress=tell)

    try:
        asyncio.run(send())
    finally:
        terminal.status("")
        if sent.total:
            _tell(sent, as_json)


def _tell(sent: Sent, as_json: bool) -> None:
    if as_json:
        write_json({"backlog": sent.backlog, "live": sent.live})
    else:
        write((f"sent {sent.backlog:,} events of the past and {sent.live:,} live",))
