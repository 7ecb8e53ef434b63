"""`leadline flag`, `unflag`, `retract`, `outcome`, `contacted`: what people say and decide about one lead.

They go through `lead.commands`, in order with what the lead does, and are applied by the lane that owns it; the
command waits for that, and tells what came of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

import click

from schemas.instants import format_ms
from schemas.rejected import MEANING, RejectedRecord
from schemas.topics import COMMANDS
from streams.cli.clients import settings
from streams.cli.decision import Command, Result, carry_out, compose, send_only
from streams.cli.errors import BAD_INPUT
from streams.cli.judgement import Look, new_changes
from streams.cli.lead import standing_members
from streams.cli.output import json_option, write, write_json
from streams.cli.parameters import MOMENT_AHEAD, lead_argument
from streams.cli.pictures import change_lines, cut_in_words
from streams.clock import Clock, SystemClock
from streams.kafka.told import Sent

no_wait_option = click.option("--no-wait", is_flag=True, help="Only write the command to Kafka.")
by_option = click.option("--by", metavar="WHO", help="Who says so, such as sales:kim.")
reason_option = click.option("--reason", required=True, help="The flag's name, such as doubt.")


@click.command("flag")
@lead_argument
@reason_option
@click.option("--until", type=MOMENT_AHEAD, help="When it ends by itself: an instant, or a duration such as 14d.")
@click.option("--cap", type=float, help="The score is at most this meanwhile; without it the model's flag_cap.")
@by_option
@no_wait_option
@json_option
def flag(lead_id: str, no_wait: bool, as_json: bool, until: int | None, **members: object) -> None:
    """Raise a red flag on the lead ID: while it is up, the score is held down.

    A flag of the same reason is replaced; a lead has at most 16.
    """
    ends = None if until is None else format_ms(until)
    decide("flag", lead_id, {**members, "until": ends}, no_wait=no_wait, as_json=as_json)


@click.command("unflag")
@lead_argument
@reason_option
@by_option
@click.option("--verdict", type=click.Choice(("right", "wrong")), help="Whether it was right to raise it.")
@no_wait_option
@json_option
def unflag(lead_id: str, no_wait: bool, as_json: bool, **members: object) -> None:
    """Lift a red flag of the lead ID that people have raised."""
    decide("unflag", lead_id, members, no_wait=no_wait, as_json=as_json)


@click.command("retract")
@lead_argument
@click.option("--kind", required=True, help="The signal's kind, such as email.clicked.")
@click.option("--signal-id", required=True, help="The signal's id.")
@click.option("--why", help="What it was, such as a scanner.")
@no_wait_option
@json_option
def retract(lead_id: str, no_wait: bool, as_json: bool, **members: object) -> None:
    """Take a signal of the lead ID out as if it had not counted: a machine's, as it turned out.

    It must be one of the lead's newest 32.
    """
    decide("retract", lead_id, members, no_wait=no_wait, as_json=as_json)


@click.command("outcome")
@lead_argument
@click.option("--result", type=click.Choice(("converted", "dead", "reopened")), required=True)
@click.option("--value", type=float, help="What it was worth.")
@no_wait_option
@json_option
def outcome(lead_id: str, no_wait: bool, as_json: bool, **members: object) -> None:
    """Tell what became of the lead ID; it is kept with what was known of the lead then.

    A lead that is converted or dead alerts nobody until it is reopened.
    """
    decide("outcome", lead_id, members, no_wait=no_wait, as_json=as_json)


@click.command("contacted")
@lead_argument
@by_option
@click.option("--note", help="A few words.")
@no_wait_option
@json_option
def contacted(lead_id: str, no_wait: bool, as_json: bool, **members: object) -> None:
    """Tell that sales has spoken to the lead ID; it is kept with the alert that this answers."""
    decide("contacted", lead_id, members, no_wait=no_wait, as_json=as_json)


def decide(name: str, lead_id: str, members: Mapping[str, object], *, no_wait: bool, as_json: bool) -> None:
    """Carry a command out, and tell what came of it. A rejected one ends with exit code 4."""
    clock, given = SystemClock(), settings()
    command = compose(lead_id, name, members, clock)
    if no_wait:
        tell_sent(command, asyncio.run(send_only(given, command)), as_json)
        return
    result = asyncio.run(carry_out(given, command, clock))
    if as_json:
        write_json(members_of(command, result))
    else:
        write(_lines(command, result, clock))
    leave_if_rejected(result)


def leave_if_rejected(result: Result) -> None:
    """End with the exit code of bad input if the lane has refused the command."""
    if result.refusal:
        raise click.exceptions.Exit(BAD_INPUT)


def tell_sent(command: Command, sent: Sent, as_json: bool) -> None:
    """Where the command is, and nothing more."""
    if as_json:
        write_json({**_place(command, sent), "outcome": "sent"})
    else:
        write((f"sent: {_where(sent)}; its lane applies it in its turn",))


def members_of(command: Command, result: Result) -> dict[str, object]:
    """What came of it, as JSON has it."""
    refusal = result.refusal
    return {
        **_place(command, result.sent),
        "outcome": result.outcome,
        "ignored": result.ignored,
        "rejected": refusal and {"reason": refusal.reason.value, "field": refusal.field},
        "before": _standing(result.before),
        "after": _standing(result.after),
        "changes": new_changes(result.before, result.after),
    }


def not_applied(result: Result) -> str | None:
    """`ignored: ...` or `rejected: ...`; None if the command was applied."""
    if result.refusal:
        return f"rejected: {_refusal(result.refusal)}"
    return f"ignored: {result.ignored}" if result.ignored else None


def _lines(command: Command, result: Result, clock: Clock) -> Iterator[str]:
    said = not_applied(result)
    yield said or f"{command.said.command} of {command.said.lead_id}: applied"
    yield _where(result.sent)
    if said:
        return
    yield from _scores(result)
    changes = new_changes(result.before, result.after)
    if changes:
        yield from ("", "published, the newest first", *change_lines(changes, clock))


def _scores(result: Result) -> Iterator[str]:
    now, was = result.after.page, result.before.page
    if now is None:
        return
    lead = now.standing
    if was is None:
        yield f"score {lead.score:.1f}, {lead.band}: a new lead"
    else:
        yield f"score {was.standing.score:.1f} -> {lead.score:.1f}, {was.standing.band} -> {lead.band}"
    if lead.status:
        yield f"it is {lead.status}: it alerts nobody"
    held = [each for each in lead.adjustments if each.what.startswith("flag ")]
    yield from (f"{each.points:+.1f} {cut_in_words(each)}" for each in held)


def _refusal(refusal: RejectedRecord) -> str:
    about = f" ({refusal.field})" if refusal.field else ""
    return f"{refusal.reason.value}{about}: {MEANING[refusal.reason]}"


def _where(sent: Sent) -> str:
    return f"{COMMANDS.name}, partition {sent.partition}, offset {sent.offset}"


def _place(command: Command, sent: Sent) -> dict[str, object]:
    said = command.said
    return {
        "command": said.command,
        "id": said.id,
        "lead_id": said.lead_id,
        "occurred_at": format_ms(said.occurred_at),
        "partition": sent.partition,
        "offset": sent.offset,
    }


def _standing(look: Look) -> dict[str, object] | None:
    return standing_members(look.page.standing) if look.page else None
