"""A Redis server in memory: what it keeps, its clock, and faults at will."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

from streams.clock import Clock
from streams.lane.ports import Commit, OutboxEntry, Standing, StoreUnavailable
from streams.store.commit import HISTORY_LENGTH, meta_after


@dataclass(slots=True)
class LaneKeys:
    """The keys of one partition."""

    meta: dict[str, str] = field(default_factory=dict)
    states: dict[str, bytes] = field(default_factory=dict)
    board: dict[str, float] = field(default_factory=dict)
    timers: dict[str, int] = field(default_factory=dict)
    history: dict[str, list[bytes]] = field(default_factory=dict)
    outbox: dict[int, OutboxEntry] = field(default_factory=dict)
    journal: list[bytes] = field(default_factory=list)
    profiles: dict[str, bytes] = field(default_factory=dict)
    outcomes: list[tuple[str, bytes]] = field(default_factory=list)
    erased: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class MemoryRedis:
    """The server: what is kept, its clock, and the faults that a test wants. `commits` counts those written."""

    clock: Clock
    fault: Literal["away", "full"] | None = None
    commits: int = 0
    _lanes: dict[int, LaneKeys] = field(default_factory=dict)
    _drafts: dict[int, LaneKeys] = field(default_factory=dict)
    _loses_next_reply: bool = False
    _owners: count[int] = field(default_factory=lambda: count(1))

    def lane(self, partition: int) -> LaneKeys:
        """The keys of a partition."""
        return self._lanes.setdefault(partition, LaneKeys())

    def draft(self, partition: int) -> LaneKeys:
        """What a rebuild computes of a partition."""
        return self._drafts.setdefault(partition, LaneKeys())

    def lose_next_reply(self) -> None:
        """The next commit that is sent is carried out, and then raises StoreUnavailable."""
        self._loses_next_reply = True

    def snapshot(self) -> dict[int, LaneKeys]:
        """A copy of everything as it is now."""
        return copy.deepcopy(self._lanes)

    def restore(self, older: dict[int, LaneKeys]) -> None:
        """Be again as at that snapshot."""
        self._lanes = copy.deepcopy(older)

    def serve(self, *, writes: bool = False) -> None:
        """Called first in every command. Raises StoreUnavailable if the fault forbids it."""
        if self.fault == "away" or (self.fault == "full" and writes):
            raise StoreUnavailable(f"the Redis in memory is {self.fault}")

    def answer(self, standing: Standing) -> Standing:
        """The answer to a commit, unless it is to be lost."""
        if self._loses_next_reply:
            self._loses_next_reply = False
            raise StoreUnavailable("the Redis in memory lost the reply")
        return standing

    def new_token(self) -> str:
        """A token that no owner has had, also none before a restore."""
        return f"owner-{next(self._owners)}"


def write(keys: LaneKeys, commit: Commit) -> None:
    """As the second half of commit.lua."""
    keys.meta.update(meta_after(commit))
    for lead in commit.gone:
        for kept in (keys.states, keys.profiles, keys.board, keys.timers, keys.history):
            kept.pop(lead, None)
    keys.outcomes = [told for told in keys.outcomes if told[0] not in commit.gone]
    keys.outcomes.extend(commit.outcomes)
    keys.erased.update(commit.erased)
    keys.profiles.update(commit.profiles)
    keys.states.update(commit.states)
    keys.board.update(commit.board)
    for lead, at_ms in commit.timers.items():
        if at_ms is None:
            keys.timers.pop(lead, None)
        else:
            keys.timers[lead] = at_ms
    for lead, changes in commit.history.items():
        kept = [*reversed(changes), *keys.history.get(lead, [])]
        keys.history[lead] = kept[:HISTORY_LENGTH]
    keys.outbox.update((entry.number, entry) for entry in (*commit.outbox, *commit.replaced))
    for number in [number for number in keys.outbox if number <= commit.trim]:
        del keys.outbox[number]
    if commit.journal is not None:
        keys.journal.append(commit.journal)
