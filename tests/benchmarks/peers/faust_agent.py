"""The peer in Faust, as its first page shows it: an agent, and each event's lead saved in Redis by one call.

    python -m tests.benchmarks.peers.faust_agent BOOTSTRAP GROUP DIRECTORY REDIS_URL

The leads stay in memory, so that nothing is read back: a careful agent would have to ask Redis after each
rebalance, and a simpler one asks for each event.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterable
from typing import Any

import faust
from redis.asyncio import Redis

from tests.benchmarks.peers.rule import CHANGES, PLACES, State, Teller, apply


def main(bootstrap: str, group: str, directory: str, redis_url: str) -> None:
    """Score until SIGTERM."""
    app = faust.App(
        group,
        broker=f"kafka://{bootstrap}",
        datadir=directory,
        consumer_auto_offset_reset="earliest",
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_wait_empty=False,
        web_enabled=False,
    )
    changes = app.topic(CHANGES, value_serializer="json")
    leads: dict[str, State] = {}
    teller = Teller()

    @app.agent(app.topic(*PLACES, value_serializer="json"))
    async def score(events: Any) -> AsyncIterable[None]:
        redis = Redis.from_url(redis_url)
        async for event in events.events():
            name = event.key.decode()
            lead, change = apply(leads.get(name), event.message.topic, event.value)
            if lead is not None:
                leads[name] = lead
                await redis.set(f"peer:{name}", json.dumps(lead))
            if change is not None:
                await changes.send(key=event.key, value=change)
            teller.note(change)
            yield

    faust.Worker(app, loglevel="WARN", redirect_stdouts=False, quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main(*sys.argv[1:])
