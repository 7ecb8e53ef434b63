"""`leadline settings`: every setting, its value, and where that comes from."""

from __future__ import annotations

import os

import click

from streams.cli.output import json_option, table, write, write_json
from streams.settings import describe


@click.command("settings")
@json_option
def command(as_json: bool) -> None:
    """Show every setting, its value and where it comes from.

    Each is an environment variable; LEADLINE_SETTINGS_FILE names a file of NAME=value lines.
    """
    described = describe(os.environ)
    if as_json:
        write_json([each._asdict() for each in described])
        return
    lines = table(("variable", "value", "from"), [(each.variable, each.value, each.origin) for each in described])
    write(lines[:1])
    for each, line in zip(described, lines[1:], strict=True):
        write((line, f"    {each.meaning}"))
