"""The files that belong to the project, and the one way to tell what is wrong with them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[3]

GIT_TIMEOUT_S = 30
"""Listing files takes 10 ms; the bound is for a repository on a slow disk."""


class Offence(NamedTuple):
    """One place that breaks a rule. `path` is relative to the repository's root; lines count from 1."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def expect_none(offences: Iterable[Offence], instead: str) -> None:
    """Fail the test with each offence on a line of its own, and `instead`: what to do about them."""
    found = sorted(set(offences))
    if found:
        pytest.fail("\n".join([f"{len(found)} found. {instead}", *map(str, found)]), pytrace=False)


@cache
def files(*suffixes: str, under: str = "") -> tuple[str, ...]:
    """Paths of the files that git tracks or would track, of these suffixes (none: all), below `under`."""
    return tuple(
        path
        for path in _listed()
        if path.startswith(under) and (not suffixes or path.endswith(suffixes)) and (ROOT / path).is_file()
    )


@cache
def text(path: str) -> str:
    """The contents of a file of the project; nothing for one that is not text. Fails if it is missing."""
    if not (ROOT / path).exists():
        pytest.fail(f"{path} is missing", pytrace=False)
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def lines(path: str) -> list[tuple[int, str]]:
    """The lines of a file with their numbers."""
    return list(enumerate(text(path).splitlines(), start=1))


def mentions(pattern: re.Pattern[str], paths: Iterable[str]) -> Iterator[Offence]:
    """Every place in these files that matches, with what matched."""
    for path in paths:
        for number, line in lines(path):
            yield from (Offence(path, number, found[0]) for found in pattern.finditer(line))


@cache
def _listed() -> tuple[str, ...]:
    """`safe.directory` because in CI the checkout often belongs to somebody else."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=GIT_TIMEOUT_S,
        check=True,
    )
    return tuple(sorted(set(filter(None, listing.stdout.split("\0")))))
