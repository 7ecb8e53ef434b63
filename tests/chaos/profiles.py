"""Which faults belong to which profile, and one run after the other on servers that they share."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

from tests.chaos.faults import Fault
from tests.chaos.faults.clocks import ClockAhead, ClockBehind
from tests.chaos.faults.cluster import ControllerKilled, LeaderKilled, LeaderStopped
from tests.chaos.faults.inputs import ForeignPartitioner, KillerRecord, OneLead, TimerHerd, TopicsIdle
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
from tests.chaos.faults.redis_limits import RedisDiskFull, RedisOutOfMemory, ReplicaPromoted
from tests.chaos.faults.servers import BrokerDiskFull, BrokerKilled, BrokerRestarted, RedisKilled, RedisOlder
from tests.chaos.faults.topics import PartitionsAdded, RetentionPassed, TopicMadeAnew
from tests.chaos.faults.workers import (
    Killed,
    KilledBeforePublishing,
    KilledInTransaction,
    LateAcquirer,
    RebalanceStorm,
    RollingRestart,
    Suspended,
)
from tests.chaos.run import Outcome, log_folder, run_fault
from tests.chaos.servers import servers

SHORT: tuple[type[Fault], ...] = (
    Killed,
    KilledBeforePublishing,
    KilledInTransaction,
    Suspended,
    LateAcquirer,
    RollingRestart,
    RebalanceStorm,
    RedisKilled,
    RedisOlder,
    CommitRepliesDropped,
    TransactionRepliesDropped,
    BrokerKilled,
)
"""Those that have broken the most, or could."""

FULL: tuple[type[Fault], ...] = (
    *SHORT,
    BrokerRestarted,
    BrokerDiskFull,
    BrokerUnreachable,
    BrokerOneWay,
    BrokerSlow,
    RedisUnreachable,
    RedisOneWay,
    RedisSlow,
    RedisOutOfMemory,
    RedisDiskFull,
    ReplicaPromoted,
    RetentionPassed,
    TopicMadeAnew,
    PartitionsAdded,
    ForeignPartitioner,
    KillerRecord,
    TopicsIdle,
    TimerHerd,
    OneLead,
    ClockAhead,
    ClockBehind,
    LeaderKilled,
    LeaderStopped,
    ControllerKilled,
)
"""Those with three brokers come last, since they need servers of their own."""


def by_name(names: Iterable[str]) -> list[type[Fault]]:
    """The faults of these names. Raises SystemExit with all names when one is unknown."""
    known = {fault.name: fault for fault in FULL}
    if unknown := sorted(set(names) - known.keys()):
        raise SystemExit(f"no fault is called {', '.join(unknown)}: there are {', '.join(known)}")
    return [known[name] for name in names]


async def run_profile(
    faults: Sequence[type[Fault]], seeds: Iterable[int], tell: Callable[[Outcome], None], logs: Path | None = None
) -> list[Outcome]:
    """Every fault with every seed, one after the other; `tell` hears of each at once.

    Logs of workers go to a folder of each run in `logs`, if given.
    """
    outcomes = []
    ordered = sorted(((fault, seed) for seed in seeds for fault in faults), key=lambda pair: pair[0].brokers)
    with ExitStack() as folders:
        root = logs or Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="leadline-chaos-")))
        for brokers, group in groupby(ordered, key=lambda pair: pair[0].brokers):
            async with servers(brokers) as shared:
                for fault, seed in group:
                    folder = log_folder(root / f"{fault.name}-{seed}")
                    outcomes.append(await run_fault(fault, shared, seed, folder))
                    tell(outcomes[-1])
    return outcomes
