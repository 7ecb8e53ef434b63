"""Erasures: what is left of a lead that asked to be forgotten, a keyed hash of its id and an instant.

Inputs of that lead that occurred up to the instant are ignored if they come again. The key is the lane's own and
stays in Redis, so that the hashes say nothing to who has them without it.
"""

from __future__ import annotations

import hashlib
import secrets

DIGEST_BYTES = 16
"""128 bits: no two leads of a partition share a hash."""


class Erasures:
    """The erasures of a lane, all in memory: they are few. `key` is in hexadecimal, empty before the first."""

    def __init__(self, key: str, erased: dict[str, int]) -> None:
        self.key = key
        self._erased = erased

    @property
    def is_any(self) -> bool:
        """Whether any lead of the lane was ever erased."""
        return bool(self._erased)

    def covers(self, lead_id: str, occurred_ms: int) -> bool:
        """Whether an input of this lead and instant is to be ignored."""
        return occurred_ms <= self._erased.get(self._digest(lead_id), -1)

    def add(self, lead_id: str, until_ms: int) -> tuple[str, int]:
        """The lead is erased: (hash, instant) as they are to be stored."""
        self.key = self.key or secrets.token_hex(hashlib.blake2b.MAX_KEY_SIZE)
        digest = self._digest(lead_id)
        self._erased[digest] = until_ms
        return digest, until_ms

    def _digest(self, lead_id: str) -> str:
        key = bytes.fromhex(self.key)
        return hashlib.blake2b(lead_id.encode(), digest_size=DIGEST_BYTES, key=key).hexdigest()
