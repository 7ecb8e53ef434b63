"""`leadline worker`: the process that scores."""

from __future__ import annotations

import errno

import click

from streams import logs
from streams.cli.clients import settings
from streams.cli.errors import USAGE, Failure


@click.command("worker")
@click.option("--volatile", is_flag=True, help="Accept a Redis without persistence: a restart loses every score.")
@click.option("--insecure", is_flag=True, help="Accept plain text to a Kafka and a Redis on other machines.")
def command(volatile: bool, insecure: bool) -> None:
    """Score what comes, until SIGTERM or Ctrl-C.

    Start as many as you like: workers of one group share the partitions, and take over from one that ends.
    """
    given = settings()
    accepted = {"volatile": given.volatile or volatile, "insecure": given.insecure or insecure}
    given = given.model_copy(update=accepted)
    logs.configure()
    from streams.wiring import work  # Faust and the drivers: a wrong setting is told before they are loaded.

    try:
        work(given)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text = f"the address LEADLINE_HTTP={given.http} is taken by another process; set another one"
            raise Failure(text, USAGE) from error
        raise
