"""`leadline topics`: what Kafka must have, what it has, and the difference made good."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from streams.cli.clients import settings
from streams.cli.output import json_option, table, write, write_json
from streams.kafka import topics
from streams.kafka.cluster import Cluster
from streams.kafka.topics import Finding


@click.group("topics")
def command() -> None:
    """The topics in Kafka: names, partitions, retention."""


@command.command("plan")
@json_option
def plan(as_json: bool) -> None:
    """Show what differs from what leadline needs. Changes nothing."""
    given = settings()
    findings = asyncio.run(topics.plan(Cluster.of(given), given.partitions))
    if as_json:
        write_json(findings)
        return
    write(_lines(findings))
    repaired = sum(finding.by_apply for finding in findings)
    if findings:
        write(("", f"`leadline topics apply` removes {repaired} of {len(findings)} differences"))
    else:
        write((f"every topic in Kafka at {given.kafka} is as it should be",))


@command.command("apply")
@json_option
def apply(as_json: bool) -> None:
    """Make missing topics, and lengthen what would be lost too early.

    Never deletes, shortens or adds partitions; what only the operator can decide is left as it is.
    """
    given = settings()
    repaired = asyncio.run(topics.apply(Cluster.of(given), given.partitions))
    left = asyncio.run(topics.plan(Cluster.of(given), given.partitions))
    if as_json:
        write_json({"repaired": repaired, "left": left})
        return
    write(f"{finding.topic}: {finding.what} was {finding.found}, is {finding.wanted}" for finding in repaired)
    write(("nothing was to be done",) if not repaired else ())
    if left:
        write(("", "left to you:", *_lines(left)))


@command.command("check")
@json_option
def check(as_json: bool) -> None:
    """Exit with 0 if a worker may start on these topics, with 5 if not."""
    given = settings()
    asyncio.run(topics.check(Cluster.of(given), given.partitions))
    if as_json:
        write_json({"topics": "as needed", "partitions": given.partitions})
    else:
        write((f"a worker may start: every topic is there, with {given.partitions} partitions",))


def _lines(findings: Sequence[Finding]) -> list[str]:
    rows = ((finding.topic, finding.what, finding.found, finding.wanted, finding.remedy) for finding in findings)
    return table(("topic", "what", "is", "should be", "remedy"), rows, cell_max=200)
