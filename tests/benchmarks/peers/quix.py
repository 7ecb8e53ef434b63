"""The peer in Quix Streams: its own JSON, its RocksDB state, its changelog topic, time-aligned topics.

    python -m tests.benchmarks.peers.quix BOOTSTRAP GROUP DIRECTORY

runs in an environment of its own (shelf.py), which has nothing of ours. Left as it comes but for the second
between two commits.
"""

from __future__ import annotations

import sys
from typing import Any

from quixstreams import Application, State, message_context

from tests.benchmarks.peers.rule import CHANGES, PLACES, Teller, apply

COMMIT_S = 1.0
"""5 s by default; a second is what is compared."""


def main(bootstrap: str, group: str, directory: str) -> None:
    """Score until SIGTERM."""
    app = Application(
        broker_address=bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        state_dir=directory,
        commit_interval=COMMIT_S,
        processing_guarantee="at-least-once",
        loglevel="WARNING",
    )
    teller = Teller()

    def scored(event: dict[str, Any], state: State) -> dict[str, Any] | None:
        lead, change = apply(state.get("lead"), message_context().topic, event)
        if lead is not None:
            state.set("lead", lead)
        teller.note(change)
        return change

    first, *others = [app.dataframe(app.topic(name, value_deserializer="json")) for name in PLACES]
    for other in others:
        first = first.concat(other)
    changes = first.apply(scored, stateful=True).filter(lambda change: change is not None)
    changes.to_topic(app.topic(CHANGES))
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
