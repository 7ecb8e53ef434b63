"""A worker that one record kills, or hangs: `python -m tests.support.deadly <how> worker`.

The signal whose id is DEADLY does it each time that it is about to be scored.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from streams import heartbeat
from streams.cli import main
from streams.lane import batch

DEADLY = "deadly"
HUNG_S = 10.0
"""In place of the half minute of a real worker."""

real_apply_signal = batch.apply_signal


def deadly_apply_signal(*args: Any) -> Any:
    """As the real one, but for one signal."""
    if args[2].id == DEADLY:
        if sys.argv[1] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        while True:
            pass
    return real_apply_signal(*args)


if __name__ == "__main__":
    how = sys.argv.pop(1) if len(sys.argv) > 2 else ""
    sys.argv.insert(1, how)
    batch.apply_signal = deadly_apply_signal
    heartbeat.Heartbeat.__init__.__defaults__ = (HUNG_S,)  # type: ignore[misc]
    main(sys.argv[2:])
