"""One run's servers, workers, load and reader, and the questions that faults ask.

async with Stage(servers, seed=7) as stage:
    await stage.begin(workers=2)
    ...                                 # a fault is injected and healed
    await stage.end()                   # all is applied and published, and the workers have stopped
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Self

from schemas.topics import INPUT_NAMES
from streams.clock import SystemClock
from tests.chaos.crew import Crew, Hand
from tests.chaos.lanes import Lanes, Since
from tests.chaos.load import MODEL, Load
from tests.chaos.past import Past
from tests.chaos.proxy import Proxy
from tests.chaos.reader import OUTPUTS, LiveReader, count_hidden
from tests.chaos.servers import Servers
from tests.chaos.watch import Watch
from tests.support.servers import RedisServer, ServerFailed
from tests.support.servers.topics import make_topics_anew
from tests.support.traffic import activate
from tests.support.workers import Site, eventually

PARTITIONS = 4
"""Two for each of two workers."""

WARM_CHANGES = 40
"""Published before anything breaks: every lane is at work, and leads have crossed lines."""

RECOVERED_S = 180.0
"""From a fault to all lanes at work again. Overlapping deaths take up to 30 s (the group waits for the dead); the
rest is for a machine that is busy with other things. How long it took is told."""

CAUGHT_UP_S = 60.0
"""For what has waited meanwhile, and what the load sent last."""


@dataclass
class Stage:
    """See above. `logs` is where the workers' logs go. `figures` are seconds, by what took them.

    `past` is what the topics no longer hold; `is_halted`: the lanes are to stand still at the end.
    """

    servers: Servers
    seed: int
    logs: Path
    figures: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    complaints: list[str] = field(default_factory=list)
    past: Past = field(default_factory=Past)
    is_halted: bool = False

    def __post_init__(self) -> None:
        self.clock = SystemClock()
        self.rng = Random(f"fault {self.seed}")
        self._marks: list[asyncio.Task[None]] = []
        kafka, self.redis = self.servers.kafka, self.servers.redis
        prefix = f"c{secrets.token_hex(4)}"
        self.site = Site(kafka.bootstrap, self.redis.url, prefix, self.logs, PARTITIONS)
        self.crew = Crew(self.site, kafka.front, lambda: self.redis.port)
        self.lanes = Lanes(self.redis.url, prefix, PARTITIONS)
        self.load = Load(kafka.bootstrap, PARTITIONS, self.clock, self.seed)
        self.reader = LiveReader(kafka.bootstrap, PARTITIONS)
        self.watch = Watch(self.crew, self.lanes)

    @property
    def kafka_proxy(self) -> Proxy:
        """What stands between the workers and the only broker."""
        (proxy,) = self.servers.kafka_proxies
        return proxy

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for mark in self._marks:
            mark.cancel()
        if self.redis is not self.servers.redis:
            self.redis.close()
        endings = (self.watch.stop, self.crew.close, self.load.stop, self.reader.stop, self.servers.mend)
        await asyncio.gather(*self._marks, return_exceptions=True)
        for end in endings:
            # What went wrong is told by whoever waited for it; here all must end, one way or another.
            await asyncio.gather(end(), return_exceptions=True)

    async def begin(self, workers: int) -> list[Hand]:
        """Topics made anew, an empty Redis, workers at work under load."""
        self.servers.redis.flush()
        await make_topics_anew(self.servers.kafka.bootstrap, PARTITIONS, replicas=self.servers.replicas)
        await activate(self.site, MODEL, "chaos", self.clock.now_ms())
        await self.reader.start()
        hands = await self.crew.started(workers)
        self.load.start()
        self.watch.start()
        await self.until(self._is_warm, "all lanes are at work")
        return hands

    def move_redis(self, redis: RedisServer) -> None:
        """From now on the lanes' keys are in this one, which ends with the run."""
        self.redis = redis
        self.site.redis = self.lanes.redis = redis.url
        for hand in self.crew.hands:
            hand.redis.upstream = redis.port

    async def end(self, within_s: float = CAUGHT_UP_S) -> None:
        """The load ends, the lanes catch up, the workers stop, the reader has seen all."""
        await asyncio.gather(*self._marks)
        await self.load.stop()
        if not self.is_halted:
            async with self.site.reader() as reader:
                await self.until(lambda: self.site.is_caught_up(reader), "all is applied and published", within_s)
        await self.watch.look()
        await self.watch.stop()
        codes = await self.crew.stop()
        if any(codes):
            self.complaints.append(f"workers that were told to stop ended with {codes}")
        await self.reader.read_to((await self.site.records(*OUTPUTS))[1])

    async def mark(
        self, figure: str, partitions: Iterable[int] = range(PARTITIONS), *, by_another: bool = False
    ) -> None:
        """From now until all these lanes are at work again: a recovery.

        `by_another`: when another has taken them over. Then this is called just before the one is hindered.
        """
        lanes = await self.lanes.read()
        since = Since({partition: lanes[partition] for partition in partitions}, by_another)
        self._marks.append(asyncio.create_task(self._recover(figure, since, self.clock.monotonic_s())))

    async def recovered(self) -> None:
        """Returns once everything that was marked has come back. Raises TimeoutError."""
        await asyncio.gather(*self._marks)

    async def spend(self, seconds: float) -> None:
        """Let time pass, where the fault is that something lasts."""
        passed = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, passed.set)
        await passed.wait()

    async def aborted(self) -> int:
        """How many records of the outputs are in Kafka, and hidden from a reader of what is committed."""
        return await count_hidden(self.site)

    async def until(self, condition: Callable[[], Awaitable[bool]], what: str, timeout_s: float = 30.0) -> None:
        """Returns as soon as the condition holds. Raises ServerFailed with the logs of the workers."""
        try:
            await eventually(condition, timeout_s=timeout_s, what=what)
        except ServerFailed as failure:
            raise ServerFailed(f"{failure}\n{self.tails()}") from None

    async def until_said(self, hand: Hand, event: str, times: int = 1, timeout_s: float = 30.0) -> None:
        """Returns once this worker has logged the event so often."""

        async def is_said() -> bool:
            return len(hand.said(event)) >= times

        await self.until(is_said, f"{hand.name} says {event}", timeout_s)

    async def until_held(self, partitions: Iterable[int], *others: Hand, timeout_s: float = RECOVERED_S) -> None:
        """Returns once these partitions are held by the others."""
        wanted = set(partitions)

        async def are_held() -> bool:
            return wanted <= set().union(*(hand.lanes for hand in others))

        await self.until(are_held, f"{sorted(wanted)} are held by others", timeout_s)

    def tails(self) -> str:
        """The ends of all logs."""
        return "\n".join(f"--- {hand.name}\n{hand.worker.log_tail()}" for hand in self.crew.hands)

    async def _recover(self, figure: str, since: Since, started_s: float) -> None:
        await self.lanes.at_work(since, RECOVERED_S)
        self.figures[figure].append(self.clock.monotonic_s() - started_s)

    async def _is_warm(self) -> bool:
        lanes = await self.lanes.look()
        applied = [sum(lane.offsets.get(topic, 0) for topic in INPUT_NAMES[:4]) for lane in lanes]
        return len(self.reader.records) >= WARM_CHANGES and all(applied)
