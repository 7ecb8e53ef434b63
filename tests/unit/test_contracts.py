"""What `leadline schemas export` writes: committed copies are it, AsyncAPI takes it, a lane's outputs are so."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from schemas.rejected import Reason, Refused
from schemas.topics import ALL, BY_NAME, CHANGES, INPUTS, REJECTED, REKEYED, Family
from streams.cli.asyncapi import asyncapi, headers_of
from streams.cli.schemas import contract_files, contract_version
from streams.lane.inputs import Input
from streams.lane.outputs import Outputs
from streams.lane.ports import OutboxEntry
from streams.lane.position import Position
from tests.support.contracts import CONTRACTS, VERSIONS
from tests.support.doubles.lane import GivenRecord
from tests.unit.test_schemas_changes import SIGNUP, WHOLE, published, said

ASYNCAPI_3 = Path(__file__).parents[1] / "support" / "asyncapi" / "3.0.0.schema.json.gz"
"""AsyncAPI's own schema of its documents, as github.com/asyncapi/spec-json-schemas has it (without ids)."""


def test_the_committed_contracts_are_those_of_this_version() -> None:
    """If they are not: `leadline schemas export schemas/contracts/<version>`, and read schemas/README.md first."""
    files = dict(contract_files().values())
    assert contract_version() == VERSIONS[-1]
    committed = {path.name: path.read_text("utf-8") for path in (CONTRACTS / VERSIONS[-1]).glob("*.json")}
    assert committed.keys() == files.keys()
    assert [name for name, text in files.items() if committed[name] != text] == []


def test_the_document_is_one_of_asyncapi_3() -> None:
    """By AsyncAPI's own schema, which says no when the document has one word that it does not know."""
    schema = json.loads(gzip.decompress(ASYNCAPI_3.read_bytes()))
    document = asyncapi("0.1")
    assert list(Draft7Validator(schema).iter_errors(document)) == []
    document["channels"]["email.opens"]["adress"] = "email.opens"
    assert list(Draft7Validator(schema).iter_errors(document)) != []


def test_every_reference_leads_somewhere() -> None:
    """Within the document, and to files that are exported with it."""
    document, files = asyncapi("0.1"), {file for file, _ in contract_files().values()}
    found = list(references(document))
    assert {name.removeprefix("./") for name in found if not name.startswith("#/")} == files - {
        "asyncapi.json",
        "scoring-model.schema.json",
    }
    for name in found:
        if name.startswith("#/"):
            at: Any = document
            for part in name[2:].split("/"):
                at = at[part]


def references(part: Any) -> Iterator[str]:
    """Every `$ref` of a document."""
    if isinstance(part, dict):
        yield from (value for name, value in part.items() if name == "$ref")
        for value in part.values():
            yield from references(value)
    if isinstance(part, list):
        for value in part:
            yield from references(value)


def test_every_topic_is_a_channel_with_what_is_done_to_it() -> None:
    """Retention as `leadline topics apply` sets it; inputs come bare and in both modes of CloudEvents."""
    document = asyncapi("0.1")
    assert list(document["channels"]) == [topic.name for topic in ALL]
    for topic in ALL:
        channel = document["channels"][topic.name]
        wanted = channel["bindings"]["kafka"]["topicConfiguration"]
        assert wanted.get("retention.ms", topic.retention_ms) == topic.retention_ms
        assert wanted["cleanup.policy"] == (["compact"] if topic.is_compacted else ["delete"])
        given = topic in INPUTS and topic is not REKEYED
        assert len(channel["messages"]) == (3 if given else 1)
    done: dict[str, set[str]] = {}
    for operation in document["operations"].values():
        done.setdefault(operation["channel"]["$ref"].rpartition("/")[2], set()).add(operation["action"])
    assert {name for name, actions in done.items() if "receive" in actions} == {
        *(topic.name for topic in INPUTS),
        "leadline.published",
    }
    assert {name for name, actions in done.items() if "send" in actions} == {
        *(CHANGES.name, REJECTED.name, REKEYED.name),
        "leadline.published",
    }


def written() -> list[OutboxEntry]:
    """What a lane writes: changes of each kind, a refusal, a re-keyed event."""
    outputs = Outputs(0, Position.read({}), with_payload=True)
    for change in published(SIGNUP, said("flag", reason="doubt"), model=WHOLE):
        outputs._add_change(change)
    headers = [("content-type", b"application/json"), ("ce_time", b"2026-11-23T09:30:00Z")]
    headers += [(f"ce_{name}", b"1.0") for name in ("specversion", "id", "source", "type", "subject")]
    record = GivenRecord("email.opens", 0, 5, 0, b"L-7", b"{}", headers)
    refused = Refused(Reason.MISSING, "id")
    outputs.add_refusal(Input(record, 0, None, None, None, refused), refused)
    outputs.add_rekeyed(record, 0, lambda key: 1)
    return outputs.entries


@pytest.mark.parametrize("family", [Family.CHANGE, Family.REJECTED, Family.REKEYED])
def test_the_headers_of_the_document_are_those_that_a_lane_writes(family: Family) -> None:
    """Each of them, no other, and all that are called required."""
    entries = [entry for entry in written() if BY_NAME[entry.topic].family is family]
    assert entries
    schema = headers_of(family) | {"additionalProperties": False}
    for entry in entries:
        told = {name: value.decode() for name, value in entry.headers}
        assert list(Draft202012Validator(schema).iter_errors(told)) == []
        assert told.keys() == schema["properties"].keys()
