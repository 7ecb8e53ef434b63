"""Two ways of waiting that the demo's scenes are made of. Whatever is started here is over when they return."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def alongside(main: Coroutine[Any, Any, Result], *beside: Coroutine[Any, Any, None]) -> Result:
    """The result of `main`, while the others run; they are ended with it, and an error of theirs ends it."""
    playing = asyncio.ensure_future(main)
    tasks = [playing, *(asyncio.ensure_future(each) for each in beside)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        return await playing
    finally:
        await _end(*tasks)


async def unless(stopped: asyncio.Event, scene: Coroutine[Any, Any, None]) -> None:
    """Play the scene; when `stopped` is set leave it where it is, and do not begin it after."""
    if stopped.is_set():
        scene.close()
        return
    playing, stopping = asyncio.ensure_future(scene), asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait((playing, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _end(playing, stopping)
    if not playing.cancelled():
        playing.result()


async def _end(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
