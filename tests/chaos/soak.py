"""`make soak`: twenty minutes at half load with faults at random; nothing lost, and memory flat.

How much the workers of this run can take is measured first, with a backlog; half of that is the load. Two workers
are there from the first minute to the last, so that their memory can be told; others come, are killed, and go.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

import click

from tests.chaos.check import Verdict, check
from tests.chaos.crew import Hand
from tests.chaos.faults import Fault
from tests.chaos.faults.fault import Evidence
from tests.chaos.faults.inputs import send
from tests.chaos.faults.network import (
    BrokerOneWay,
    BrokerSlow,
    BrokerUnreachable,
    CommitRepliesDropped,
    RedisOneWay,
    RedisSlow,
    RedisUnreachable,
    TransactionRepliesDropped,
)
from tests.chaos.faults.redis_limits import RedisDiskFull, RedisOutOfMemory
from tests.chaos.faults.servers import BrokerKilled, BrokerRestarted, RedisKilled, RedisOlder
from tests.chaos.faults.workers import KILLED, LateAcquirer, RebalanceStorm, Suspended
from tests.chaos.load import make_events
from tests.chaos.memory import Growth, MemoryWatch, grown, growths
from tests.chaos.run import judge_times, log_folder
from tests.chaos.servers import servers
from tests.chaos.stage import Stage
from tests.support.servers import missing_servers


class PassingKilled(Fault):
    """SIGKILL of a worker that has come a moment ago, amid the load."""

    name = "passing-worker-killed"

    async def inject(self, stage: Stage) -> None:
        """It comes, has lanes, and is killed."""
        self.others = tuple(stage.crew.alive)
        (self.victim,) = await stage.crew.started(1)
        self.lost = self.victim.lanes
        await stage.mark(KILLED, self.lost, by_another=True)
        await self.victim.kill()

    async def heal(self, stage: Stage) -> None:
        """The others hold what it held."""
        await stage.until_held(self.lost, *self.others)

    def evidence(self, stage: Stage) -> Evidence:
        """The kernel's word, and whose the lanes were."""
        return {"killed by signal 9": self.victim.worker.exit_code == -9, "lanes taken over": len(self.lost)}


FAULTS: tuple[type[Fault], ...] = (
    PassingKilled,
    RebalanceStorm,
    Suspended,
    LateAcquirer,
    CommitRepliesDropped,
    TransactionRepliesDropped,
    RedisKilled,
    RedisOlder,
    RedisOutOfMemory,
    RedisDiskFull,
    RedisUnreachable,
    RedisOneWay,
    RedisSlow,
    BrokerKilled,
    BrokerRestarted,
    BrokerUnreachable,
    BrokerOneWay,
    BrokerSlow,
)
"""All that leave the two workers alive, and the topics as they are."""

WORKERS = 2

MINUTES = 20.0

BACKLOG = 30_000
"""For the measurement: some seconds of work."""

LEADS = 2_000
"""Each does as much in a second as in the runs of single faults: bands are crossed all the time."""

PER_SECOND_MAX = 1_500
"""The checker folds two million events in memory; more would be beside the point."""

PAUSE_S = (3.0, 15.0)
"""Between the end of a fault and the next, at random: memory, and the lanes, are to come to rest too."""

CAUGHT_UP_S = 180.0
"""For what the last fault has left to do, under the checker's eyes."""


@dataclass
class Soak:
    """What came out. `bitten` is the evidence by fault, once for each time."""

    verdict: Verdict = field(default_factory=Verdict)
    per_second_able: float = 0.0
    per_second: int = 0
    minutes: float = 0.0
    bitten: dict[str, list[dict[str, int]]] = field(default_factory=lambda: defaultdict(list))
    figures: dict[str, list[float]] = field(default_factory=dict)
    memory: Sequence[Growth] = ()
    crashes: int = 0


@click.command()
@click.option("--minutes", default=MINUTES, help="How long, without the check at the end.")
@click.option("--seed", default=1, help="Of the load, and of which fault comes when.")
@click.option("--logs", type=click.Path(path_type=Path), help="Keep the workers' logs there.")
def main(minutes: float, seed: int, logs: Path | None) -> None:
    """Break something every few seconds, for a long time."""
    if missing := missing_servers():
        click.echo("\n".join(["A soak needs real servers.", *missing]), err=True)
        sys.exit(3)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is away is what is wanted
    with TemporaryDirectory(prefix="leadline-soak-") as folder:
        soak = asyncio.run(run(minutes, seed, log_folder(logs or Path(folder))))
    click.echo(told(soak))
    sys.exit(1 if soak.verdict.problems else 0)


async def run(minutes: float, seed: int, logs: Path) -> Soak:
    """Everything, from new topics to the verdict."""
    soak = Soak(minutes=minutes)
    async with servers(1) as shared, Stage(shared, seed, logs) as stage:
        stage.load.leads = LEADS
        await stage.begin(WORKERS)
        lasting = stage.crew.alive
        soak.per_second_able = await able(stage)
        soak.per_second = stage.load.per_second = min(int(soak.per_second_able / 2), PER_SECOND_MAX)
        memory = MemoryWatch(stage.crew, shared.redis, stage.clock)
        memory.start()
        try:
            await break_things(stage, soak, lasting)
        finally:
            await memory.stop()
        await stage.end(CAUGHT_UP_S)
        soak.verdict, soak.memory = await check(stage), growths(memory.samples)
        soak.figures, soak.crashes = dict(stage.figures), stage.crew.crashes
    soak.verdict.complain(*grown(soak.memory))
    judge_times(soak.verdict, soak.figures, os.getloadavg()[0])
    vacuous = [name for name, times in soak.bitten.items() if any(min(one.values()) <= 0 for one in times)]
    soak.verdict.complain(*(f"{name} has left no evidence" for name in vacuous))
    return soak


async def able(stage: Stage) -> float:
    """Events a second that the workers take when there is always one more."""
    for hand in stage.crew.alive:
        await hand.suspend()
    backlog = islice(make_events(Random(f"backlog {stage.seed}"), stage.clock, LEADS), BACKLOG)
    await asyncio.to_thread(send, stage, backlog)
    began_s, began_at = stage.clock.monotonic_s(), await applied(stage)
    for hand in stage.crew.alive:
        hand.resume()

    async def is_done() -> bool:
        return await applied(stage) >= began_at + BACKLOG

    await stage.until(is_done, "the backlog is applied", timeout_s=120)
    return (await applied(stage) - began_at) / (stage.clock.monotonic_s() - began_s)


async def applied(stage: Stage) -> int:
    """Offsets behind all lanes."""
    return sum(sum(lane.offsets.values()) for lane in await stage.lanes.read())


async def break_things(stage: Stage, soak: Soak, lasting: Sequence[Hand]) -> None:
    """One fault after the other, in an order of the seed's, each as often as the others, until time is up."""
    rng = Random(f"soak {stage.seed}")
    end_s = stage.clock.monotonic_s() + soak.minutes * 60
    order: list[type[Fault]] = []
    while stage.clock.monotonic_s() < end_s:
        order = order or rng.sample(FAULTS, len(FAULTS))
        fault = order.pop()()
        async with asyncio.timeout(fault.limit_s):
            await fault.inject(stage)
            await fault.heal(stage)
            await stage.recovered()
        evidence = {what: int(count) for what, count in fault.evidence(stage).items()}
        soak.bitten[fault.name].append(evidence)
        click.echo(
            f"{(soak.minutes * 60 - end_s + stage.clock.monotonic_s()) / 60:5.1f} min  {fault.name}", err=True
        )
        await asyncio.gather(*(hand.stop() for hand in stage.crew.alive if hand not in lasting))
        await stage.spend(rng.uniform(*PAUSE_S))


def told(soak: Soak) -> str:
    """The figures."""
    verdict = soak.verdict
    times_s = [time_s for times in soak.figures.values() for time_s in times]
    lines = [
        f"{soak.minutes:g} minutes at {soak.per_second:,} events a second; the workers were able to take "
        f"{soak.per_second_able:,.0f}",
        f"{sum(map(len, soak.bitten.values()))} faults of {len(soak.bitten)} kinds, each with evidence; "
        f"{soak.crashes} workers ended by themselves",
        f"{verdict.events:,} events: {verdict.lost} lost, {verdict.twice} counted twice",
        f"{verdict.changes:,} changes: {verdict.changes_lost} lost, {verdict.changes_repeated} repeated, "
        f"{verdict.again:,} made again under a higher timeline",
        f"back after a fault: p50 {median(times_s):.1f} s, max {max(times_s):.1f} s"
        if times_s
        else "no recoveries",
        f"longest outbox {verdict.outbox_max:,} entries, largest worker {verdict.resident_max_mib} MiB",
        "memory over the second half:",
        *map(_grown, soak.memory),
        *verdict.remarks,
        *(f"WRONG: {problem}" for problem in verdict.problems),
        "held" if not verdict.problems else "FAILED",
    ]
    return "\n".join(lines)


def _grown(growth: Growth) -> str:
    what = f"  {growth.name:22} {growth.first_mb:7.1f} to {growth.last_mb:7.1f} MB"
    return f"{what}, {growth.slope_mb:+.2f} MB a minute"


if __name__ == "__main__":
    main()
