"""Child processes that never outlive us, whatever ends us, SIGKILL included.

The command is started through this file, run as a plain script: on Linux it asks the kernel to be killed when
its parent dies and then becomes the command (same process id, nothing in between); elsewhere it stays, starts
the command and watches for its parent's death. It imports nothing of the project, so that it starts in 20 ms.

The child gets a session of its own: Ctrl-C in the terminal reaches only us, and we stop our children in order.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import IO

PR_SET_PDEATHSIG = 1
"""Linux's prctl option: the signal that a process gets when its parent dies."""

WATCH_S = 0.5
"""Without a parent-death signal the parent is looked for this often."""


def start_bound(
    command: Sequence[str], *, output: IO[bytes], environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `command`, its stdout and stderr in `output`; it dies by SIGKILL when this process does.

    To be called in a thread that lives as long as the process does: Linux sends the signal when the *thread*
    that started the child ends.
    """
    launcher = [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]
    return subprocess.Popen(
        launcher,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )


def stop(child: subprocess.Popen[bytes], patience_s: float) -> None:
    """SIGTERM, then SIGKILL to whoever is still there after `patience_s`. Returns when the child is gone."""
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(patience_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _main(parent: int, command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the kernel was asked
            sys.exit(1)
        os.execvp(command[0], command)
    sys.exit(_watch(parent, command))


def _watch(parent: int, command: list[str]) -> int:
    child = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    while child.poll() is None and os.getppid() == parent:
        time.sleep(WATCH_S)
    child.kill()
    return child.wait()


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2:])
