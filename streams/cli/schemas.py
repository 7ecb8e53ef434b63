"""`leadline schemas`: JSON Schemas for editors, for producers and for consumers."""

from __future__ import annotations

import json
from pathlib import Path

import click

from streams.cli.errors import BAD_INPUT, USAGE, Failure
from streams.cli.json_schemas import json_schemas
from streams.cli.output import json_option, write, write_json

SUFFIX = ".schema.json"


@click.group("schemas")
def command() -> None:
    """What is said on the topics, and in a scoring model, as JSON Schemas."""


@command.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.argument("names", nargs=-1, metavar="[NAME]...")
@json_option
def export(folder: Path, names: tuple[str, ...], as_json: bool) -> None:
    """Write a file for each topic and for the scoring model into FOLDER; with NAMEs only these.

    A model that begins with `# yaml-language-server: $schema=scoring-model.schema.json` is completed by editors
    that know YAML, with that file beside it.
    """
    schemas = json_schemas()
    unknown = sorted(set(names) - schemas.keys())
    if unknown:
        raise Failure(f"there is no schema {unknown[0]!r}; name some of {', '.join(schemas)}", USAGE)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [_write(folder, name, schemas[name]) for name in names or schemas]
    except OSError as error:
        raise Failure(f"{folder} cannot be written: {error.strerror}; name another folder", BAD_INPUT) from error
    if as_json:
        write_json({"files": written})
    else:
        write(written)


def schema_text(schema: dict[str, object]) -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _write(folder: Path, name: str, schema: dict[str, object]) -> str:
    path = folder / f"{name}{SUFFIX}"
    path.write_text(schema_text(schema), "utf-8")
    return str(path)
