"""Where a take-over begins to publish: the mark in Kafka and the outbox in Redis say it together."""

from __future__ import annotations

import json

import pytest

from schemas.published import Published
from schemas.topics import CHANGES, REJECTED, REKEYED
from streams.lane.outputs import tombstone
from streams.lane.ports import OutboxEntry
from streams.lane.position import Position
from streams.lane.timeline import Outset, outset, restamped


def position(outbox: int, timeline: int = 1, base: int = 0) -> Position:
    """A lane that has written so many entries."""
    return Position.read({"outbox": str(outbox), "timeline": str(timeline), "timeline_base": str(base)})


def mark(outbox: int, timeline: int = 1, lineage: str = "ours") -> Published:
    """How far Kafka says that the outbox is published."""
    return Published(timeline=timeline, outbox=outbox, environment="test", lineage=lineage)


@pytest.mark.parametrize(
    ("stands", "told", "left", "expected"),
    [
        pytest.param(position(0), None, 0, Outset(0, 1, 0), id="a new lane"),
        pytest.param(position(3), None, 0, Outset(0, 1, 0), id="nothing published yet"),
        pytest.param(position(9), mark(9), 9, Outset(9, 1, 0), id="all published"),
        pytest.param(position(9), mark(7), 5, Outset(7, 1, 0), id="some wait, some are not trimmed yet"),
        pytest.param(position(6), mark(9), 5, Outset(6, 2, 3), id="Redis has lost three that were published"),
        pytest.param(
            position(6, 2, 6), mark(9), 6, Outset(6, 2, 0), id="the new timeline has published nothing yet"
        ),
        pytest.param(position(8, 2, 6), mark(7, 2), 6, Outset(7, 2, 0), id="the new timeline is under way"),
        pytest.param(position(8), mark(7, 2), 6, Outset(6, 3, 1), id="Redis is older than the last timeline"),
        pytest.param(position(8), mark(3, 2), 6, Outset(6, 3, 0), id="the same, with more than was published"),
        pytest.param(position(0, 2), mark(0, 1, ""), 0, Outset(0, 2, 0), id="accepted after the outputs had told"),
        pytest.param(position(3), mark(0, 1, ""), 0, Outset(0, 1, 0), id="outputs without a mark, all still waits"),
        pytest.param(position(3), mark(0, 4, ""), 0, Outset(0, 5, 0), id="outputs of a later timeline, no mark"),
    ],
)
def test_publishing_begins_behind_what_is_known_to_be_published(
    stands: Position, told: Published | None, left: int, expected: Outset
) -> None:
    """After which entry, under which timeline, and how many entries are made again."""
    assert outset(stands, told, left) == expected


def entry(topic: str, timeline: int, value: bytes | None) -> OutboxEntry:
    """An entry as a lane of this timeline wrote it."""
    return OutboxEntry(5, topic, 0, b"L-1", value, (("timeline", b"%d" % timeline), ("seq", b"8"), ("alert", b"1")))


@pytest.mark.parametrize(
    ("publishers", "tenure", "expected"),
    [
        pytest.param(("T2", "T1"), "T2", Outset(15, 1, 0, "T2"), id="the last one to take over has published"),
        pytest.param(("T2", "T1"), "T1", Outset(15, 1, 0, "T1"), id="it has published nothing"),
        pytest.param(("T1", ""), "T2", Outset(11, 2, 4, "T2"), id="Redis has lost the take-over that published"),
        pytest.param(("", ""), "T2", Outset(11, 2, 4, "T2"), id="the same, back to an older version of ours"),
        pytest.param(("T2", "T1"), "", Outset(15, 1, 0), id="an older version of ours has published"),
    ],
)
def test_a_mark_of_a_take_over_that_redis_does_not_know_begins_a_timeline(
    publishers: tuple[str, str], tenure: str, expected: Outset
) -> None:
    """Also where the outbox has more entries than were published: an older owner may have gone on, with others."""
    stands = position(18)
    stands.publishers = publishers
    told = mark(15).model_copy(update={"tenure": tenure})
    assert outset(stands, told, 11) == expected


def test_an_entry_of_this_timeline_stays_as_it_is() -> None:
    """The usual case costs nothing and changes nothing."""
    given = entry(CHANGES.name, 2, b'{"timeline": 2}')
    assert restamped(given, 2) is given


def test_a_change_that_waits_from_an_older_timeline_says_the_newer_one() -> None:
    """In its headers and in its value; all else stays, its change_id above all."""
    given = entry(CHANGES.name, 1, json.dumps({"change_id": "c", "timeline": 1, "score": 71.25}).encode())
    now = restamped(given, 3)
    assert dict(now.headers) == {"timeline": b"3", "seq": b"8", "alert": b"1"}
    assert json.loads(now.value or b"") == {"change_id": "c", "timeline": 3, "score": 71.25}
    assert (now.number, now.topic, now.key) == (given.number, given.topic, given.key)


def test_refusals_tombstones_and_rekeyed_records_say_it_in_their_headers_or_not_at_all() -> None:
    """Their values have no timeline."""
    refusal = restamped(entry(REJECTED.name, 1, b"{}"), 2)
    assert (refusal.value, dict(refusal.headers)["timeline"]) == (b"{}", b"2")
    erased = restamped(tombstone(entry(CHANGES.name, 1, b"{}")), 2)
    assert (erased.value, dict(erased.headers)) == (None, {"timeline": b"2", "seq": b"8"})
    rekeyed = OutboxEntry(6, REKEYED.name, 1, b"L-2", b"{}", (("leadline-origin", b"email.opens/0/1"),))
    assert restamped(rekeyed, 2) is rekeyed
