"""A worker whose clock is wrong: `python -m tests.chaos.skewed SECONDS`, with the settings of any worker.

Only this process believes it: what Python's `time` tells is shifted before anything else is loaded.
"""

from __future__ import annotations

import sys
import time


def shift(by_s: int) -> None:
    """From now on it is so much later."""
    now_ns, now_s = time.time_ns, time.time
    time.time_ns = lambda: now_ns() + by_s * 1_000_000_000
    time.time = lambda: now_s() + by_s


if __name__ == "__main__":
    shift(int(sys.argv.pop(1)))
    from streams.cli import main

    main(["worker"], prog_name="leadline")
