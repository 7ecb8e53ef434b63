"""Whether the journals cover the topics: offsets without gap or overlap, every record applied once. Pure.

What an operator has given up (`leadline accept-gap`) is known to the run, and only that may be missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scoring.offline import TIMER
from tests.support.journal import Entry
from tests.support.workers import Place

Jumps = Mapping[tuple[str, int], tuple[int, int]]
"""For (topic, partition): from which position to which one a lane may go without reading, once."""


@dataclass
class Coverage:
    """How many records were never applied, how many more than once, and what is wrong in words."""

    lost: int = 0
    twice: int = 0
    problems: list[str] = field(default_factory=list)


def cover(
    partition: int,
    entries: Sequence[Entry],
    there: Collection[Place],
    *,
    ends: Mapping[str, int],
    aside: Iterable[Place] = (),
    jumps: Jumps | None = None,
) -> Coverage:
    """`there` are the records of the partition, `aside` those that no lane is to apply where they stand."""
    coverage = Coverage()
    _check_positions(coverage, partition, entries, ends, jumps or {})
    counted = Counter(
        (topic, partition, place) for entry in entries for topic, place, _ in entry.applied if topic != TIMER
    )
    counted.update(place for place in aside if place[1] == partition)
    for place in sorted(there):
        if counted[place] != 1:
            coverage.lost += counted[place] == 0
            coverage.twice += counted[place] > 1
            coverage.problems.append(f"{place} was applied {counted[place]} times")
    unknown = sorted(counted.keys() - set(there))
    coverage.problems += [f"{place} was applied, and is not in the topic" for place in unknown]
    return coverage


def _check_positions(
    coverage: Coverage, partition: int, entries: Sequence[Entry], ends: Mapping[str, int], jumps: Jumps
) -> None:
    stands = dict.fromkeys(ends, 0)
    for entry in entries:
        for topic, (start, end) in entry.offsets.items():
            is_given_up = jumps.get((topic, partition)) == (stands[topic], start)
            if (start != stands[topic] and not is_given_up) or end < start:
                coverage.problems.append(f"{topic}/{partition}: {start} to {end} after {stands[topic]}")
            stands[topic] = end
        for topic, place, _ in entry.applied:
            if topic != TIMER and not entry.offsets[topic][0] <= place < entry.offsets[topic][1]:
                coverage.problems.append(f"{topic}/{partition}: {place} outside of {entry.offsets[topic]}")
    coverage.problems += [
        f"{topic}/{partition} ends at {end}, and the journal at {stands[topic]}"
        for topic, end in ends.items()
        if stands[topic] != end
    ]
