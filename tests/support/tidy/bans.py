"""Names with one home, or with none: where they may be used, and what to write in their place."""

from __future__ import annotations

import random
from typing import NamedTuple

BENCHMARKS = "tests/benchmarks/"
"""Measuring time and printing tables is what this folder is for."""


class Ban(NamedTuple):
    """Names that only the files in `home` may use; `scope` is where the ban holds."""

    what: str
    names: frozenset[str]
    home: tuple[str, ...]
    instead: str
    scope: str = ""


CLOCKS = Ban(
    "system clock",
    frozenset(
        f"time.{name}{unit}" for name in ("time", "monotonic", "perf_counter") for unit in ("", "_ns")
    ) | {"datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today"},
    ("streams/clock.py", BENCHMARKS, "tests/chaos/skewed.py"),
    "Take an instant, or the clock of streams/clock.py, as an argument.",
)  # fmt: skip
PRINT = Ban(
    "print",
    frozenset({"print"}),
    ("streams/cli/", "streams/cli.py", "streams/sandbox/", BENCHMARKS),
    "Log an event with key-values, or return the text to streams/cli.",
)
WAIT_FOR = Ban(
    "wait_for",
    frozenset({"asyncio.wait_for"}),
    (),
    "Write `async with asyncio.timeout(...)`: on Python 3.11 wait_for can swallow a cancellation.",
)
SLEEP = Ban(
    "blocking sleep",
    frozenset({"time.sleep"}),
    ("tests/support/servers/process.py",),
    "Wait for a condition: tests.support.servers.until, or Program.wait_until.",
    scope="tests/",
)
GLOBAL_RANDOM = Ban(
    "shared randomness",
    frozenset(f"random.{name}" for name in random.__all__ if name[0].islower()),
    (),
    "Take a random.Random(seed) as an argument.",
)

BANS = (CLOCKS, PRINT, WAIT_FOR, SLEEP, GLOBAL_RANDOM)
