"""A worker that one record kills, or hangs: `python -m tests.support.deadly <how> worker`.

The signal whose id is DEADLY does it each time that it is about to be scored; a record with UNREADABLE in its value
when it is about to be read, which would refuse it.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from streams import heartbeat
from streams.cli import main
from streams.lane import batch, tenure
from streams.lane.inputs import Input
from streams.lane.ports import Record

DEADLY = "deadly"
UNREADABLE = b"deadly and unreadable"

DEADLY_WORKER = (sys.executable, "-m", "tests.support.deadly")
HUNG_S = 10.0
"""In place of the half minute of a real worker."""

real_apply_signal, real_read_input = batch.apply_signal, tenure.read_input


def deadly_apply_signal(*args: Any) -> Any:
    """As the real one, but for one signal."""
    if args[2].id == DEADLY:
        end()
    return real_apply_signal(*args)


def deadly_read_input(record: Record, timestamp_ms: int) -> Input:
    """As the real one, but for one record."""
    if UNREADABLE in (record.value or b""):
        end()
    return real_read_input(record, timestamp_ms)


def end() -> None:
    """Of the process, or of its loop."""
    if sys.argv[1] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    while True:
        pass


if __name__ == "__main__":
    how = sys.argv.pop(1) if len(sys.argv) > 2 else ""
    sys.argv.insert(1, how)
    batch.apply_signal, tenure.read_input = deadly_apply_signal, deadly_read_input
    heartbeat.Heartbeat.__init__.__defaults__ = (HUNG_S,)  # type: ignore[misc]
    main(sys.argv[2:])
