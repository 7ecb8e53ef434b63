"""The rights that deploy/SECURITY.md lists, which tests give to the users of their servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.servers.secured import Right

PAGE = Path(__file__).parents[2] / "deploy" / "SECURITY.md"


def kafka_rights(role: str, *, group: str, prefix: str) -> list[Right]:
    """Those of a role (`Worker`, `Operator`), for this group and this prefix of Redis."""
    names = {"leadline": group, "ll-out-*": f"{prefix}-out-*"}
    return [
        Right(resource, names.get(name, name) if resource != "topic" else name, operation)
        for resource, name, operations in _rows(_section("Rights at Kafka", role))
        for operation in operations.split(", ")
    ]


def redis_rights(role: str, prefix: str) -> list[str]:
    """The words of ACL SETUSER behind the password of a role (`Worker and operator`, `Reader`)."""
    section = _section("Rights at Redis", role)
    (words,) = re.findall(r"```text\nACL SETUSER \S+ on >PASSWORD (.*?)```", section, re.DOTALL)
    return str(words).replace("{ll:", f"{{{prefix}:").split()


def commands(role: str) -> set[str]:
    """The commands of Redis that a role may run."""
    return {word[1:].upper() for word in redis_rights(role, "ll") if word.startswith("+")}


def _section(chapter: str, role: str) -> str:
    """What stands under this heading of this chapter."""
    (text,) = re.findall(rf"^## {chapter}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    (section,) = re.findall(rf"^### {role}\n(.*?)(?=^### |\Z)", text, re.DOTALL | re.MULTILINE)
    return str(section)


def _rows(section: str) -> Iterator[tuple[str, str, str]]:
    found = re.findall(r"^\| ([a-z ]+) \| `([^`]+)` \| ([A-Za-z, ]+) \|$", section, re.MULTILINE)
    assert found, section
    yield from found
