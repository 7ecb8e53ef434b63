"""The one place where an exception becomes a text and an exit code.

    1   a fault of leadline: with its traceback, unless it says by itself what happened
    2   the command line or a setting is wrong
    3   Kafka or Redis cannot be reached
    4   a bad scoring model, or bad input: an unknown lead, a file that is none
    5   refused for safety: to go on could cost scores

Whatever raises one of the errors below has put the cause and the fix into its text. Ctrl-C ends with 130 and a
reader that went away (`| head`) with 141, both silently, as a shell sees them of other commands.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

CRASH, USAGE, UNREACHABLE, BAD_INPUT, UNSAFE = 1, 2, 3, 4, 5

KNOWN: dict[str, int] = {
    "scoring.document.BadModel": BAD_INPUT,
    "scoring.plan.TooLarge": BAD_INPUT,
    "scoring.state.Damaged": UNSAFE,
    "scoring.state.UnknownFormat": UNSAFE,
    "streams.in_force.ModelChanging": CRASH,
    "streams.kafka.errors.KafkaFault": UNSAFE,
    "streams.kafka.errors.KafkaUnreachable": UNREACHABLE,
    "streams.kafka.ingest.LaneStuck": CRASH,
    "streams.kafka.watchdog.FetchesStopped": CRASH,
    "streams.lane.ports.Fenced": CRASH,
    "streams.lane.ports.Halted": UNSAFE,
    "streams.lane.ports.SourceUnavailable": UNREACHABLE,
    "streams.lane.ports.StoreRefused": UNSAFE,
    "streams.lane.ports.StoreUnavailable": UNREACHABLE,
    "streams.sandbox.broker.SandboxUnavailable": UNREACHABLE,
    "streams.sandbox.worker.WorkerDied": CRASH,
    "streams.search.UnknownName": BAD_INPUT,
    "streams.settings.SettingsError": USAGE,
    "streams.store.reader.NothingScored": BAD_INPUT,
}
"""By name, and not by class: to tell an error of the settings must not import Kafka's client."""


class Failure(click.ClickException):
    """What a command could not do: the text for a person, and the exit code."""

    def __init__(self, text: str, exit_code: int) -> None:
        super().__init__(text)
        self.exit_code = exit_code

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the text to standard error."""
        click.echo(f"error: {self.message}", file=file, err=file is None)


@contextmanager
def told() -> Iterator[None]:
    """Around a whole command: raises only Failure, click's Exit, and what is a bug."""
    _silence_libraries()
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        raise click.exceptions.Exit(128 + signal.SIGINT) from None
    except BrokenPipeError:
        _leave_output()
        raise click.exceptions.Exit(128 + signal.SIGPIPE) from None
    except click.UsageError as error:
        raise _usage_failure(error) from None
    except Exception as error:
        code = code_of(error)
        if code is None:
            raise
        raise Failure(str(error), code) from error


def code_of(error: BaseException) -> int | None:
    """The exit code of an error that tells a person what happened; None for any other."""
    for kind in type(error).__mro__:
        code = KNOWN.get(f"{kind.__module__}.{kind.__qualname__}")
        if code is not None:
            return code
    return None


def _usage_failure(error: click.UsageError) -> Failure:
    help_of = f"; see `{error.ctx.command_path} --help`" if error.ctx else ""
    return Failure(error.format_message().removesuffix(".") + help_of, USAGE)


def _silence_libraries() -> None:
    """Their warnings would stand between a command and its answer. The worker sets up logs of its own."""
    logging.basicConfig(handlers=[logging.NullHandler()])


def _leave_output() -> None:
    """Nobody reads any more: what is still buffered must not be written, not even at the very end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
