"""The demo's worker: the real one, by its command, in a process of its own that never outlives us."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from streams.sandbox.bound import start_bound, stop
from streams.sandbox.redis import free_port

STOP_S = 10.0
"""A worker finishes its commit and leaves its group in two seconds; after ten it is killed."""

LOG_TAIL_LINES = 20
"""As much of the worker's log as an error shows."""


class WorkerDied(Exception):
    """The worker ended by itself; the text has the end of its log."""


class WorkerProcess:
    """`leadline worker` against this Kafka and this Redis, its log in `folder`."""

    def __init__(self, folder: Path, bootstrap: str, redis_url: str) -> None:
        self._log = folder / "worker.log"
        self._child: subprocess.Popen[bytes] | None = None
        self.http = f"127.0.0.1:{free_port()}"
        self._settings = {
            "LEADLINE_KAFKA": bootstrap,
            "LEADLINE_REDIS": redis_url,
            "LEADLINE_HTTP": self.http,
            # The embedded broker isolates no transactions.
            "LEADLINE_PUBLISHING": "at-least-once",
        }

    def __enter__(self) -> WorkerProcess:
        with self._log.open("ab") as output:
            self._child = start_bound(
                [sys.executable, "-m", "streams.cli", "worker"],
                output=output,
                environment=_without_settings(os.environ) | self._settings,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            stop(self._child, STOP_S)

    def check(self) -> None:
        """Raise WorkerDied if it has ended."""
        code = None if self._child is None else self._child.poll()
        if code is not None:
            tail = self._log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
            raise WorkerDied(f"the worker ended with code {code}; its log says:\n" + "\n".join(tail))


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings of another leadline that happen to be in our environment are not the demo's."""
    return {name: value for name, value in environment.items() if not name.startswith("LEADLINE_")}
