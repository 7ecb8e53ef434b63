"""The bodies of scoring models, kept for readers under `<prefix>:model:<version>`.

The truth is in the topic `lead.commands`, and each lane keeps its own copy in its meta: nothing is decided by
what stands here.
"""

from __future__ import annotations

import re

from streams.store.connection import Connection
from streams.store.keys import model_key

SCAN_COUNT = 10_000
"""Keys that one step of a scan looks at: 2 ms of Redis, and a million leads in a hundred steps."""


class Models:
    """Published versions of the scoring model, by their label."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self._connection = connection
        self._prefix = prefix

    async def publish(self, version: str, body: str) -> None:
        """Let readers see this version; the same label again replaces its body."""
        await self._connection.ask("SET", model_key(self._prefix, version), body)

    async def body(self, version: str) -> str | None:
        """The YAML of this version, None if it was never published."""
        body = await self._connection.ask("GET", model_key(self._prefix, version))
        return None if body is None else body.decode()

    async def versions(self) -> list[str]:
        """The labels, sorted. Looks at every key of the Redis: a second for a million leads."""
        start = model_key(self._prefix, "")
        pattern = re.sub(r"([\\*?\[\]])", r"\\\1", start) + "*"
        found: set[bytes] = set()
        cursor = b"0"
        while True:
            cursor, keys = await self._connection.ask("SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_COUNT)
            found.update(keys)
            if cursor == b"0":
                return sorted(key.decode().removeprefix(start) for key in found)
