"""Switches a guard off at run time: another text in the place of one that must be there, in a function or a script.

The product has no switch for it. Whoever holds the function or the script runs the other text from then on.
"""

from __future__ import annotations
import __future__

import inspect
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import reduce
from importlib import import_module
from types import FunctionType
from typing import NamedTuple

from streams.store.scripts import Script


class Edit(NamedTuple):
    """In `module:name` this text becomes that."""

    target: str
    old: str
    new: str


@contextmanager
def applied(edits: Sequence[Edit]) -> Iterator[None]:
    """Meanwhile these guards are off."""
    with ExitStack() as stack:
        for edit in edits:
            stack.enter_context(_applied(edit))
        yield


@contextmanager
def _applied(edit: Edit) -> Iterator[None]:
    module_name, _, name = edit.target.partition(":")
    module = import_module(module_name)
    found = reduce(getattr, name.split("."), module)
    if isinstance(found, Script):
        before = found.text
        object.__setattr__(found, "text", _replaced(edit, before))
        sha, other = found.sha, Script.of(found.text).sha
        object.__setattr__(found, "sha", other)
        try:
            yield
        finally:
            object.__setattr__(found, "text", before)
            object.__setattr__(found, "sha", sha)
    elif isinstance(found, FunctionType):
        text = _replaced(edit, textwrap.dedent(inspect.getsource(found)))
        made: dict[str, FunctionType] = {}
        flags = __future__.annotations.compiler_flag
        exec(compile(text, edit.target, "exec", flags, dont_inherit=True), module.__dict__, made)
        code = found.__code__
        found.__code__ = made[found.__name__].__code__
        try:
            yield
        finally:
            found.__code__ = code
    else:
        raise TypeError(f"{edit.target} is neither a function nor a script")


def _replaced(edit: Edit, text: str) -> str:
    if text.count(edit.old) != 1:
        raise LookupError(f"{edit.target} has this {text.count(edit.old)} times, not once: {edit.old}")
    return text.replace(edit.old, edit.new)
