"""A worker that logs all that it can, and ends when it scores CRASHING: `python -m tests.support.loud worker`."""

from __future__ import annotations

import sys
from typing import Any

from streams import logs
from streams.cli import main
from streams.lane import batch

CRASHING = "crashing"

LOUD_WORKER = (sys.executable, "-X", "dev", "-m", "tests.support.loud", "worker")

real_apply_signal, real_configure = batch.apply_signal, logs.configure


def crashing_apply_signal(*args: Any) -> Any:
    """As the real one, but for one signal."""
    if args[2].id == CRASHING:
        raise RuntimeError("a bug")
    return real_apply_signal(*args)


def configure() -> None:
    """At the level of debugging."""
    real_configure("DEBUG")


if __name__ == "__main__":
    batch.apply_signal, logs.configure = crashing_apply_signal, configure
    main(sys.argv[1:])
