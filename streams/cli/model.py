"""`leadline model`: is a scoring model good, what would another one do, and put it in force."""

from __future__ import annotations

import asyncio
import json
import uuid
from pathlib import Path

import click

from schemas.instants import format_ms
from schemas.topics import COMMANDS
from streams.cli.clients import settings
from streams.cli.model_comparison import difference_lines, trial_lines
from streams.cli.model_diff import Difference, differences
from streams.cli.model_file import ModelPath, ModelText, read_model_file
from streams.cli.model_trial import Trial
from streams.cli.model_words import model_lines
from streams.cli.output import json_option, write, write_json
from streams.cli.score import numbered_lines
from streams.clock import SystemClock


@click.group("model")
def command() -> None:
    """The scoring model: what a signal is worth, and where the lines are."""


@command.command("check")
@click.argument("file", type=ModelPath)
@json_option
def check(file: Path, as_json: bool) -> None:
    """Say in words what FILE means, or on which lines it is wrong (exit code 4)."""
    plan = read_model_file(file).plan
    if as_json:
        write_json(
            {
                "version": plan.model.version,
                "threshold": plan.model.threshold,
                "state_worst_bytes": plan.state_worst_bytes,
                "model": plan.model,
            }
        )
    else:
        write(model_lines(plan))


@command.command("diff")
@click.argument("before", type=ModelPath)
@click.argument("after", type=ModelPath)
@json_option
def diff(before: Path, after: Path, as_json: bool) -> None:
    """Say in words what is different from BEFORE to AFTER, and what each difference does to leads."""
    old, new = (read_model_file(file).plan.model for file in (before, after))
    found = differences(old, new)
    if as_json:
        write_json({"from": old.version, "to": new.version, "differences": [_as_json(each) for each in found]})
    else:
        write(difference_lines(old.version, new.version, found))


@command.command("try")
@click.argument("model", type=ModelPath)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--model", "current", type=ModelPath, help="The model to compare with; the packaged default without.")
@json_option
def try_(model: Path, file: str, current: Path | None, as_json: bool) -> None:
    """Score FILE under MODEL and under the current one, and say who would be handed to sales.

    FILE is as for `leadline score`, one JSON object a line; `-` is standard input. A lead crosses the line when it
    enters the highest band that alerts.
    """
    trial = Trial(read_model_file(current).plan, read_model_file(model).plan)
    with click.open_file(file, "rb") as lines:
        for number, line in numbered_lines(lines, SystemClock()):
            trial.feed(number, line)
    report = trial.finish()
    if as_json:
        write_json(report)
    else:
        write(trial_lines(report))


@command.command("activate")
@click.argument("file", type=ModelPath)
@json_option
def activate(file: Path, as_json: bool) -> None:
    """Put FILE in force from now on, for every lead, on every lane.

    The model is written to all partitions of lead.commands or to none. Scores follow it without reading
    history again; changes of band that it makes are published with the cause `model`, and never alert.
    """
    from streams.kafka.cluster import Cluster
    from streams.kafka.producer import send_everywhere
    from streams.kafka.topics import check as check_topics

    model, given = read_model_file(file), settings()
    now_ms = SystemClock().now_ms()
    record = _record(model, now_ms)

    async def send() -> None:
        await check_topics(Cluster.of(given), given.partitions)
        await send_everywhere(Cluster.of(given), COMMANDS.name, record, given.partitions)

    asyncio.run(send())
    version = model.plan.model.version
    if as_json:
        write_json({"version": version, "occurred_at": format_ms(now_ms), "partitions": given.partitions})
        return
    write(
        (
            f"model {version} is on its way: written to {given.partitions} partitions of {COMMANDS.name}, "
            f"in force from {format_ms(now_ms)} on",
            "each lane brings its leads over to it before it reads on; `leadline doctor` shows the model of each "
            "lane,",
            "`leadline watch` the leads that change band by it (cause model)",
        )
    )


def _as_json(difference: Difference) -> dict[str, object]:
    return {**difference._asdict(), "moves": [move._asdict() for move in difference.moves]}


def _record(model: ModelText, now_ms: int) -> bytes:
    """The command as one record; the text goes along as it was written."""
    members = {
        "id": str(uuid.uuid4()),
        "occurred_at": format_ms(now_ms),
        "command": "model",
        "version": model.plan.model.version,
        "body": model.text,
    }
    return json.dumps(members, ensure_ascii=False).encode()
