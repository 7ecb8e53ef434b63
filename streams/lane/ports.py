"""What a lane is given: a source to pull from, a store, a publisher. A lane knows no Kafka and no Redis.

Everything here is a protocol or a plain value, so that the same lane runs on real servers and on doubles.
Errors carry the decision: who is at fault, and so whether to wait, to take over again, or to stop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from schemas.published import Published

UNREADABLE_HEADERS: Sequence[tuple[str, bytes | None]] = (("", None),)
"""Stands in place of a record's headers, itself and no copy, if the name of one is not UTF-8."""


class Record(Protocol):
    """One Kafka record. aiokafka's `ConsumerRecord` is one as it stands, so nothing is copied."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Pull(NamedTuple):
    """What one pull brought, by topic.

    `records[t]` start where the lane stood in t, in order of offset; `next_offset[t]` is the position after
    them (beyond the last record where transaction markers or compaction left holes), given for every topic
    of the lane; `exhausted` names the topics whose position has reached the last stable offset told by a
    fetch of the last second; `unreadable_s[t]` says for how long a topic has told nothing at all.
    """

    records: Mapping[str, Sequence[Record]]
    next_offset: Mapping[str, int]
    exhausted: frozenset[str]
    unreadable_s: Mapping[str, float]


class Bounds(NamedTuple):
    """The first offset that Kafka still has, and the one after the last."""

    beginning: int
    end: int


class Source(Protocol):
    """The input topics of one partition."""

    partition: int
    topics: tuple[str, ...]

    async def bounds(self) -> Mapping[str, Bounds]:
        """Where each topic's log begins and ends. Raises SourceUnavailable."""

    def seek(self, offsets: Mapping[str, int]) -> None:
        """Stand at these offsets from the next pull on."""

    async def records_at(self, offsets: Mapping[str, int]) -> Mapping[str, Record | None]:
        """The record at this offset of each topic, None where there is none. Moves the position: seek then.

        Raises SourceUnavailable, and PositionLost as a pull does.
        """

    async def pull(self, topics: Sequence[str], max_records: int, timeout_s: float) -> Pull:
        """Records of these topics, as soon as there are any, at most `max_records` of each.

        Waits up to `timeout_s`. Raises PositionLost when Kafka no longer has the position, or when
        the partition is no longer held.
        """


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A record on its way to Kafka. `number` counts the entries of a lane from 1 without a gap."""

    number: int
    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_ms: int | None = None


@dataclass(slots=True)
class Commit:
    """All that one batch changes, written by one script or not at all.

    `ver` is the version that the batch started from; `offsets[topic]` is (from, to): `from` must be what is
    stored. `timers[lead] = None` removes the timer. `meta` holds further fields of the meta hash, absolute.
    `trim` is the number of the last outbox entry known to be in Kafka; what is up to it goes. Of the leads in
    `gone` nothing stays but what this commit writes; `erased` holds, by the hash of an id, until when inputs of it
    are ignored; `replaced` are entries that stand in the outbox already, and say something else from now on.
    `outcomes` are records to be kept: (lead, record).
    """

    commit_id: str
    ver: int
    offsets: Mapping[str, tuple[int, int]]
    states: Mapping[str, bytes] = field(default_factory=dict)
    board: Mapping[str, float] = field(default_factory=dict)
    timers: Mapping[str, int | None] = field(default_factory=dict)
    history: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    outbox: Sequence[OutboxEntry] = ()
    meta: Mapping[str, str] = field(default_factory=dict)
    trim: int = 0
    journal: bytes | None = None
    profiles: Mapping[str, bytes] = field(default_factory=dict)
    gone: Sequence[str] = ()
    erased: Mapping[str, int] = field(default_factory=dict)
    replaced: Sequence[OutboxEntry] = ()
    outcomes: Sequence[tuple[str, bytes]] = ()


class Standing(NamedTuple):
    """Where the lane stands after a commit, or when asked: Redis's time, the next timer, the outbox's length."""

    ver: int
    time_ms: int
    next_timer_ms: int | None
    outbox_length: int


@dataclass(frozen=True, slots=True)
class Acquired:
    """A lane taken over: its meta hash as it stands, and where it stands."""

    meta: Mapping[str, str]
    standing: Standing


class LaneStore(Protocol):
    """One partition's keys in Redis. One owner at a time, by token."""

    async def acquire(self) -> Acquired:
        """Become the owner: whoever was it before is fenced from now on. Raises StoreRefused, Halted."""

    async def load(self, lead_ids: Sequence[str]) -> Sequence[bytes | None]:
        """The states of these leads, None for an unknown one."""

    async def load_profiles(self, lead_ids: Sequence[str]) -> Sequence[bytes | None]:
        """The profiles of these leads, None where nothing is known."""

    async def load_erased(self) -> Mapping[str, int]:
        """All erasures of the lane: hash of the id, and the instant in ms up to which its inputs are ignored."""

    async def due(self, until_ms: int, limit: int) -> Sequence[tuple[str, int]]:
        """(lead, instant) of the timers at or before `until_ms`, earliest first (ties: by lead)."""

    async def commit(self, commit: Commit) -> Standing:
        """Write all of it, or nothing. A repeat of the last commit id answers as before and writes nothing."""

    async def standing(self) -> Standing:
        """Where the lane stands now. Raises Fenced when another owner has taken it."""

    async def outbox(self, after: int, limit: int) -> Sequence[OutboxEntry]:
        """Entries with a number above `after`, in order."""

    async def board_top(self, start: int, limit: int) -> Sequence[tuple[str, float]]:
        """(lead, upper bound of its score), highest first, from rank `start`."""

    async def board_scan(self, cursor: int) -> tuple[int, Sequence[str]]:
        """Every lead of the lane, page by page; starts and ends with cursor 0."""


class Publisher(Protocol):
    """Takes the outbox entries of one lane to Kafka, in order, from one take-over to the next.

    With `keeps_marks` each entry is visible exactly once, and Kafka knows how far the outbox has been published.
    Without, an entry may be repeated, and nobody knows.
    """

    keeps_marks: bool

    async def last(self) -> Published | None:
        """How far the lane has been published by whoever did it, None for never; stops nobody.

        Raises SourceUnavailable, and Halted where it cannot be read.
        """

    async def take_over(self) -> Published | None:
        """As `last`, once whoever published for the lane before can publish no more."""

    async def publish(self, entries: Sequence[OutboxEntry], mark: Published) -> None:
        """Returns when all of them, with this mark, are visible; tries again by itself while Kafka is away.

        Raises Fenced when another one publishes for this lane, and Halted for an entry that Kafka never takes.
        """

    async def stop(self) -> None:
        """End; what is not published by then is published by whoever takes over."""


OpenPublisher = Callable[[int], Publisher]
"""Gives a publisher for a partition, for one take-over."""


class Halted(Exception):
    """The operator decides: the text says what is, in numbers, and the command that goes on."""


class StoreUnavailable(Exception):
    """Redis is away or full: wait, and try again with the same commit id."""


class StoreRefused(Exception):
    """Redis is not what this lane may write to (layout, environment, format): the operator decides."""


class Fenced(Exception):
    """Another owner has taken the lane: stop."""


class Rewound(Exception):
    """Redis does not stand where the lane left it: drop what is in memory and take over again."""


class SourceUnavailable(Exception):
    """Kafka is away: wait, and try again."""


class PositionLost(Exception):
    """The position is not in the log, or the partition is not held: take over again, which decides."""
