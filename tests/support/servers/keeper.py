"""Ends what a test run started when the run itself is gone, however it went.

One small process per run reads lines from a pipe: `watch PID`, `forget PID`, `remove DIRECTORY`. The pipe
closes when the run ends, also by SIGKILL; then every watched process is killed and every directory removed.
Linux's parent-death signal would not do: it fires when the *thread* that started the child ends, and tests
start servers from short-lived threads (`asyncio.to_thread`).
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

LEAVE_TIMEOUT_S = 5.0
"""Killing and removing what one run leaves takes 0.1 s."""


def watch(pid: int) -> None:
    """Kill this process when the run ends."""
    _tell(f"watch {pid}")


def forget(pid: int) -> None:
    """This process has ended and been waited for: its id may soon be another's."""
    _tell(f"forget {pid}")


def remove_at_end(directory: Path) -> None:
    """Remove this directory, with all that is in it, when the run ends."""
    _tell(f"remove {directory}")


def _tell(line: str) -> None:
    os.write(_pipe(), f"{line}\n".encode())


@cache
def _pipe() -> int:
    """The writing end. The keeper has a session of its own, so that Ctrl-C in a terminal does not end it."""
    reading, writing = os.pipe()
    keeper = subprocess.Popen([sys.executable, "-IS", __file__], stdin=reading, start_new_session=True)
    os.close(reading)
    atexit.register(_leave, keeper, writing)
    return writing


def _leave(keeper: subprocess.Popen[bytes], writing: int) -> None:
    """Wait for the clean-up, but not for a forked child that still holds the pipe: then it comes later."""
    os.close(writing)
    with contextlib.suppress(subprocess.TimeoutExpired):
        keeper.wait(LEAVE_TIMEOUT_S)


def keep(lines: Iterable[str]) -> None:
    """Follow the lines to their end, then clean up."""
    pids: set[int] = set()
    directories: list[str] = []
    for line in lines:
        verb, _, subject = line.rstrip("\n").partition(" ")
        match verb:
            case "watch":
                pids.add(int(subject))
            case "forget":
                pids.discard(int(subject))
            case "remove":
                directories.append(subject)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    keep(sys.stdin)
