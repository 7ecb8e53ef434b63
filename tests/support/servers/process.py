"""A child process with a log file, bounded waiting, and a life that ends with the test run."""

from __future__ import annotations

import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.support.servers import keeper

POLL_S = 0.02
"""Between two looks at a condition: short beside the fastest server's start (10 ms to 4 s)."""

STOP_TIMEOUT_S = 20.0
"""From SIGTERM to SIGKILL: a broker with a hundred partitions flushes in under 2 s on a slow disk."""

LOG_TAIL_CHARS = 4_000
"""How much of a log goes into an error: the last stack trace fits."""

PORTS = range(15_000, 30_000)
"""Below the range from which Linux takes ports of outgoing connections (32768 and up): a server that is
down for a moment finds its port free when it comes back, and no client connects to itself meanwhile."""

PORT_ATTEMPTS = 100
"""Random ports tried before giving up: a machine where this fails has no free ports in the range."""


class ServerFailed(Exception):
    """A program did not do what it should in time; the text ends with its log."""


class Program:
    """A started child process. `log` receives its output; more than one program may append to one log."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.argv = tuple(argv)
        self.log = log
        with log.open("ab") as output:
            # A session of its own: Ctrl-C reaches the test run alone, which then ends its servers in order.
            self._popen = subprocess.Popen(
                self.argv, stdout=output, stderr=output, env=env, cwd=cwd, start_new_session=True
            )
        keeper.watch(self.pid)

    @property
    def pid(self) -> int:
        """The id of the process, also after its end."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._popen.poll()

    def wait(self, timeout_s: float) -> int:
        """Its exit code, once it has ended by itself. Raises ServerFailed after `timeout_s`."""
        try:
            code = self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise ServerFailed(f"{self.name} still runs after {timeout_s} s\n{self.log_tail()}") from None
        keeper.forget(self.pid)
        return code

    def wait_until(self, ready: Callable[[], bool], *, timeout_s: float) -> None:
        """Return as soon as `ready()`. Raises ServerFailed if the program ends first or time runs out."""
        for _ in range(max(1, int(timeout_s / POLL_S))):
            if ready():
                return
            if self._ended_within(POLL_S):
                raise ServerFailed(f"{self.name} ended with code {self.exit_code}\n{self.log_tail()}")
        raise ServerFailed(f"{self.name} was not ready within {timeout_s} s\n{self.log_tail()}")

    def send(self, what: signal.Signals) -> None:
        """Send a signal; nothing happens if the program has ended."""
        self._popen.send_signal(what)

    def terminate(self, *, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """SIGTERM, and SIGKILL after `timeout_s`. Returns the exit code."""
        self.send(signal.SIGTERM)
        if not self._ended_within(timeout_s):
            self.kill()
        return self.wait(STOP_TIMEOUT_S)

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone."""
        self.send(signal.SIGKILL)
        self.wait(STOP_TIMEOUT_S)

    def log_tail(self) -> str:
        """The last few thousand characters that it printed."""
        return self.log.read_text(errors="replace")[-LOG_TAIL_CHARS:]

    @property
    def name(self) -> str:
        """Its command, short enough for a message."""
        return " ".join([Path(self.argv[0]).name, *self.argv[-2:]])

    def _ended_within(self, timeout_s: float) -> bool:
        try:
            self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True


def until(condition: Callable[[], bool], *, timeout_s: float, what: str) -> None:
    """Return as soon as `condition()`. Raises ServerFailed, naming `what`, when time runs out."""
    for _ in range(max(1, int(timeout_s / POLL_S))):
        if condition():
            return
        time.sleep(POLL_S)
    raise ServerFailed(f"not within {timeout_s} s: {what}")


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on now. Raises ServerFailed if none is found."""
    for _ in range(PORT_ATTEMPTS):
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerFailed(f"no free port between {PORTS.start} and {PORTS.stop}")


def answers(port: int, question: bytes, expected: bytes) -> bool:
    """Whether what listens on this loopback port replies to `question` with something that has `expected`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            connection.sendall(question)
            return expected in connection.recv(4096)
    except OSError:
        return False
