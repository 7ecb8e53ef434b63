"""A scoring model from a file, or the reasons why it is none, each with its line."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import click

from scoring.document import BadModel, default_text, read_model
from scoring.plan import Plan, TooLarge
from streams.cli.errors import BAD_INPUT, Failure

ModelPath = click.Path(exists=True, dir_okay=False, path_type=Path)
"""The argument or option that names such a file."""


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
        return ModelText(text, Plan(read_model(text)))
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}", BAD_INPUT) from error
    except UnicodeDecodeError as error:
        raise Failure(f"{path} is no text in UTF-8 (byte {error.start}); save it as UTF-8", BAD_INPUT) from error
    except BadModel as error:
        problems = "".join(f"\n  {problem}" for problem in error.problems)
        raise Failure(f"{path} is not a scoring model:{problems}", BAD_INPUT) from error
    except TooLarge as error:
        raise Failure(f"{path} cannot be put in force: {error}", BAD_INPUT) from error
