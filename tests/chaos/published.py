"""What a reader of one partition of an output topic has seen, and what is wrong with it. Pure.

A lane counts what it publishes: `seq` goes up by one. When Redis has lost acknowledged commits, the lane goes on
from an earlier `seq` under the next `timeline`; what it says then replaces what was said from that `seq` on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from aiokafka import ConsumerRecord


@dataclass(frozen=True)
class Said:
    """One record: its place, what makes it the same thing said again, and its value."""

    timeline: int
    seq: int
    identity: str
    members: dict[str, Any]


@dataclass
class Reading:
    """What was seen in order, and the account of it.

    `stands` is what holds in the end: of each seq the last. `repeated`: said again under the same timeline, which
    must never be; `again`: under a higher one; `taken_back`: said under an earlier timeline, and then no more.
    """

    stands: list[Said] = field(default_factory=list)
    repeated: int = 0
    again: int = 0
    taken_back: int = 0
    timelines: int = 0
    problems: list[str] = field(default_factory=list)


def read_said(records: Iterable[ConsumerRecord]) -> list[Said]:
    """The records of one partition, in order of offset."""
    return [_said(record) for record in records]


def account(said: Iterable[Said]) -> Reading:
    """See Reading."""
    reading = Reading()
    seen: dict[str, int] = {}
    replaced: dict[str, int] = {}
    last: Said | None = None
    for one in said:
        _check_place(reading, last, one)
        if last is None or one.timeline != last.timeline:
            reading.timelines += 1
            kept = [other for other in reading.stands if other.seq < one.seq]
            replaced.update((other.identity, 1) for other in reading.stands[len(kept) :])
            reading.stands = kept
        if one.identity in seen:
            if seen[one.identity] == one.timeline:
                reading.repeated += 1
                reading.problems.append(f"{_place(one)} says {one.identity} once more")
            else:
                reading.again += 1
        seen[one.identity] = one.timeline
        replaced.pop(one.identity, None)
        if last is None or (one.timeline, one.seq) > (last.timeline, last.seq):
            reading.stands.append(one)
            last = one
    reading.taken_back = len(replaced)
    return reading


def _check_place(reading: Reading, last: Said | None, one: Said) -> None:
    if last is None:
        if one.seq != 1:
            reading.problems.append(f"begins with {_place(one)}")
    elif one.timeline == last.timeline and one.seq != last.seq + 1:
        reading.problems.append(f"{_place(one)} follows {_place(last)}")
    elif one.timeline < last.timeline:
        reading.problems.append(f"{_place(one)} comes after {_place(last)}")
    elif one.timeline > last.timeline and one.seq > last.seq + 1:
        reading.problems.append(f"{_place(one)} leaves a gap after {_place(last)}")


def _said(record: ConsumerRecord) -> Said:
    headers = dict(record.headers)
    members = json.loads(record.value or b"{}")
    identity = members.get("change_id") or "/".join(
        str(members.get(name)) for name in ("topic", "partition", "offset")
    )
    return Said(int(headers["timeline"]), int(headers["seq"]), identity, members)


def _place(said: Said) -> str:
    return f"timeline {said.timeline} seq {said.seq}"
