"""Python files as syntax trees: what they define, and the true names of what they refer to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from typing import TypeAlias

from tests.support.tidy.project import lines, text

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

LOOPS = (ast.While, ast.For, ast.AsyncFor)


@cache
def tree(path: str) -> ast.Module:
    """The syntax tree of a file. Raises SyntaxError."""
    return ast.parse(text(path), filename=path)


def functions(path: str) -> Iterator[Function]:
    """Every function and method of a file, nested ones too."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def body_lines(function: Function) -> int:
    """The length of a function without its signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return 0 if not body else (body[-1].end_lineno or 0) - body[0].lineno + 1


def parameters(function: Function) -> list[str]:
    """The names that a caller may fill, without the receiver of a method."""
    arguments = function.args
    named = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    starred = [argument.arg for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [name for name in named + starred if name not in ("self", "cls")]


def is_keyword_only_constructor(function: Function) -> bool:
    """Whether it is an `__init__` whose every argument is named by the caller, as a record's."""
    return function.name == "__init__" and [argument.arg for argument in function.args.args] == ["self"]


def comment_above(path: str, definition: Definition) -> bool:
    """Whether a comment stands on the line above a definition and its decorators."""
    first = min([definition.lineno, *(decorator.lineno for decorator in definition.decorator_list)])
    return first > 1 and lines(path)[first - 2][1].lstrip().startswith("#")


def public_definitions(path: str) -> Iterator[Definition]:
    """Public functions and classes of a module, and the public methods of those classes."""
    for node in tree(path).body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (
                    member
                    for member in node.body
                    if isinstance(member, Function) and not member.name.startswith("_")
                )


def references(path: str) -> Iterator[tuple[str, int]]:
    """(full name, line) of what a file reads: `from time import time as t; f = t` gives `time.time`."""
    known = _imported(path)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            name = _full_name(node, known)
            if name is not None:
                yield name, node.lineno


def calls(path: str) -> Iterator[tuple[str, ast.Call]]:
    """(full name, call) of every call whose callee has a name."""
    known = _imported(path)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            name = _full_name(node.func, known)
            if name is not None:
                yield name, node


def in_a_loop(path: str, call: ast.Call) -> bool:
    """Whether a call is repeated by a `for` or `while` around it."""
    loops = (node for node in ast.walk(tree(path)) if isinstance(node, LOOPS))
    return any(loop.lineno < call.lineno <= (loop.end_lineno or 0) for loop in loops)


def only_yields(sleep: ast.Call) -> bool:
    """Whether it is `sleep(0)`, which lets others run and waits for nothing."""
    return bool(sleep.args) and isinstance(sleep.args[0], ast.Constant) and sleep.args[0].value == 0


@cache
def _imported(path: str) -> dict[str, str]:
    """What each imported name stands for in full."""
    known: dict[str, str] = {}
    for node in ast.walk(tree(path)):
        match node:
            case ast.Import(names=names):
                known.update({name.asname: name.name for name in names if name.asname})
                tops = {name.name.partition(".")[0] for name in names if not name.asname}
                known.update({top: top for top in tops})
            case ast.ImportFrom(module=str(module), names=names):
                known.update({name.asname or name.name: f"{module}.{name.name}" for name in names})
    return known


def _full_name(node: ast.expr, known: dict[str, str]) -> str | None:
    """None for what begins with a local name; a bare name that is not imported stands for itself."""
    if isinstance(node, ast.Name):
        return known.get(node.id, node.id)
    owner = _owner(node, known)
    return None if owner is None else ".".join(owner)


def _owner(node: ast.expr, known: dict[str, str]) -> list[str] | None:
    match node:
        case ast.Name(id=name) if name in known:
            return [known[name]]
        case ast.Attribute(value=value, attr=attribute):
            owner = _owner(value, known)
            return None if owner is None else [*owner, attribute]
        case _:
            return None
