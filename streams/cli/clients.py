"""What commands open for one question: the settings, and Redis to look at."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streams.settings import Settings, load
from streams.store import Reader


def settings() -> Settings:
    """The settings of this process. Raises SettingsError."""
    return load(os.environ)


@asynccontextmanager
async def reading(given: Settings) -> AsyncIterator[Reader]:
    """Redis, to look at. Raises StoreUnavailable or StoreRefused."""
    reader = await Reader.of(given)
    try:
        yield reader
    finally:
        await reader.close()
