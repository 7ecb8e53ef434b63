"""Isolates a record that kills the process, or makes it hang, so that its lane goes on without it.

A lane that is taken over a second time where it stands has perhaps met such a record. It then applies one record a
commit, for as many records as a batch has, and notes each in meta before it tries: who takes over after a death
finds the name of the record there. Found twice, the record is refused as `poison`, and its neighbours are scored
once. In all that is three deaths: one in a batch, two by itself, since anybody may be killed once by chance.
"""

from __future__ import annotations

from typing import NamedTuple

from streams.lane.ports import Record

STARTS_SUSPECT = 2
"""Take-overs of a lane that has not moved on, from which on it is careful."""

DEATHS_MAX = 2
"""Of the process, while one record was tried by itself."""


class Trial(NamedTuple):
    """A record that was tried by itself when the lane was last left, and how often."""

    topic: str
    offset: int
    times: int

    def text(self) -> str:
        """As the field `trying` of meta."""
        return f"{self.topic}/{self.offset}/{self.times}"


def read_trial(text: str) -> Trial | None:
    """The trial in the field `trying` of meta; None if it is empty."""
    if not text:
        return None
    topic, offset, times = text.rsplit("/", 2)
    return Trial(topic, int(offset), int(times))


class Caution:
    """Whether the lane tries records one by one. `records`: how many, before it trusts batches again."""

    def __init__(self, starts: int, trial: Trial | None, records: int) -> None:
        self._left = records if starts >= STARTS_SUSPECT or trial is not None else 0
        self._trial = trial

    @property
    def is_on(self) -> bool:
        """One record a commit."""
        return self._left > 0

    def is_poison(self, record: Record) -> bool:
        """Whether this record has killed often enough."""
        trial = self._trial
        return trial is not None and (trial.topic, trial.offset) == _place(record) and trial.times >= DEATHS_MAX

    def next_trial(self, record: Record) -> Trial:
        """What to note before this record is tried."""
        trial = self._trial
        times = trial.times if trial is not None and (trial.topic, trial.offset) == _place(record) else 0
        return Trial(*_place(record), times + 1)

    def passed(self) -> None:
        """One more record is done with."""
        self._left -= 1


def _place(record: Record) -> tuple[str, int]:
    return record.topic, record.offset
