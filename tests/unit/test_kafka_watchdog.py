"""The watchdog ends the process when fetches have stopped, and for nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest

from streams.kafka.source import PartitionSource
from streams.kafka.watchdog import LOOKS, FetchesStopped, Watchdog
from streams.lane.ports import Bounds, SourceUnavailable

OPENS = "email.opens"


class StandingSource:
    """A source that stands where the test says."""

    def __init__(self, waiting: Mapping[str, int], end: int | None) -> None:
        self.partition = 3
        self.positions = dict(waiting)
        self.end = end
        self.asked = 0

    def waiting(self) -> Mapping[str, int]:
        """Topics with nothing in hand, and their positions."""
        return self.positions

    async def bounds(self) -> Mapping[str, Bounds]:
        """Where the logs end, if Kafka answers."""
        self.asked += 1
        if self.end is None:
            raise SourceUnavailable
        return {topic: Bounds(0, self.end) for topic in self.positions}


async def look(source: StandingSource, times: int) -> None:
    """So many looks at one source."""
    watchdog = Watchdog()
    for _ in range(times):
        await watchdog.look([cast(PartitionSource, source)])


async def test_records_that_are_not_fetched_for_a_minute_end_the_process() -> None:
    """The sixth look in a row without progress raises, with topic, partition and position."""
    source = StandingSource({OPENS: 5}, end=9)
    await look(source, LOOKS - 1)
    with pytest.raises(FetchesStopped, match=r"email\.opens/3 stands at 5"):
        await look(source, LOOKS)


@pytest.mark.parametrize(
    "source",
    [
        StandingSource({}, end=9),
        StandingSource({OPENS: 9}, end=9),
        StandingSource({OPENS: 5}, end=None),
    ],
    ids=["the lane does not pull or has all", "an idle topic", "Kafka is away"],
)
async def test_what_is_no_fault_of_the_fetches_goes_on(source: StandingSource) -> None:
    """Idle topics, a busy lane and a broker that is away never end the process."""
    await look(source, 3 * LOOKS)


async def test_progress_starts_the_count_anew() -> None:
    """A slow consumer is no stopped one."""
    source, watchdog = StandingSource({OPENS: 0}, end=1_000), Watchdog()
    for number in range(3 * LOOKS):
        source.positions[OPENS] = number // (LOOKS - 1)
        await watchdog.look([cast(PartitionSource, source)])


async def test_a_lane_that_waits_for_nothing_costs_no_question() -> None:
    """Kafka is asked only about topics that wait."""
    source = StandingSource({}, end=9)
    await look(source, 1)
    assert source.asked == 0
