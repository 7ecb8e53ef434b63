"""The life that both servers share: files in a temporary directory, one address, five verbs."""

from __future__ import annotations

import shutil
import signal
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.servers import keeper
from tests.support.servers.process import Program, free_port


class Server(ABC):
    """A server on one loopback port. A subclass says how it starts and how one sees that it answers."""

    name: str
    start_timeout_s: float

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix=f"leadline-{self.name}-"))
        keeper.remove_at_end(self.directory)
        self.log = self.directory / "server.log"
        self.port = free_port()
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """The process of the last start. Raises RuntimeError if there was none."""
        if self._program is None:
            raise RuntimeError(f"{self.name} has not been started")
        return self._program

    @property
    def pid(self) -> int:
        """The id of the server's process."""
        return self.program.pid

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self._program is not None and self._program.running

    def start(self) -> None:
        """Start it; returns once it answers. Raises ServerFailed with its log."""
        if self.running:
            return
        self._program = Program(self.command(), log=self.log, cwd=self.directory)
        self._program.wait_until(self.is_up, timeout_s=self.start_timeout_s)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL if it lingers; its files stay."""
        self.resume()
        self.program.terminate()

    def kill(self) -> None:
        """SIGKILL; its files stay as they are."""
        self.program.kill()

    def restart(self) -> None:
        """Stop it if it runs, and start it on the same address with the same files."""
        if self.running:
            self.stop()
        self.start()

    def suspend(self) -> None:
        """SIGSTOP: it holds its connections and answers nothing."""
        self.program.send(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self.program.send(signal.SIGCONT)

    def close(self) -> None:
        """Kill it and remove its files."""
        if self.running:
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def command(self) -> list[str]:
        """The arguments of the process; makes first what it needs on the disk."""

    @abstractmethod
    def is_up(self) -> bool:
        """Whether it answers."""
