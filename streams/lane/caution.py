"""Isolates a record that kills the process, or makes it hang, so that its lane goes on without it.

A tenure that ends in order says so in meta. Where the last one did not, its process has perhaps died of a record:

    death 1   amid a batch. The next owner takes as many records as a batch has by handfuls, and notes each
              handful in meta before it tries it; the commit that scores it takes the note away
    death 2   a note is found: of a handful. The next owner takes the records one by one, and notes each
    death 3   a note is found: of one record. It is refused as `poison`, and its neighbours are scored once

So a lane that is taken over from a process that was merely killed loses no time, and two further deaths must come
in the milliseconds for which a note stands before a record is refused.

A note accuses only if nothing else was tried in that process: so the lanes of a worker take turns (`trials`, a lock
that they share). Without, the records that other lanes had noted were refused with the one that killed.
"""

from __future__ import annotations

from typing import NamedTuple

from streams.lane.ports import Record

HANDFUL = 50
"""Of a batch of 2,000 records: forty notes, some 50 ms; and as many to be tried one by one are 0.1 s."""

ALONE = 2 * HANDFUL
"""Records to be tried one by one: with topics that had nothing to tell before, the order may be a little other."""

DEATHS_MAX = 3


class Trial(NamedTuple):
    """What was being tried when the lane was last left: a handful that begins with this record, or it alone.

    `deaths` of the process that a death now makes: 2 for a handful, 3 for one record.
    """

    topic: str
    offset: int
    deaths: int

    def text(self) -> str:
        """As the field `trying` of meta."""
        return f"{self.topic}/{self.offset}/{self.deaths}"


def read_trial(text: str) -> Trial | None:
    """The trial in the field `trying` of meta; None if it is empty."""
    if not text:
        return None
    topic, offset, deaths = text.rsplit("/", 2)
    return Trial(topic, int(offset), int(deaths))


class Caution:
    """How many records at most the lane applies in one commit, and which one it refuses.

    `died`: the last tenure did not end in order; `trial`: what it left noted; `records`: how many are tried before
    the lane trusts batches again.
    """

    def __init__(self, trial: Trial | None, records: int, *, died: bool) -> None:
        self._trial = trial
        self._left = records if died else 0
        self._alone = ALONE if died and trial is not None else 0

    @property
    def is_on(self) -> bool:
        """Whether what is to be applied is noted before."""
        return self._left > 0

    @property
    def at_once(self) -> int:
        """How many records to try."""
        return 1 if self._alone > 0 else HANDFUL

    def is_poison(self, record: Record) -> bool:
        """Whether this record has killed often enough."""
        trial = self._trial
        return self.is_on and trial is not None and trial == Trial(record.topic, record.offset, DEATHS_MAX)

    def next_trial(self, record: Record) -> Trial:
        """What to note before records are tried of which this is the first."""
        return Trial(record.topic, record.offset, DEATHS_MAX if self.at_once == 1 else DEATHS_MAX - 1)

    def passed(self, records: int) -> None:
        """So many more are done with."""
        self._left -= records
        self._alone -= records
