"""Markdown pages taken apart: code and prose, the commands they name, where they link to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import click

from tests.support.tidy.project import ROOT, lines

FENCE = re.compile(r"^\s*(?:```|~~~)")
INLINE_CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\s*\[[^\]]+\]:\s*(\S+)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
COMMAND = re.compile(r"^(?:[A-Z_]+=\S+\s+)*(?:\S*/)?(make|leadline)\s+(\S.*)$")
SEPARATOR = re.compile(r"\s*(?:&&|;|\s\|\s)\s*")
PROMPT = "$ "


class Line(NamedTuple):
    """One line of a page. `block` is 0 outside fenced blocks, else the number of the block."""

    number: int
    text: str
    block: int


class Command(NamedTuple):
    """A command that a page shows: `program` is `make` or `leadline`, `words` what follows it."""

    line: int
    program: str
    words: tuple[str, ...]


def page(path: str) -> Iterator[Line]:
    """The lines of a page without the fences themselves."""
    block, inside = 0, False
    for number, line in lines(path):
        if FENCE.match(line):
            inside = not inside
            block += inside
        else:
            yield Line(number, line, block if inside else 0)


def code(path: str) -> Iterator[tuple[int, str]]:
    """(line, text) of everything set as code. In a block with prompts only what follows a prompt counts."""
    shown = list(page(path))
    transcripts = {line.block for line in shown if line.block and line.text.startswith(PROMPT)}
    for line in shown:
        if not line.block:
            yield from ((line.number, found) for found in INLINE_CODE.findall(line.text))
        elif line.text.startswith(PROMPT) or line.block not in transcripts:
            yield line.number, line.text.removeprefix(PROMPT).strip()


def commands(path: str) -> Iterator[Command]:
    """The `make` and `leadline` commands of a page."""
    for number, piece in code(path):
        for part in SEPARATOR.split(piece.split(" #")[0]):
            found = COMMAND.match(part)
            if found:
                yield Command(number, found[1], tuple(found[2].split()))


def links(path: str) -> Iterator[tuple[int, str]]:
    """(line, target) of each link and image outside code."""
    for line in page(path):
        if not line.block:
            for inline, reference in LINK.findall(INLINE_CODE.sub("", line.text)):
                yield line.number, inline or reference


def anchors(path: str) -> set[str]:
    """The names under which a page's headings can be linked to: lower case, hyphens for spaces."""
    titles = [found[1] for line in page(path) if not line.block and (found := HEADING.match(line.text))]
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


def word_count(path: str) -> int:
    """Words of the running text: not code blocks, not tables, not the targets of links."""
    prose = [line.text for line in page(path) if not line.block and not line.text.lstrip().startswith("|")]
    bare = re.sub(r"\]\([^)]*\)", "]", "\n".join(prose))
    return sum(any(letter.isalnum() for letter in word) for word in bare.split())


def leads_somewhere(path: str, target: str) -> bool:
    """Whether a link of this page leads to a file, and to a heading if it names one; elsewhere is not looked."""
    if re.match(r"[a-z]+:", target):
        return True
    name, _, anchor = target.partition("#")
    goal = (ROOT / path).parent / name if name else ROOT / path
    if not goal.exists():
        return False
    return not anchor or anchor in anchors(str(goal.resolve().relative_to(ROOT)))


def unknown_commands(group: click.Command, words: tuple[str, ...]) -> list[str]:
    """The words that should be commands and are not; `plan|apply` names two."""
    if not isinstance(group, click.Group) or not words or not re.fullmatch(r"[a-z|-]*[a-z]", words[0]):
        return []
    names = words[0].split("|")
    unknown = [name for name in names if name not in group.commands]
    return unknown or unknown_commands(group.commands[names[0]], words[1:])
