"""A scoring model from a file, or the reasons why it is none, each with its line."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from scoring.document import BadModel, default_text, line_of, read_model
from scoring.model import ScoringModel
from scoring.plan import Plan, TooLarge
from streams.cli.errors import BAD_INPUT, Failure

ModelPath = click.Path(exists=True, dir_okay=False, path_type=Path)
"""The argument or option that names such a file."""

COSTLY_SHOWN = 5
"""Rules to begin with, where a model is too large."""


class ModelText(NamedTuple):
    """A model as it was written, and compiled."""

    text: str
    plan: Plan


def read_model_file(path: Path | None) -> ModelText:
    """The model in this file, the packaged default for None. Raises Failure with all that is wrong."""
    if path is None:
        return ModelText(default_text(), Plan(read_model(default_text())))
    try:
        text = path.read_text("utf-8")
        model = read_model(text)
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}", BAD_INPUT) from error
    except UnicodeDecodeError as error:
        raise Failure(f"{path} is no text in UTF-8 (byte {error.start}); save it as UTF-8", BAD_INPUT) from error
    except BadModel as error:
        problems = "".join(f"\n  {problem}" for problem in error.problems)
        raise Failure(f"{path} is not a scoring model:{problems}", BAD_INPUT) from error
    try:
        return ModelText(text, Plan(model))
    except TooLarge as error:
        costs = "".join(f"\n  {line}" for line in _costly_rules(text, model))
        raise Failure(f"{path} cannot be put in force: {error}; the most is taken by{costs}", BAD_INPUT) from error


def _costly_rules(text: str, model: ScoringModel) -> Iterator[str]:
    """The rules that take most of a lead's state, each with its line and what it takes."""
    plain = Plan(model.model_copy(update={"rules": ()})).state_worst_bytes
    costs = [
        (Plan(model.model_copy(update={"rules": (rule,)})).state_worst_bytes - plain, place)
        for place, rule in enumerate(model.rules)
    ]
    for cost, place in heapq.nlargest(COSTLY_SHOWN, costs):
        line = line_of(text, ("rules", place))
        yield f"line {line}: rules[{place}]: {model.rules[place].id} takes up to {cost:,} bytes of each lead"
