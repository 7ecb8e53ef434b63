"""How the parts of a lead are told apart, and how the bits of their words are laid out.

Apart because all that reads or writes a word stands on these numbers.
"""

from __future__ import annotations

KIND_SERIES = 0
"""Parts from here on: signals by hour, one series a kind (the last one: all other kinds)."""

RULE_SERIES = 32
"""Parts from here on: signals by hour or day that count for a fading or expiring rule."""

LIMIT_TABLE = 96
"""Parts from here on: the buckets of a limited rule."""

ALERT_TIMES = 160
"""The part that holds the last alert of each band, in milliseconds, 0 for none."""

EARLIER_GAINS = 161
"""The part that holds signals with positive points which have left the log, as far as they may be in a surge."""

LIMIT_VALUES = 162
"""The part that holds, for the newest 32 signals, the buckets of limits by an attribute that they counted in."""

DAY_TOTALS = 163
"""The part that holds positive points by calendar day: a series."""

FACT_SLOT, FACT_MASK = 0x1F, 0xFFFF
FACT_MASK_AT, FACT_POINTS_AT = 5, 21
"""In a word of facts: kind slot, rules of that kind, positive points and whether it is retracted."""

GAIN_AT, GAIN_SLOT_AT, GAIN_POINTS = 16, 11, 0x7FF
"""In a word of earlier gains: when it occurred, kind slot, points."""

COUNT_BITS = 40
"""Room for a million signals a second over 12 days, and for stamps of hours until the year 3000."""

TOTAL = (1 << COUNT_BITS) - 1

BUCKET_AT = 16
COUNTED = (1 << BUCKET_AT) - 1
"""In a word of a table of limits: the bucket, and how many counted in it."""
