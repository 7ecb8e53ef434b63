"""How much a lead may remember, and how large its state can become for that.

Apart because the memories, the plan and the tests of the size all stand on these numbers.
"""

from __future__ import annotations

IDS_MAX = 256
"""Ids that are remembered against repeats."""

ID_BYTES = 6
"""Of the hash that stands for an id."""

NEWEST_MAX = 32
"""Signals that can be retracted, and signals with positive points among which a surge is looked for."""

KIND_BUCKETS_MAX = 720
"""(kind, hour) pairs of a lead: an hour of each of 30 days."""

ROLLING_HOURS_MAX = 720
"""30 days: the longest window, and the longest rolling count."""

BUCKETS_MAX = 32
"""Of a limited rule and lead. A forgotten bucket is a fresh one."""

HOUR_COUNT_MAX = (1 << 21) - 1
"""Signals of a kind in one hour, or of a rule in one hour or day: 580 a second for an hour. More do not count."""

DAYS_MAX = 40
"""Days with positive points: 28 that are usual, up to 10 of a surge, and one at each end."""

DAY_POINTS_MAX = (1 << 34) - 1
"""Positive points of one day; more do not count."""

BANDS_MAX = 8

FLAGS_MAX = 16
"""Red flags of a lead that people have raised."""

DROP_AT_ONCE = 16
"""Old entries of a series are dropped this many at a time: each drop rewrites the rest."""

STATE_MAX_BYTES = 16_384
FLAG_REASON_MAX_BYTES = 240
FLAG_BY_MAX_BYTES = 60
"""What the state keeps of a flag's texts, in UTF-8: 16 of them must leave room for everything else."""

FLAG_BYTES = FLAG_REASON_MAX_BYTES + FLAG_BY_MAX_BYTES + 24
"""With an instant, a cap, and the lengths."""
