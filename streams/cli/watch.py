"""`leadline watch`: every change as it is published, each once."""

from __future__ import annotations

import asyncio

import click

from schemas.codec import read_change
from streams.cli.clients import settings
from streams.cli.output import json_option, write, write_json
from streams.cli.pictures import change_lines, paint
from streams.clock import SystemClock
from streams.kafka.cluster import Cluster
from streams.kafka.follow import ChangeFollower
from streams.sandbox.screen import change_header


@click.command("watch")
@click.option("--from-beginning", is_flag=True, help="Show first what the topic still holds.")
@json_option
def command(from_beginning: bool, as_json: bool) -> None:
    """Show each change as it comes, until Ctrl-C; with --json one object a line, as on the topic.

    Reads lead.score-changes as every consumer should: committed records only, and each change once.
    """
    asyncio.run(_watch(from_beginning, as_json))


async def _watch(from_beginning: bool, as_json: bool) -> None:
    clock = SystemClock()
    async with ChangeFollower(Cluster.of(settings()), from_beginning=from_beginning) as follower:
        if not as_json:
            write((change_header(paint()),))
        async for found in follower:
            if as_json:
                write_json(found.members)
            else:
                write(change_lines([read_change(found.members)], clock))
