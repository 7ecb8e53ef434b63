"""Topics kept in step: whose turn it is, what is waited for, where the lane stands afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field

from streams.lane.ports import Pull
from streams.lane.steps import Steps

PRESENT_MS = 1_000_000
OPENS, CLICKS = "email.opens", "email.clicks"
TOPICS = (OPENS, CLICKS)


@dataclass
class Given:
    """A record, as far as its turn goes."""

    topic: str
    offset: int
    timestamp: int
    partition: int = 0
    key: bytes | None = b"L"
    value: bytes | None = b"{}"
    headers: list[tuple[str, bytes]] = field(default_factory=list)


def steps(batch_records: int = 100) -> Steps:
    """Two topics, both at offset 0."""
    return Steps(dict.fromkeys(TOPICS, 0), batch_records, topic_wait_s=10)


def pulled(*records: Given, exhausted: tuple[str, ...] = (), after: dict[str, int] | None = None) -> Pull:
    """A pull of these records; positions follow the last of each topic unless given."""
    by_topic: dict[str, list[Given]] = {}
    next_offset = dict.fromkeys(TOPICS, 0)
    for record in records:
        by_topic.setdefault(record.topic, []).append(record)
        next_offset[record.topic] = record.offset + 1
    return Pull(by_topic, next_offset | (after or {}), frozenset(exhausted), {})


def turns(taken: list[tuple[Given, int]]) -> list[tuple[str, int]]:
    """Topic and offset of what was taken, in order."""
    return [(record.topic, record.offset) for record, _ in taken]


def test_records_come_in_the_order_of_their_timestamps_then_of_the_table() -> None:
    """The earlier first, whatever its topic; at the same millisecond the topic that stands first in the table."""
    lane = steps()
    lane.add(pulled(Given(CLICKS, 0, 5), Given(CLICKS, 1, 7), Given(OPENS, 0, 5), exhausted=TOPICS))
    assert turns(lane.take(PRESENT_MS)) == [(OPENS, 0), (CLICKS, 0), (CLICKS, 1)]


def test_a_topic_that_may_have_more_is_waited_for() -> None:
    """Nothing is taken beyond the last record of a topic that is not exhausted."""
    lane = steps()
    lane.add(pulled(Given(CLICKS, 0, 5), exhausted=(CLICKS,)))
    assert lane.take(PRESENT_MS) == []
    lane.add(pulled(Given(OPENS, 0, 4), exhausted=(CLICKS,), after={CLICKS: 1}))
    assert turns(lane.take(PRESENT_MS)) == [(OPENS, 0)]
    lane.add(pulled(exhausted=TOPICS, after={OPENS: 1, CLICKS: 1}))
    assert turns(lane.take(PRESENT_MS)) == [(CLICKS, 0)]


def test_a_topic_that_cannot_be_read_holds_the_others_up_only_so_long() -> None:
    """After the wait the others go on without it; the lane is not exhausted, time does not pass by itself."""
    lane = steps()
    lane.add(pulled(Given(CLICKS, 0, 5), exhausted=(CLICKS,))._replace(unreadable_s={OPENS: 11}))
    assert turns(lane.take(PRESENT_MS)) == [(CLICKS, 0)]
    assert not lane.is_exhausted


def test_a_timestamp_ahead_of_the_present_counts_as_the_present() -> None:
    """A sender's wrong clock moves nothing."""
    lane = steps()
    lane.add(pulled(Given(CLICKS, 0, PRESENT_MS + 99_999), Given(OPENS, 0, 3), exhausted=TOPICS))
    assert [instant for _, instant in lane.take(PRESENT_MS)] == [3, PRESENT_MS]


def test_the_position_passes_what_is_no_record() -> None:
    """Transaction markers after the last record are passed once all before them are taken."""
    lane = steps()
    lane.add(pulled(Given(CLICKS, 0, 5), exhausted=TOPICS, after={CLICKS: 4}))
    lane.take(PRESENT_MS)
    assert lane.next_offset == {OPENS: 0, CLICKS: 4}
    assert lane.is_exhausted


def test_what_is_given_back_comes_again() -> None:
    """In the same order, and the lane stands before it."""
    lane = steps()
    lane.add(pulled(*(Given(CLICKS, offset, offset) for offset in range(4)), exhausted=TOPICS))
    taken = lane.take(PRESENT_MS)
    lane.give_back(taken[1:])
    assert lane.next_offset[CLICKS] == 1
    assert turns(lane.take(PRESENT_MS)) == [(CLICKS, 1), (CLICKS, 2), (CLICKS, 3)]


def test_a_batch_is_bounded_and_so_is_what_is_in_hand() -> None:
    """No more than a batch is taken, and a topic of which a batch is in hand is not asked for more."""
    lane = steps(batch_records=2)
    lane.add(pulled(*(Given(CLICKS, offset, offset) for offset in range(3)), exhausted=TOPICS))
    assert lane.wanted == (OPENS,)
    assert len(lane.take(PRESENT_MS)) == 2
    assert lane.wanted == TOPICS
