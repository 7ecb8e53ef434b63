"""The demo from loading the backlog to the summary: what comes when, what is waited for, and how it ends."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from streams.clock import Clock
from streams.sandbox.housekeeping import LOOK_S, Housekeeping
from streams.sandbox.marketing import Marketing
from streams.sandbox.ports import Clients, RunningWorker
from streams.sandbox.show import RANKED, Show
from streams.sandbox.simulate import Sender, Sent, Traffic, backlog, live
from streams.sandbox.tally import Summary, Tally
from streams.sandbox.together import alongside, unless

LOAD_LINGER_MS = 20
"""The backlog fills its batches by itself."""

LIVE_LINGER_MS = 200
"""The embedded broker searches its batches one after the other, so live records go out together."""

RANKING_S = 30.0
"""A ranking twice a minute: the changes between two of them fit on one screen."""

QUIET_S = 1.0
"""After the last event is scored, no change for a second means that there is none to come."""

FINISH_S = 60.0
"""At the end the worker has this long for what was sent; in live traffic it needs milliseconds."""

STOPPED_S = 3.0
"""The same after Ctrl-C, where somebody waits for the prompt: the summary then counts what was scored."""


@dataclass(slots=True)
class Scenes:
    """One run of the demo. `stopped` is set by Ctrl-C."""

    clients: Clients
    marketing: Marketing
    traffic: Traffic
    house: Housekeeping
    show: Show
    clock: Clock
    stopped: asyncio.Event
    tally: Tally = field(default_factory=Tally)
    sent: Sent = field(default_factory=Sent)
    catch_up_s: float = 0.0

    async def load(self) -> None:
        """Put the backlog into Kafka, before there is a worker."""
        async with self.clients.producer(LOAD_LINGER_MS) as producer:
            sender = Sender(producer, self.show.loading, self.sent)
            await unless(self.stopped, sender.load(backlog(self.marketing, self.traffic)))
        self.show.loaded(self.sent.total)

    async def play(self, worker: RunningWorker) -> Summary:
        """Catch up, go live, come to an end; the changes are followed and the servers looked after meanwhile."""
        return await alongside(self._play(worker), self._follow(), self.house.run(worker, self._progress))

    async def _play(self, worker: RunningWorker) -> Summary:
        await unless(self.stopped, self._catch_up())
        if self.traffic.events is None or self.sent.total < self.traffic.events:
            await unless(self.stopped, self._live())
        self.show.stopping()
        await self._finish()
        summary = await self._summary(worker)
        self.show.summary(summary)
        return summary

    async def _catch_up(self) -> None:
        await self.house.scored_at_least(min(1, self.sent.total))
        began_s = self.clock.monotonic_s() - LOOK_S  # the first commit was seen up to one look later
        await self.house.scored_at_least(self.sent.total)
        self.catch_up_s = self.clock.monotonic_s() - began_s
        await self._quiet()
        self.show.caught_up(self.sent.total, self.catch_up_s, self.tally, self.marketing.leads)
        await self._rank()

    async def _live(self) -> None:
        self.show.going_live(self.traffic.rate)
        records = live(self.marketing, self.traffic, self.sent, self.clock)
        async with self.clients.producer(LIVE_LINGER_MS) as producer:
            life = Sender(producer, sent=self.sent).follow_life(records, self.clock, asyncio.sleep)
            try:
                await alongside(life, self._rank_now_and_then())
            finally:
                await producer.flush()

    async def _finish(self) -> None:
        """Wait, with a bound, until everything sent is scored and the changes have come."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STOPPED_S if self.stopped.is_set() else FINISH_S):
                await self.house.scored_at_least(self.sent.total)
                await self._quiet()

    async def _quiet(self) -> None:
        seen = -1
        while seen != self.tally.changes:
            seen = self.tally.changes
            await asyncio.sleep(QUIET_S)

    async def _summary(self, worker: RunningWorker) -> Summary:
        counts = await self.clients.worker_counts(worker.http)
        return Summary(
            events=self.house.scored,
            backlog_events=self.sent.backlog,
            live_events=self.sent.live,
            leads=self.marketing.leads,
            by_band=self.tally.by_band(self.marketing.leads),
            changes_up=self.tally.up,
            changes_down=self.tally.down,
            alerts=self.tally.alerts,
            surges=self.tally.surges,
            flags_raised=self.tally.flags_raised,
            rejected=counts.rejected,
            duplicates=counts.duplicates,
            machine_opens=counts.machine,
            catch_up_s=round(self.catch_up_s, 3),
            events_per_s=round(self.sent.backlog / self.catch_up_s, 1) if self.catch_up_s else 0.0,
        )

    async def _follow(self) -> None:
        async for partition, offset, change in self.clients.changes():
            self.house.has_read(partition, offset)
            self.tally.add(change)
            self.show.change(change)

    def _progress(self) -> None:
        if not self.stopped.is_set():
            self.show.progress(self.house.scored, self.sent, self.tally)

    async def _rank(self) -> None:
        self.show.ranking(await self.clients.ranking(RANKED), self.marketing.leads)

    async def _rank_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(RANKING_S)
            await self._rank()
