"""`leadline demo`: everything embedded, with simulated leads; nothing to install, nothing left behind."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import click

from streams.cli.output import json_option, write_json
from streams.clock import SystemClock
from streams.lane.position import OFFSET
from streams.ranking import rank
from streams.sandbox.clients import DemoClients
from streams.sandbox.demo import PARTITIONS, DemoOptions, demo
from streams.sandbox.ports import RankedLead
from streams.sandbox.tally import Summary
from streams.sandbox.terminal import Terminal
from streams.settings import Settings
from streams.store import Reader


@click.command("demo")
@click.option("--events", type=click.IntRange(1), help="Stop after so many events; without it at Ctrl-C.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same people.")
@json_option
def command(events: int | None, seed: int, as_json: bool) -> None:
    """Watch 2,000 simulated leads being scored: a Kafka broker, a Redis and a worker, all inside this command.

    First the last 30 days as a backlog, then live. With --json only the summary at the end is printed.
    """
    terminal = Terminal(None if as_json else sys.stdout)
    summary = asyncio.run(_play(DemoOptions(events=events, seed=seed), terminal))
    if as_json:
        write_json(summary)


async def _play(options: DemoOptions, terminal: Terminal) -> Summary:
    """A second Ctrl-C cancels the demo; to the shell that is what the first one would have been elsewhere."""
    try:
        return await demo(options, connect=_connect, clock=SystemClock(), terminal=terminal)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


@asynccontextmanager
async def _connect(bootstrap: str, redis_url: str) -> AsyncIterator[DemoClients]:
    reader = await Reader.connect(redis_url, prefix=Settings().prefix)
    try:
        yield DemoClients(bootstrap, _StoredScores(reader))
    finally:
        await reader.close()


class _StoredScores:
    """What the demo reads from Redis, also while no worker has written anything yet."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def positions(self) -> Mapping[tuple[str, int], int]:
        """How far the worker has come: the next offset of each input topic and partition."""
        metas = [(number, await self._reader.meta(number)) for number in range(PARTITIONS)]
        return {
            (name.removeprefix(OFFSET), number): int(value)
            for number, meta in metas
            for name, value in meta.items()
            if name.startswith(OFFSET)
        }

    async def ranking(self, limit: int) -> Sequence[RankedLead]:
        """The leads with the highest scores now."""
        ranked = await rank(self._reader, range(PARTITIONS), limit, SystemClock().now_ms())
        return [RankedLead(lead.lead_id, lead.band, lead.score, lead.grade) for lead in ranked]
