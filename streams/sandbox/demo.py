"""`leadline demo`: a broker, a Redis, a worker and 2,000 simulated leads, on one screen, with nothing installed.

    1 start   an embedded broker and Redis, in a temporary folder
    2 load    the last 30 days of what the leads did, before there is a worker
    3 score   the worker starts, and catches up with them
    4 live    traffic goes on, and every lead that crosses a line is a line on the screen
    5 stop    at Ctrl-C or after so many events: the worker finishes what was sent, and the summary says it all

Whatever ends this process ends the worker and Redis too.
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from schemas import topics
from streams.clock import Clock
from streams.sandbox.broker import EmbeddedBroker
from streams.sandbox.housekeeping import Housekeeping
from streams.sandbox.marketing import Marketing
from streams.sandbox.ports import Connect
from streams.sandbox.redis import EmbeddedRedis
from streams.sandbox.scenes import Scenes
from streams.sandbox.show import Show
from streams.sandbox.simulate import Traffic
from streams.sandbox.tally import Summary
from streams.sandbox.terminal import Terminal
from streams.sandbox.worker import WorkerProcess

PARTITIONS = 6
"""As many lanes as a small production system has."""

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What is simulated, and for how long: `events` of the past and live together, None until Ctrl-C."""

    leads: int = 2_000
    days: int = 30
    rate: float = 20.0
    events: int | None = None
    seed: int = 1


async def demo(options: DemoOptions, *, connect: Connect, clock: Clock, terminal: Terminal) -> Summary:
    """Play the demo to its end and return what happened.

    Raises SandboxUnavailable when a part of it cannot start here, WorkerDied when the worker ends by itself.
    """
    with ExitStack() as house:
        stopped = house.enter_context(stop_signals())
        folder = Path(house.enter_context(tempfile.TemporaryDirectory(prefix="leadline-demo-")))
        broker = house.enter_context(EmbeddedBroker())
        redis = house.enter_context(EmbeddedRedis(folder))
        broker.create_topics((topic.name for topic in topics.ALL), PARTITIONS)
        show = Show(terminal, clock)
        show.opening(broker.bootstrap, redis.url, options.leads, options.days)
        async with connect(broker.bootstrap, redis.url) as clients:
            scenes = Scenes(
                clients=clients,
                marketing=Marketing(seed=options.seed, leads=options.leads, now_ms=clock.now_ms()),
                traffic=Traffic(options.days, options.rate, options.events),
                house=Housekeeping(broker, clients),
                show=show,
                clock=clock,
                stopped=stopped,
            )
            await scenes.load()
            with WorkerProcess(folder, broker.bootstrap, redis.url) as worker:
                return await scenes.play(worker)


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C sets. A second Ctrl-C cancels whatever still runs."""
    stopped = asyncio.Event()
    loop, ours = asyncio.get_running_loop(), asyncio.current_task()

    def stop() -> None:
        if stopped.is_set() and ours is not None:
            ours.cancel()
        stopped.set()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield stopped
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
