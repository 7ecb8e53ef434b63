"""What a store asks of Redis, whether that is one server (`node`) or the primaries of a cluster (`cluster`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from streams.store.scripts import Script

if TYPE_CHECKING:
    from streams.store.node import Node

Argument = str | bytes | int


class Connection(Protocol):
    """`address` is safe to show: it has no password. Every question raises StoreUnavailable or StoreRefused."""

    address: str

    async def ask(self, command: str, key: str, *args: Argument) -> Any:
        """The answer of the server that has this key as it gives it (RESP2): bytes, integers, None, lists of them.

        Whatever other keys are among `args` carry the same hash tag.
        """

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[str | bytes]) -> list[Any]:
        """The script's answer, from the server that has the keys: they carry one hash tag."""

    async def holder(self, key: str) -> Node:
        """The server that has this key now, for questions that name none."""

    async def primaries(self) -> Sequence[Node]:
        """Every server that has keys now, also those that do not answer."""

    async def close(self) -> None:
        """Close every connection; commands in flight fail."""


def pairs(answer: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """Redis answers hashes and scores as one flat list."""
    return list(zip(answer[::2], answer[1::2], strict=True))
