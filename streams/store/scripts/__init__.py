"""The Lua scripts, each with `common.lua` before it. Redis keeps them by their hash, and forgets at a restart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Script:
    """A script's text, and the hash by which EVALSHA names it."""

    text: str
    sha: str

    @classmethod
    def of(cls, text: str) -> Script:
        """The script with this text."""
        return cls(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


def _read(name: str) -> Script:
    here = files(__name__)
    return Script.of(here.joinpath("common.lua").read_text("utf-8") + here.joinpath(name).read_text("utf-8"))


ACCEPT = _read("accept.lua")
ACQUIRE = _read("acquire.lua")
BOARD = _read("board.lua")
COMMIT = _read("commit.lua")
EMPTY = _read("empty.lua")
LISTS = _read("lists.lua")
STANDING = _read("standing.lua")
