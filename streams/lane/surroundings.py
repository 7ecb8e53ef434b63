"""What a lane is given besides its source and its store: the same for all lanes of a worker."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from streams.clock import Clock
from streams.lane.ports import OpenPublisher
from streams.lane.turns import Turns
from streams.metrics import Metrics
from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the lanes of a worker share. `trials`: one of them at a time tries records (caution.py).

    `jitter` keeps workers that wait for the same thing from asking at once.
    """

    settings: Settings
    open_publisher: OpenPublisher
    metrics: Metrics
    clock: Clock
    partition_of: Callable[[bytes], int]
    trials: asyncio.Lock = field(default_factory=asyncio.Lock)
    turns: Turns = field(default_factory=Turns)
    jitter: random.Random = field(default_factory=random.SystemRandom)
