"""The process: a Faust application that hosts our services, supervises them, and ends with them.

Faust's own consumer, producer, tables and web server stay off in a worker: the input is pulled in batches by a
service of ours (streams/kafka/ingest.py). What Faust gives is the shell: services started and stopped in order,
a crash in any of them ends the process, and agents on topics of low volume.

This is the only file that imports faust.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

import faust
import structlog
from faust.app.base import BootStrategy
from mode import Service
from mode.utils.tracebacks import format_task_stack

from streams.settings import Settings

STOP_TIMEOUT_S = 15.0
"""Lanes take at most 7 s, leaving the group 3 s."""

CANCEL_TIMEOUT_S = 2.0
"""What is left then is cancelled; what does not end within this does not keep the process alive."""

log = structlog.get_logger("leadline.app")

BuildServices = Callable[[], Awaitable[Sequence[Service]]]


class _OwnServicesOnly(BootStrategy):
    """Nothing of Kafka and no web server: the services attached to the app are all that starts."""

    enable_kafka = False
    enable_kafka_consumer = False
    enable_kafka_producer = False
    enable_web = False


class LeadlineApp(faust.App):
    """The application of a worker."""

    BootStrategy = _OwnServicesOnly
    logger = logging.getLogger("faust.app")
    mundane_level = "debug"

    services: Sequence[Service] = ()
    """Ours, in the order in which they start."""

    async def on_first_start(self) -> None:
        """Faust would make directories for tables here; there are none."""

    async def on_started_init_extra_services(self) -> None:
        """Start our services, each once the one before it has started."""
        for service in self.services:
            await self.add_runtime_dependency(service)


class _Worker(faust.Worker):
    """Faust's worker, which says nothing and leaves signals to `run_worker`."""

    mundane_level = "debug"

    def install_signal_handlers(self) -> None:
        """Faust's own would open a debugger at SIGUSR2."""


def make_app(settings: Settings) -> LeadlineApp:
    """The Faust application, without any service yet."""
    return LeadlineApp(
        settings.group,
        broker=f"kafka://{settings.kafka}",
        store="memory://",
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_wait_empty=False,
        web_enabled=False,
        autodiscover=False,
    )


def run_worker(settings: Settings, build: BuildServices) -> None:
    """Run the services that `build` makes, inside the loop, until SIGTERM or SIGINT; then stop in order.

    Raises what a service has crashed with, or what has kept it from starting. Services start in the order
    given and stop in the opposite one.
    """
    asyncio.run(_run(settings, build))


async def _run(settings: Settings, build: BuildServices) -> None:
    loop = asyncio.get_running_loop()
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    app = make_app(settings)
    worker = _Worker(app, quiet=True, override_logging=False, redirect_stdouts=False, loop=loop)
    worker.spinner = None
    running = asyncio.create_task(_live(worker, app, build))
    waiting = asyncio.create_task(told_to_stop.wait())
    try:
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        await _stop(worker, running)
    if worker.crash_reason is not None:
        raise worker.crash_reason


async def _live(worker: faust.Worker, app: LeadlineApp, build: BuildServices) -> None:
    """Until the worker is stopped, or a service has crashed."""
    app.services = await build()
    await worker.start()


async def _stop(worker: faust.Worker, running: asyncio.Task[None]) -> None:
    """Stop all services within the bound, or end the process at once. Raises what kept one from starting."""
    log.info("worker.stops")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await worker.stop()
    running.cancel()
    await _end_all(asyncio.all_tasks() - {asyncio.current_task()} | {running})
    if not running.cancelled():
        running.result()


async def _end_all(tasks: Collection[asyncio.Task[Any]]) -> None:
    """What does not end when it is cancelled has its stack logged, and the process ends at once."""
    for task in tasks:
        task.cancel()
    _, stuck = await asyncio.wait(tasks, timeout=CANCEL_TIMEOUT_S)
    for task in stuck:
        log.error("worker.stuck", stack=format_task_stack(task))
    if stuck:
        logging.shutdown()
        os._exit(1)
