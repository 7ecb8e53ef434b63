"""What a lead takes in Redis, by kind of key: how much Redis's memory grows when so many are written.

The states are those of `known`: of leads with 20 events behind them. The growth holds all that Redis adds: its
tables, its entries, what its allocator rounds up to.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean

import redis

from schemas.codec import encode
from schemas.instants import DAY_MS, format_ms
from scoring.document import default_text, read_model
from scoring.offline import FileScorer
from scoring.plan import Plan
from scoring.profile import Profile, encode_profile
from streams.store.keys import Keys
from tests.benchmarks.generator import SIGNUPS, lead_id
from tests.benchmarks.known import Pattern
from tests.support.servers import RedisServer

LEADS = 50_000
CHUNK = 5_000
AT_MS = 1_795_000_000_000

PROFILE = {
    "name": "Ann Example",
    "email": "ann@acme.example",
    "job_title": "VP Sales",
    "company": "Acme",
    "company_size": 200,
    "budget": 20_000,
}

Write = Callable[[redis.client.Pipeline, range], object]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes a lead. `encoded`: of a state as such. Timer, profile and history: for a lead that has one; of the
    history one change, the key with it."""

    encoded: float
    state: float
    board: float
    timer: float
    profile: float
    history: float

    @property
    def lead(self) -> float:
        """What every lead takes: its state and its entry on the board."""
        return self.state + self.board


def sizes(made: list[Pattern]) -> Sizes:
    """Write so many leads into a Redis without a file, one kind of key after the other."""
    keys, profile, change = Keys("ll", 0), _profile(), _change()
    with RedisServer("--appendonly", "no") as server, redis.Redis.from_url(server.url, protocol=2) as connection:

        def grown(write: Write) -> float:
            return _grown(connection, write)

        def states(pipe: redis.client.Pipeline, numbers: range) -> None:
            pipe.mset({keys.leads + lead_id(number): made[number % len(made)].state for number in numbers})

        def board(pipe: redis.client.Pipeline, numbers: range) -> None:
            pipe.zadd(keys.board, {lead_id(number): made[number % len(made)].bound for number in numbers})

        def timers(pipe: redis.client.Pipeline, numbers: range) -> None:
            pipe.zadd(keys.timers, {lead_id(number): AT_MS + number * 1_000 for number in numbers})

        def profiles(pipe: redis.client.Pipeline, numbers: range) -> None:
            pipe.mset({keys.profiles + lead_id(number): profile for number in numbers})

        def histories(pipe: redis.client.Pipeline, numbers: range) -> None:
            for number in numbers:
                pipe.lpush(keys.histories + lead_id(number), change)

        encoded = mean(len(made[number % len(made)].state) for number in range(LEADS))
        return Sizes(encoded, *map(grown, (states, board, timers, profiles, histories)))


def _grown(connection: redis.Redis, write: Write) -> float:
    before = connection.info("memory")["used_memory"]
    for first in range(0, LEADS, CHUNK):
        pipe = connection.pipeline(transaction=False)
        write(pipe, range(first, first + CHUNK))
        pipe.execute()
    return float(connection.info("memory")["used_memory"] - before) / LEADS


def _profile() -> bytes:
    return encode_profile(Profile({name: (AT_MS, value) for name, value in PROFILE.items()}))


def _change() -> bytes:
    """That of a lead that has signed up for two webinars."""
    scorer = FileScorer(Plan(read_model(default_text())))
    for number in (1, 2):
        value = {"id": f"e-{number}", "lead_id": lead_id(0), "occurred_at": format_ms(AT_MS - DAY_MS * number)}
        line = {"topic": SIGNUPS, "timestamp": format_ms(AT_MS), "value": value | {"webinar_id": f"w-{number}"}}
        scorer.feed(number, json.dumps(line).encode())
    (change,) = scorer.changes
    return encode(change)
