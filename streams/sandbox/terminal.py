"""Where the demo's lines go: finished lines, and one status line that is written over where there is a terminal."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import TextIO

CLEAR = "\r\x1b[K"
"""Back to the first column, and forget the rest of the line."""


class Terminal:
    """Writes to `stream`, plainly if it is no terminal. Without a stream it is silent."""

    def __init__(self, stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> None:
        self._stream = stream
        self._status = ""
        self.interactive = stream is not None and stream.isatty() and environment.get("TERM") != "dumb"
        self.coloured = self.interactive and not environment.get("NO_COLOR")

    def line(self, text: str = "") -> None:
        """A line that stays. The status goes on below it."""
        self._write((CLEAR if self._status else "") + text + "\n" + self._status)

    def status(self, text: str) -> None:
        """What is going on: replaces the status before; shown on a terminal only. Empty ends it."""
        if self.interactive and text != self._status:
            self._status = text[: shutil.get_terminal_size().columns - 1]
            self._write(CLEAR + self._status)

    def _write(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()
