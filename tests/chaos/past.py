"""What the topics no longer hold: records that were removed, and topics that were made anew.

Offsets of a topic made anew begin again; so that no two records have one place, those of the new one are moved up
in what is checked: in the journals, among the records, and among the ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from aiokafka import ConsumerRecord

from scoring.offline import TIMER
from tests.chaos.coverage import Jumps
from tests.support.journal import Entry, LaneRun, Run
from tests.support.workers import Place

ANEW = 10**12
"""Added to the offsets of a topic made anew: above all others."""


@dataclass
class Past:
    """`records` were there and are gone; `removed` are positions that retention has passed, from and to;
    `anew` are topics that were deleted and made again."""

    records: dict[Place, ConsumerRecord] = field(default_factory=dict)
    removed: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    anew: set[str] = field(default_factory=set)

    def given_up(self, place: Place) -> bool:
        """Whether an operator has let the lane go on without this record."""
        start, end = self.removed.get(place[:2], (0, 0))
        return start <= place[2] < end

    def jumps(self, run: Run) -> Jumps:
        """Where a lane may go without reading."""
        ended = {place[:2]: place[2] + 1 for place in sorted(self.records) if place[0] in self.anew}
        anew = {
            (topic, lane.partition): (ended.get((topic, lane.partition), 0), ANEW)
            for lane in run.lanes
            for topic in self.anew
        }
        return {**self.removed, **anew}

    def joined(self, run: Run) -> Run:
        """The run with all that ever was in its topics."""
        return Run(
            [replace(lane, entries=self._moved_up(lane)) for lane in run.lanes],
            {**self.records, **{self._place(place): record for place, record in run.records.items()}},
            {place: end + self._shift(place[0]) for place, end in run.ends.items()},
        )

    def _moved_up(self, lane: LaneRun) -> list[Entry]:
        """The lane's journal, with the offsets of the second life of a topic moved up."""
        is_second = dict.fromkeys(self.anew, False)
        entries: list[Entry] = []
        for entry in lane.entries:
            for topic in self.anew & entry.offsets.keys():
                start, _ = entry.offsets[topic]
                is_second[topic] = is_second[topic] or (start == 0 and bool(entries) and _stand(entries, topic) > 0)
            entries.append(_shifted(entry, {topic: ANEW for topic, second in is_second.items() if second}))
        return entries

    def _shift(self, topic: str) -> int:
        return ANEW if topic in self.anew else 0

    def _place(self, place: Place) -> Place:
        topic, partition, offset = place
        return topic, partition, offset + self._shift(topic)


def _stand(entries: list[Entry], topic: str) -> int:
    """Where the journal stands in a topic."""
    return next((entry.offsets[topic][1] for entry in reversed(entries) if topic in entry.offsets), 0)


def _shifted(entry: Entry, by: dict[str, int]) -> Entry:
    if not by:
        return entry
    offsets = {
        topic: (start + by.get(topic, 0), end + by.get(topic, 0)) for topic, (start, end) in entry.offsets.items()
    }
    applied = [
        (topic, place if topic == TIMER else place + by.get(topic, 0), instant_ms)
        for topic, place, instant_ms in entry.applied
    ]
    return Entry(offsets, applied)
