"""One real Redis with the persistence that production must have, nothing shared with other runs."""

from __future__ import annotations

import shutil

from tests.support.servers.process import ServerFailed, answers
from tests.support.servers.server import Server


class RedisServer(Server):
    """A redis-server at `url`, with AOF every second and no eviction; arguments given are added last.

    `peer_port` is where the other nodes of a cluster reach it.
    """

    name = "redis"
    start_timeout_s = 30.0  # 10 ms when empty; a big AOF is read first

    def __init__(self, *arguments: str) -> None:
        super().__init__()
        self.arguments = arguments
        self.peer_port = self.port

    @property
    def url(self) -> str:
        """The address for clients: `redis://127.0.0.1:port/0`."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        """The command line of a server in the foreground."""
        return [
            _binary(),
            "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.directory),
            "--daemonize", "no",
            "--save", "", "--appendonly", "yes", "--appendfsync", "everysec",
            "--auto-aof-rewrite-percentage", "300", "--maxmemory-policy", "noeviction",
            *self.arguments,
        ]  # fmt: skip

    def flush(self) -> None:
        """Remove every key. Raises ServerFailed if the server does not answer."""
        if not answers(self.port, b"FLUSHALL\r\n", b"+OK"):
            raise ServerFailed(f"redis at {self.url} did not flush\n{self.program.log_tail()}")

    def is_up(self) -> bool:
        """It says PONG: not while it still reads its files."""
        return answers(self.port, b"PING\r\n", b"+PONG")


def _binary() -> str:
    """The redis-server of the path, else the one that the demo brings along (an older real Redis)."""
    installed = shutil.which("redis-server")
    if installed is not None:
        return installed
    from streams.sandbox.redis import redis_binary

    return redis_binary()
