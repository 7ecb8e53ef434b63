"""`leadline schemas`: the contracts as files, for editors, for producers and for consumers."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import click

from streams.cli.asyncapi import asyncapi
from streams.cli.errors import BAD_INPUT, USAGE, Failure
from streams.cli.json_schemas import SUFFIX, JsonSchema, json_schemas
from streams.cli.output import json_option, write, write_json

ASYNCAPI = "asyncapi"
"""Name of the one document that is no schema."""


@click.group("schemas")
def command() -> None:
    """What is said on the topics and in a scoring model: JSON Schemas, and an AsyncAPI document."""


@command.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.argument("names", nargs=-1, metavar="[NAME]...")
@json_option
def export(folder: Path, names: tuple[str, ...], as_json: bool) -> None:
    """Write a JSON Schema for each topic and for the scoring model into FOLDER, and asyncapi.json, which points to
    them; with NAMEs only these.

    A model that begins with `# yaml-language-server: $schema=scoring-model.schema.json` is completed by editors
    that know YAML, with that file beside it.
    """
    contracts = contract_files()
    unknown = sorted(set(names) - contracts.keys())
    if unknown:
        raise Failure(f"there is no schema {unknown[0]!r}; name some of {', '.join(contracts)}", USAGE)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [_write(folder, *contracts[name]) for name in names or contracts]
    except OSError as error:
        raise Failure(f"{folder} cannot be written: {error.strerror}; name another folder", BAD_INPUT) from error
    if as_json:
        write_json({"files": written})
    else:
        write(written)


def contract_files() -> dict[str, tuple[str, str]]:
    """Of each contract its file's name and text, as this version has it."""
    files = {name: (f"{name}{SUFFIX}", schema_text(schema)) for name, schema in json_schemas().items()}
    return {**files, ASYNCAPI: (f"{ASYNCAPI}.json", schema_text(asyncapi(contract_version())))}


def contract_version() -> str:
    """Contracts have the number of the release that brings them, without its last part, which changes none."""
    major, minor, *_ = version("leadline").split(".")
    return f"{major}.{minor}"


def schema_text(schema: JsonSchema) -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, "utf-8")
    return str(path)
