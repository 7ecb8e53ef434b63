"""The largest lead that a model allows: everything that a state may hold, each number as long as it gets."""

from __future__ import annotations

from array import array

from schemas.instants import DAY_MS, HOUR_MS, LATEST_MS, YEAR_2000_MS
from scoring.bounds import (
    BANDS_MAX,
    BUCKETS_MAX,
    DAY_POINTS_MAX,
    DAYS_MAX,
    DROP_AT_ONCE,
    FLAG_BY_MAX_BYTES,
    FLAG_REASON_MAX_BYTES,
    FLAGS_MAX,
    HOUR_COUNT_MAX,
    IDS_MAX,
    KIND_BUCKETS_MAX,
    NEWEST_MAX,
)
from scoring.layout import ALERT_TIMES, BUCKET_AT, DAY_TOTALS, EARLIER_GAINS, GAIN_AT, KIND_SERIES, LIMIT_VALUES
from scoring.lead import Flag, Lead
from scoring.plan import Plan
from scoring.series import add, new_series

LATEST_DAY, LATEST_HOUR = LATEST_MS // DAY_MS, LATEST_MS // HOUR_MS
FAR_HOURS = 20_000
"""More than two years."""


def largest_lead(plan: Plan) -> Lead:
    """At the end of all time, with a past since 2000 that leaps to and fro."""
    lead = Lead(LATEST_MS, 1 << 32, len(plan.rules), 1e300 / 3)
    lead.latest = lead.mark = lead.wake = lead.surged = YEAR_2000_MS
    lead.band, lead.segment, lead.known, lead.is_profiled = BANDS_MAX, 33, 15, True
    lead.machines, lead.fit = 1 << 34, (1 << 64) - 1
    for slot in range(len(plan.rules)):
        lead.counts[slot] = slot + 1 / 3
    lead.ids = array("Q", [(1 << 48) - 1 - number for number in range(IDS_MAX)])
    lead.arrivals = array("Q", [(LATEST_MS, YEAR_2000_MS)[number % 2] for number in range(IDS_MAX)])
    lead.occurred = array("Q", [arrival - 399 * DAY_MS for arrival in lead.arrivals[-NEWEST_MAX:]])
    lead.facts = array("Q", [0xFFFF << 5 | number | 1600 << 21 | 1 << 32 for number in range(NEWEST_MAX)])
    lead.parts = _tables(plan) | _series(plan)
    lead.part(ALERT_TIMES).extend([YEAR_2000_MS] * BANDS_MAX)
    lead.part(EARLIER_GAINS).extend([YEAR_2000_MS << GAIN_AT | 31 << 11 | 1600] * NEWEST_MAX)
    text, by = "r" * FLAG_REASON_MAX_BYTES, "b" * FLAG_BY_MAX_BYTES
    lead.flags = [Flag(text, by, LATEST_MS, number + 1 / 3) for number in range(FLAGS_MAX)]
    return lead


def _tables(plan: Plan) -> dict[int, array[int]]:
    tables: dict[int, array[int]] = {}
    values = array("Q")
    for rule in plan.rules:
        if rule.limit is not None:
            most = (1 << 40) - 1 if rule.limit.by_value else LATEST_DAY
            buckets = [most - rule.slot * BUCKETS_MAX - number for number in range(BUCKETS_MAX)]
            tables[rule.limit.tag] = array("Q", [bucket << BUCKET_AT | 1000 for bucket in buckets])
            if rule.limit.by_value:
                values.extend(buckets)
    most_values = max(kind.by_value.bit_count() for kind in plan.slots)
    tables[LIMIT_VALUES] = (values * NEWEST_MAX)[-NEWEST_MAX * most_values :] if most_values else array("Q")
    return tables


def _series(plan: Plan) -> dict[int, array[int]]:
    """Of each as many old entries as may stay, years apart; then the newest in turn until there are too many."""
    kinds = len(plan.kinds)
    found = {KIND_SERIES + slot: _filled(KIND_BUCKETS_MAX // kinds, LATEST_HOUR) for slot in range(kinds)}
    for rule in plan.rules:
        if rule.stepped is not None:
            span = rule.stepped.span_ms // rule.stepped.unit_ms
            found[rule.stepped.tag] = _filled(span + DROP_AT_ONCE, LATEST_MS // rule.stepped.unit_ms)
    found[DAY_TOTALS] = new_series()
    for day in range(DAYS_MAX):
        add(found[DAY_TOTALS], 20_000 + 200 * day, DAY_POINTS_MAX, DAY_POINTS_MAX)
    return found


def _filled(length: int, last: int) -> array[int]:
    series = new_series()
    old = min(DROP_AT_ONCE - 1, last // FAR_HOURS - 1, length)
    first = last - (length - old) * 200
    for number in range(old):
        add(series, (number + 1) * min(FAR_HOURS, first // DROP_AT_ONCE - 1), HOUR_COUNT_MAX)
    for number in range(length - old):
        add(series, first + number * 200, HOUR_COUNT_MAX)
    return series
