"""Reads a scoring model from YAML; every refusal names the line, what is wrong and what would be right.

The definition is in `model`, the words of its refusals in `refusals`; this file only finds their lines, which is
why the document is first composed to nodes that know where they stand.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import cast

import xxhash
import yaml
from pydantic import ValidationError

from scoring.fields import Path
from scoring.model import ScoringModel
from scoring.refusals import Refusal, refusals

TEXT_MAX_CHARS = 65_536
"""Ten times a large model; the text travels in one record and in each lane's meta."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a model: the line (from 1), the path of the member, what, and what would be right."""

    line: int
    path: str
    what: str
    fix: str

    def __str__(self) -> str:
        where = f" {self.path}:" if self.path else ""
        return f"line {self.line}:{where} {self.what}; {self.fix}"


class BadModel(Exception):
    """The operator's fault: the document is no scoring model. Says all that is wrong, in the order of lines."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.line)
        super().__init__("\n".join(map(str, self.problems)))


def read_model(text: str) -> ScoringModel:
    """The scoring model in this YAML text. Raises BadModel.

    A model without a `version` is labelled with a hash of its text.
    """
    if len(text) > TEXT_MAX_CHARS:
        raise BadModel([Problem(1, "", f"the text has {len(text)} characters", f"keep to {TEXT_MAX_CHARS}")])
    root = _compose(text)
    try:
        document = cast(dict[str, object], _Loader("").construct_document(root))  # a mapping, by _compose
    except yaml.YAMLError as error:
        raise BadModel([Problem(1, "", f"no YAML: {error}", "correct the text")]) from None
    document.setdefault("version", xxhash.xxh3_64_hexdigest(text.encode()))
    try:
        return ScoringModel.model_validate(document)
    except ValidationError as error:
        told = refusals(error.errors(include_url=False))
        raise BadModel([_problem(root, refusal) for refusal in told]) from None


def line_of(text: str, path: Path) -> int:
    """The line of this member of a model that can be read."""
    return _line(_compose(text), path)


@cache
def default_text() -> str:
    """The packaged default model, as YAML."""
    return resources.files("scoring").joinpath("default.yaml").read_text("utf-8")


class _Loader(yaml.SafeLoader):
    """YAML without aliases and without a key twice: both hide what a model says.

    A key is the text that is written: `no` and `2026` are names of attributes like any other.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise BadModel([Problem(line, "", "an alias (*name)", "write the part out in full")])
        return super().compose_node(parent, index)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        try:
            return super().construct_object(node, deep)
        except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            # Such as a day that no month has, or a tag; PyYAML's constructors raise whatever comes up.
            what = f"{node.value!r:.80} is no value"
            raise BadModel(
                [Problem(node.start_mark.line + 1, "", what, "put it in quotes if it is a text")]
            ) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=deep) for key, value in node.value}


def _compose(text: str) -> yaml.MappingNode:
    try:
        root = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadModel([Problem(line, "", f"no YAML: {error.problem}", "correct the line")]) from None
    except (yaml.YAMLError, ArithmeticError, ValueError, RecursionError) as error:
        raise BadModel([Problem(1, "", f"no YAML: {error}", "correct the text")]) from None
    if not isinstance(root, yaml.MappingNode):
        raise BadModel([Problem(1, "", "the document is no mapping", "start with `version:` and `rules:`")])
    _refuse_doubles(root)
    return root


def _refuse_doubles(node: yaml.Node) -> None:
    match node:
        case yaml.MappingNode():
            seen: set[str] = set()
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                    what = f"{key.value!r} is there twice" if isinstance(key, yaml.ScalarNode) else "a strange key"
                    raise BadModel([Problem(key.start_mark.line + 1, "", what, "keep one plain key of each name")])
                seen.add(key.value)
                _refuse_doubles(value)
        case yaml.SequenceNode():
            for item in node.value:
                _refuse_doubles(item)


def _problem(root: yaml.Node, refusal: Refusal) -> Problem:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in refusal.path).lstrip(".")
    return Problem(_line(root, refusal.path), path, refusal.what, refusal.fix)


def _line(node: yaml.Node, path: Path) -> int:
    """The line of the node at the path, or of the nearest one above it that exists."""
    line = node.start_mark.line + 1
    for part in path:
        child = _child(node, part)
        if child is None:
            break
        line, node = child
    return line


def _child(node: yaml.Node, part: int | str) -> tuple[int, yaml.Node] | None:
    match node:
        case yaml.MappingNode():
            for key, value in node.value:
                if key.value == str(part):
                    return key.start_mark.line + 1, value
        case yaml.SequenceNode() if isinstance(part, int) and part < len(node.value):
            item = node.value[part]
            return item.start_mark.line + 1, item
    return None
