"""Which history of a lane its changes belong to, and from which outbox entry on they are to be published.

Kafka knows how far the outbox has been published (`leadline.published`); Redis knows the outbox. Usually the mark
lies within the outbox, and publishing goes on behind it. If Kafka has more than Redis knows of, Redis has lost
commits that it had acknowledged. The lane makes what is lost again, from the same inputs, but perhaps in another
order; so it goes on under the next timeline, and consumers take what comes as the newer truth. An entry that waits
from an older timeline is published under the new one.

The numbers alone do not tell. If Redis has lost a take-over too, the owner before it finds its own token there, and
everything as it was when it stood still: it goes on from there, other entries get the numbers of those that were
lost, and soon there are more of them than were published. So a mark names the take-over that published (`tenure`),
and a lane notes in Redis, before it publishes anything, its own and the one whose mark it has found (`publishers`).
A mark of any other is of a take-over that Redis has lost.

`timeline_base` is the number of the last entry that the timeline does not publish: it was published before, or is
made again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import msgspec

from schemas.codec import decode_object
from schemas.published import Published
from schemas.topics import CHANGES
from streams.lane.ports import OutboxEntry
from streams.lane.position import Position

TIMELINE = "timeline"

_encode_json = msgspec.json.Encoder().encode


class Outset(NamedTuple):
    """Where a take-over begins to publish: after this entry, under this timeline.

    `corrections` entries were published already, and Redis has lost them. `before` is the take-over that has
    published last, as far as the mark says.
    """

    published: int
    timeline: int
    corrections: int
    before: str = ""


def outset(position: Position, told: Published | None, left: int) -> Outset:
    """What the mark and the lane's position say together; `left` is the last entry that has left the outbox.

    The mark is one of this lane's own: see gaps.py for the others.
    """
    if told is None:
        return Outset(position.timeline_base, position.timeline, 0)
    if told.timeline < position.timeline or _tells_no_entry(position, told):
        return Outset(position.timeline_base, position.timeline, 0, told.tenure)
    if told.timeline > position.timeline or told.tenure not in ("", *position.publishers):
        # Redis is older than the timeline or the take-over: of what waits, nobody knows whether it was published.
        return Outset(left, told.timeline + 1, max(0, told.outbox - left), told.tenure)
    if told.outbox > position.outbox:
        return Outset(position.outbox, told.timeline + 1, told.outbox - position.outbox, told.tenure)
    return Outset(told.outbox, position.timeline, 0, told.tenure)


def _tells_no_entry(position: Position, told: Published) -> bool:
    """Told by the outputs alone, without a mark."""
    return not told.lineage and told.timeline == position.timeline


def restamped(entry: OutboxEntry, timeline: int) -> OutboxEntry:
    """The entry as the timeline publishes it: one that waits from an older timeline says the newer one."""
    headers = dict(entry.headers)
    if int(headers.get(TIMELINE, timeline)) == timeline:
        return entry
    headers[TIMELINE] = str(timeline).encode()
    value = entry.value
    if entry.topic == CHANGES.name and value is not None:
        value = _encode_json({**decode_object(value), TIMELINE: timeline})
    return replace(entry, headers=tuple(headers.items()), value=value)
