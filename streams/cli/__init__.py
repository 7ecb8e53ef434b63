"""The command `leadline`: what an operator types, and what they read back.

    demo, simulate          the sandbox, and its traffic alone
    worker                  the process that scores
    topics, model           what Kafka must have; which scoring model is in force
    score                   a file, by the same arithmetic
    top, lead, leads, watch who stands where, why, all of them, and what changes now
    flag, unflag, retract, outcome, contacted, erase   what people say and decide about a lead
    doctor, settings        what is wrong, and what is set
    accept-gap              a lane that is halted goes on, as the operator decides
    rebuild                 all scores anew from Kafka; what differs is published
    schemas                 what is said on the topics and in a model, as JSON Schemas and an AsyncAPI document

Each command is a file of its name, and is imported only when it is called, so that `leadline settings` does not
wait for Kafka's client. A command reads its settings, asks a part of the project, and writes the answer: as text
for people, or with `--json` as JSON. It decides nothing that a console would have to decide again.

    errors      the one place where an exception becomes a text and an exit code
    output      tables, bars and JSON
    clients     Redis opened for one question

Answers go to standard output, and nothing else does; progress, logs and errors go to standard error.
"""

from __future__ import annotations

from collections import UserDict
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import click

from streams.cli.errors import told

NAMES = (
    "demo",
    "worker",
    "topics",
    "model",
    "score",
    "lead",
    "top",
    "leads",
    "watch",
    "flag",
    "unflag",
    "retract",
    "outcome",
    "contacted",
    "erase",
    "simulate",
    "doctor",
    "accept-gap",
    "rebuild",
    "schemas",
    "settings",
)
"""Every command, in the order of the help; its file has the same name (a dash is an underscore), and calls it
`command`, but for those of `decisions.py`."""

DECISIONS = ("flag", "unflag", "retract", "outcome", "contacted")
"""Commands that differ in their options only: one file has them all."""


class _OnDemand(UserDict[str, click.Command]):
    """The commands by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> click.Command:
        if name not in self.data and name in NAMES:
            home, found = ("decisions", name) if name in DECISIONS else (name.replace("-", "_"), "command")
            command: click.Command = getattr(import_module(f"streams.cli.{home}"), found)
            self.data[name] = command
        return self.data[name]

    def __contains__(self, name: object) -> bool:
        return name in NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


class _Leadline(click.Group):
    """All commands; whatever goes wrong in one is told by `errors`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with told():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with told():
            return super().invoke(ctx)


main = _Leadline(
    "leadline",
    commands=_OnDemand(),
    help="Scores leads from a Kafka stream into Redis, and publishes the moment a lead crosses the line.",
    epilog="Exit codes: 0 done, 1 a fault of leadline, 2 usage or settings, 3 not reachable, 4 a bad model or "
    "bad input, 5 refused for safety.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)
"""The entry point, for the installed command and `python -m streams.cli`."""
