"""Tasks beside a test: what looks on while something else happens."""

from __future__ import annotations

import asyncio


async def ended(task: asyncio.Task[None] | None) -> None:
    """Returns once the task, if there is one, is no more. Raises what has ended it before."""
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled():
            task.result()
